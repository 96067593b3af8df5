import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'

import { testDirectory } from '../../../test/directory.ts'
import { WHOLE_LIMIT } from './content.ts'
import { delivered, entry, HELLO, newId, NOON, QUEUE, stateOf, text } from './fixture.ts'
import { connectSpool, startSpoolThread } from './thread.ts'

function options(dataDirectory: string) {
  return { url: 'sqlite:', dataDirectory, node: 1, diskFree: 0 }
}

test('several threads share one store, and each may end without the others', async () => {
  const directory = testDirectory('spool-')
  const thread = await startSpoolThread(options(directory), assert.fail)
  const [one, two] = await Promise.all([connectSpool(thread.connect()), connectSpool(thread.connect())])
  const ids = Array.from({ length: 20 }, () => newId())
  await Promise.all(ids.map((id, n) => (n % 2 ? one : two).accept(entry(id), Buffer.from(id))))
  for (const id of ids) assert.equal(await text(await one.read(id)), id)
  const claims = await Promise.all([one.claim(QUEUE, NOON, 9), two.claim(QUEUE, NOON, 9)])
  assert.equal(claims.flat().length, 0)
  // One that ends in the middle of a large message leaves nothing of it.
  const large = newId()
  await one.write(large).write(Buffer.alloc(WHOLE_LIMIT))
  await one.close()
  await assert.rejects(one.accept(entry(newId()), HELLO), { code: 'broken' })
  await two.settle(delivered(ids[0]!))
  assert.equal(await stateOf(two, ids[0]!), 'delivered')
  await two.close()
  await thread.close()
  const db = new DatabaseSync(join(directory, 'spool.db'))
  assert.deepEqual({ ...db.prepare('select count(*) as n from chunk').get() }, { n: 0 })
  db.close()
  rmSync(directory, { recursive: true })
})

test('a store that cannot be opened says why, and leaves no thread behind', async () => {
  await assert.rejects(startSpoolThread({ ...options('/nowhere'), url: 'mysql://root:pw@db' }, assert.fail), {
    name: 'StoreError',
    code: 'url',
    message: 'store.url must be sqlite: or postgres://…, not mysql://root:***@db',
  })
})

test('when the thread ends, what is connected rejects', async () => {
  const directory = testDirectory('spool-')
  const thread = await startSpoolThread(options(directory), assert.fail)
  const spool = await connectSpool(thread.connect())
  await thread.close()
  await assert.rejects(spool.accept(entry(newId()), HELLO), { code: 'broken' })
  await assert.rejects(spool.depths(), { code: 'broken' })
  assert.deepEqual([spool.healthy, spool.room.ok], [false, false])
  rmSync(directory, { recursive: true })
})
