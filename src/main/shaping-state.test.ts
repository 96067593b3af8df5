/** What is counted outlives the process, and a file that cannot be read stops nobody. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import type { Kept } from '#engine/shaping'
import { memoryLog } from '#platform/log'

import { readShapingState, shapingStateWriter } from './shaping-state.ts'

const KEPT: Kept = { at: 1_000, paths: [{ key: 'a', live: [] }], shared: [] }

function directory(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'hikyaku-state-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

test('what was kept is read again; the last writing is of the end', async () => {
  using at = directory()
  const log = memoryLog()
  const asked: boolean[] = []
  const written = Promise.withResolvers<void>()
  const writer = shapingStateWriter(at.path, log, {
    keep(isLast) {
      asked.push(isLast)
      return KEPT
    },
    kept: written.resolve,
  })
  assert.equal(readShapingState(at.path, log), undefined)
  writer.want()
  writer.want()
  await written.promise
  assert.deepEqual(readShapingState(at.path, log), KEPT)
  await writer.close()
  assert.deepEqual(asked, [false, true])
  assert.deepEqual(log.lines, [])
})

test('a file that holds something else is told of, and nothing is found', () => {
  using at = directory()
  const log = memoryLog()
  for (const text of ['{', '{"version":99}', 'null']) {
    writeFileSync(join(at.path, 'shaping.json'), text)
    assert.equal(readShapingState(at.path, log), undefined)
  }
  assert.deepEqual(
    log.lines.map(({ event }) => event),
    ['shaping.state-lost', 'shaping.state-lost', 'shaping.state-lost'],
  )
})

test('where nothing can be written, nothing is kept, and that is told', async () => {
  const log = memoryLog()
  const writer = shapingStateWriter('/dev/null/nowhere', log, {
    keep: () => KEPT,
    kept: () => assert.fail('nothing was written'),
  })
  await writer.close()
  assert.equal(log.lines[0]?.event, 'shaping.state-not-kept')
})
