import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'

/** In a thread of its own, whose heap nobody else has a share in. */
const THREAD = `
  import { getHeapStatistics } from 'node:v8'
  import { parentPort } from 'node:worker_threads'
  import { giveBack } from '${import.meta.resolve('./garbage.ts')}'
  globalThis.all = Array.from({ length: 100_000 }, (_, n) => ({ n, name: 'n' + n }))
  globalThis.all = undefined
  const before = getHeapStatistics().total_physical_size
  giveBack()
  parentPort.postMessage({ before, after: getHeapStatistics().total_physical_size, gc: typeof gc })`

test('a thread keeps neither garbage nor the room that it was made in, nor the means to collect it', async () => {
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(THREAD)}`))
  const [{ before, after, gc }] = (await once(worker, 'message')) as [Record<string, number | string>]
  await worker.terminate()
  assert.ok(Number(after) < Number(before) - 5 * 1024 * 1024, `${before} became ${after}`)
  assert.equal(gc, 'undefined')
})
