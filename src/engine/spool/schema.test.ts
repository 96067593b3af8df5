/** Stores of before, opened by what is here now. */

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { migrate, openPostgres, openSqlite } from '#platform/store'

import { testDirectory } from '../../../test/directory.ts'
import { testDatabase } from '../../../test/postgres.ts'
import { HOUR } from './count.ts'
import { entry, HELLO, newId, NOON } from './fixture.ts'
import { openSpool } from './open.ts'
import { SPOOL_MIGRATIONS } from './schema.ts'
import type { Spool } from './spool.ts'

/** No other test's: one server serves them all. */
const NODE = 21

const now = (): number => NOON
const OPTIONS = { dataDirectory: '/nowhere', node: NODE, diskFree: 0 } as const
const DAY = Math.floor(NOON / (24 * HOUR))
const SEARCH = '2026-11-22 tags: what deliveries are found by'
const BEFORE = SPOOL_MIGRATIONS.slice(
  0,
  SPOOL_MIGRATIONS.findIndex(({ name }) => name === SEARCH),
)

function series(source: string): string {
  return `insert into series (facet, organization, value, stream, source, kind, detail)
    values ('path', 'acme', 'google', 'news', '${source}', 'delivered', '9');`
}

/** A delivered message of before there were entries, and what was counted of two by two paths. */
function old(node: string): string {
  return `
    insert into message (id, accepted_at, organization, stream, sender, size, open, chunks, ended_at, detail)
      values (7, 1, 'acme', 'news', 'a@acme.example', 5, 0, 0, 1, '{}');
    insert into delivery (message, n, state, due, attempts, delay_notified, band, queue, recipient${node === '' ? '' : ', node'})
      values (7, 0, 'delivered', 1, 1, 0, 0, 'q', 'old@example.com'${node});
    ${series('one')} ${series('two')}
    insert into rollup (series, day, h3, h5${node === '' ? '' : ', node'})
      select id, ${DAY}, 2, case when source = 'two' then 3 else 0 end${node} from series;`
}

async function isWhole(spool: Spool): Promise<void> {
  await spool.accept(entry(newId(), [{ to: { local: 'new', domain: 'example.com' } }]), HELLO)
  for (const filter of [{ recipient: 'old@example.com' }, { recipient: '@example.com', stream: 'news' }]) {
    const rows = await spool.list(filter, { limit: 9 })
    assert.deepEqual(
      rows.map(({ delivery }) => delivery.to.local),
      ['old'],
    )
  }
  const [row] = await spool.counts({
    organization: 'acme',
    from: DAY * 24 * HOUR + 5 * HOUR,
    to: (DAY + 1) * 24 * HOUR,
    by: ['stream'],
    stream: 'news',
  })
  assert.deepEqual([row?.counts, row?.delays], [{ delivered: 3 }, [[9, 3]]])
  const both = await spool.counts({
    from: DAY * 24 * HOUR,
    to: (DAY + 1) * 24 * HOUR,
    by: [],
    stream: 'news',
  })
  assert.deepEqual(both[0]?.counts, { delivered: 7 })
}

test('a store of before in SQLite: what it has is found and counted as before', async () => {
  const directory = testDirectory('spool-')
  try {
    const db = openSqlite(join(directory, 'spool.db'))
    await migrate({ engine: 'sqlite', db }, 'spool', BEFORE, now)
    db.exec(old(''))
    db.close()
    const spool = await openSpool({ ...OPTIONS, url: 'sqlite:', dataDirectory: directory }, assert.fail)
    await isWhole(spool)
    await spool.close()
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('a store of before in PostgreSQL: what it has is found and counted as before', async () => {
  const database = await testDatabase()
  try {
    const pool = openPostgres(database.url, { name: 'test' })
    await migrate({ engine: 'postgres', pool }, 'spool', BEFORE, now)
    await pool.query(old(`, ${NODE}`))
    await pool.end()
    const spool = await openSpool({ ...OPTIONS, url: database.url }, assert.fail)
    await isWhole(spool)
    await spool.close()
  } finally {
    await database.drop()
  }
})
