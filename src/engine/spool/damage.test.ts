/** What a changed octet in the SQLite file does: it costs the message it lies in, and no other. */

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'

import { toInteger } from '#grammar/message-id'
import type { MessageId } from '#grammar/message-id'

import { testDirectory } from '../../../test/directory.ts'
import { entry, HELLO, newId, NOON, QUEUE, stateOf, text } from './fixture.ts'
import { openSpool } from './open.ts'
import type { Spool } from './spool.ts'

async function damaged(id: MessageId, sql: string, use: (spool: Spool) => Promise<void>): Promise<void> {
  const dataDirectory = testDirectory('spool-')
  const open = (): Promise<Spool> =>
    openSpool({ url: 'sqlite:', dataDirectory, node: 1, diskFree: 0 }, assert.fail)
  const before = await open()
  await before.accept(entry(id, [{ state: 'waiting' }]), HELLO)
  await before.close()
  const db = new DatabaseSync(join(dataDirectory, 'spool.db'))
  db.prepare(sql).run(toInteger(id))
  db.close()
  const spool = await open()
  const other = newId()
  await spool.accept(entry(other, [{ state: 'waiting' }]), Buffer.from('other'))
  await use(spool)
  assert.equal(await text(await spool.read(other)), 'other')
  assert.equal(spool.healthy, true)
  await spool.close()
  rmSync(dataDirectory, { recursive: true })
}

test('a body with a changed octet is corrupt', async () => {
  const id = newId()
  await damaged(id, `update body set bytes = cast('jello' as blob) where id = ?`, async (spool) => {
    await assert.rejects(spool.read(id), { name: 'SpoolError', code: 'corrupt' })
  })
})

test('a delivery whose record cannot be read is held, and the others of its queue are given', async () => {
  const id = newId()
  await damaged(id, `update message set detail = '{"door":' where id = ?`, async (spool) => {
    const claimed = await spool.claim(QUEUE, NOON, 10)
    assert.equal(claimed.length, 1)
    await assert.rejects(stateOf(spool, id), { code: 'corrupt' })
    // Once the hold is recorded it is not given again.
    while ((await spool.depths()).every(({ held }) => held === 0)) await new Promise(setImmediate)
    assert.deepEqual(await spool.claim(QUEUE, NOON, 10), [])
  })
})

test('a spool of a later release is refused', async () => {
  const dataDirectory = testDirectory('spool-')
  const db = new DatabaseSync(join(dataDirectory, 'spool.db'))
  db.exec(
    "create table migration (component, version, name, at); insert into migration values ('spool', 999, '', 0)",
  )
  db.close()
  await assert.rejects(openSpool({ url: 'sqlite:', dataDirectory, node: 1, diskFree: 0 }, assert.fail), {
    name: 'StoreError',
    code: 'newer',
  })
  rmSync(dataDirectory, { recursive: true })
})
