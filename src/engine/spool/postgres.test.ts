import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'

import { Client } from 'pg'

import { openPostgres } from '#platform/store'

import { testDatabase } from '../../../test/postgres.ts'
import type { TestDatabase } from '../../../test/postgres.ts'
import { delivered, entry, HELLO, newId, NOON, stateOf } from './fixture.ts'
import { openSpool } from './open.ts'
import type { SpoolOptions } from './open.ts'
import type { Spool, SpoolError } from './spool.ts'
import { spoolContract } from './spool.contract.ts'

let database: TestDatabase
let client: Client
/** Opening costs more than most tests: one spool serves until a test closes it. */
let current: Spool | undefined

before(async () => {
  database = await testDatabase()
  client = new Client({ connectionString: database.url })
  await client.connect()
})

after(async () => {
  await current?.close()
  await client.end()
  await database.drop()
})

function optionsOf(url: string): SpoolOptions {
  return { url, dataDirectory: '/nowhere', node: 1, diskFree: 0 }
}

async function open(): Promise<Spool> {
  const spool = await openSpool(
    { url: database.url, dataDirectory: '/nowhere', node: 1, diskFree: 0 },
    assert.fail,
  )
  const close = async (): Promise<void> => {
    current = undefined
    await spool.close()
  }
  current = Object.create(spool, { close: { value: close } }) as Spool
  return current
}

spoolContract('PostgreSQL', async () => {
  const spool = current ?? (await open())
  const tables =
    'message, delivery, deadline, attempt, report, body, chunk, mark, event_page, series, rollup, idempotency_key, search_recent, search_segment, search_block'
  return {
    spool,
    reopen: async () => {
      await spool.close()
      return open()
    },
    end: async () => void (await client.query(`truncate ${tables}`)),
  }
})

/** Other numbers than the contract's, because these cut the connections of their nodes. */
const NODE = 11
const OTHER = 12
const ROBBED = 13

test('PostgreSQL: what happens when the server goes away and comes back', async (context) => {
  const home = await testDatabase()
  const admin = new Client({ connectionString: home.url })
  await admin.connect()
  const mine = { ...optionsOf(home.url), node: NODE }
  const spool = await openSpool(mine, assert.fail)
  /** Resolves when the server has ended them, and this process had a turn to hear of it. */
  const cut = async (name: string): Promise<void> => {
    await admin.query(
      `select pg_terminate_backend(pid, 10_000) from pg_stat_activity where application_name like $1`,
      [name],
    )
    await new Promise((resolve) => setImmediate(resolve))
  }

  await context.test('a connection lost while idle is replaced', async () => {
    await spool.accept(entry(newId()), HELLO)
    await cut(`hikyaku spool % ${NODE}`)
    const id = newId()
    // The driver may learn of it only now; then this one is refused, and the next is not.
    await spool.accept(entry(newId()), HELLO).catch(() => {})
    await whenHealthy(spool)
    await spool.accept(entry(id), HELLO)
    assert.equal(await stateOf(spool, id), 'active')
  })

  await context.test('one lost in a commit refuses the accept and keeps the outcome', async () => {
    const [old, fresh] = [newId(), newId()]
    await spool.accept(entry(old), HELLO)
    await admin.query('begin')
    // The commit waits for this lock, and is cut while it does.
    await admin.query('lock table message in exclusive mode')
    const refused = assert.rejects(spool.accept(entry(fresh), HELLO), { code: 'unreachable' })
    const settled = spool.settle(delivered(old))
    await waiting(admin)
    await cut(`hikyaku spool writer ${NODE}`)
    await refused
    assert.equal(spool.healthy, false)
    await admin.query('commit')
    await settled
    assert.equal(await stateOf(spool, old), 'delivered')
    assert.equal(await spool.show(fresh), undefined)
    assert.equal(spool.healthy, true)
  })

  await context.test('a second process with the same node number is refused', async () => {
    await assert.rejects(openSpool(mine, assert.fail), {
      name: 'StoreError',
      code: 'locked',
    })
    const other = await openSpool({ ...mine, node: OTHER }, assert.fail)
    await other.close()
  })

  await context.test(
    'nodes see their own deliveries only, and do not take those of others at start',
    async () => {
      const id = newId()
      await spool.accept(entry(id, [{ queue: 'mine' }, { queue: 'mine', state: 'waiting' }]), HELLO)
      const other = await openSpool({ ...mine, node: OTHER }, assert.fail)
      assert.equal(other.recovered, 0)
      assert.deepEqual(await other.claim('mine', NOON, 9), [])
      assert.deepEqual(await other.depths(), [])
      assert.equal(await stateOf(spool, id), 'active')
      await other.close()
    },
  )

  await context.test('a node whose number was taken while it was away breaks', async () => {
    const { promise, resolve } = Promise.withResolvers<SpoolError>()
    const robbed = await openSpool({ ...mine, node: ROBBED }, resolve)
    const thief = new Client({ connectionString: home.url })
    await thief.connect()
    // The first in the queue for the lock has it the moment that its owner is gone.
    const theft = thief.query(`select pg_advisory_lock($1, $2)`, [0x6e6f6465, ROBBED])
    await waiting(admin)
    await cut(`hikyaku node ${ROBBED}`)
    await theft
    assert.equal((await promise).code, 'broken')
    await thief.end()
    await robbed.close()
  })

  await spool.close()
  await admin.end()
  await home.drop()
})

test('PostgreSQL: a page that another node commits late is not missed, and none comes twice', async () => {
  const home = await testDatabase()
  const admin = new Client({ connectionString: home.url })
  await admin.connect()
  const [mine, other] = await Promise.all(
    [14, 15].map((node) => openSpool({ ...optionsOf(home.url), node }, assert.fail)),
  )
  assert.ok(mine && other)
  const read = async (place: string, limit = 100) => {
    const { events, next, more } = await mine.events({ organization: 'acme', after: place, limit })
    return { to: events.map(({ message, n }) => `${message}.${n}`), next, more }
  }
  const [first, late, second] = [newId(), newId(), newId()]
  await mine.accept(entry(first), HELLO)
  await admin.query('begin')
  // The other node has written its page, and its commit waits for this lock: series come after pages.
  await admin.query('lock table series in access exclusive mode')
  const accepting = other.accept(entry(late, [{ queue: 'late' }]), HELLO)
  await waiting(admin)
  const early = await read('')
  assert.deepEqual(early.to, [`${first}.0`])
  await admin.query('commit')
  await accepting
  await mine.accept(entry(second, [{}, {}]), HELLO)
  assert.deepEqual(
    (await read(early.next)).to.toSorted(),
    [`${late}.0`, `${second}.0`, `${second}.1`].toSorted(),
  )
  // Page by page, whatever the node.
  const found: string[] = []
  for (let place = ''; ;) {
    const page = await read(place, 1)
    found.push(...page.to)
    place = page.next
    if (!page.more) break
  }
  assert.deepEqual(found.toSorted(), [`${first}.0`, `${late}.0`, `${second}.0`, `${second}.1`].toSorted())
  const rows = await mine.counts({ from: NOON, to: NOON + 1, by: ['organization'] })
  assert.deepEqual(rows[0]?.counts, { accepted: 4 })
  await Promise.all([mine.close(), other.close()])
  await admin.end()
  await home.drop()
})

async function setFsync(value: 'on' | 'off'): Promise<void> {
  await client.query(`alter system set fsync = ${value}`)
  await client.query('select pg_reload_conf()')
  for (;;) {
    const { rows } = await client.query(`select current_setting('fsync') as now`)
    if (isDeepStrictEqual(rows, [{ now: value }])) return
    await sleep(5)
  }
}

test('PostgreSQL: a server that never syncs is refused', async () => {
  await setFsync('off')
  try {
    await assert.rejects(openSpool({ ...optionsOf(database.url), node: OTHER }, assert.fail), {
      code: 'unsafe',
    })
  } finally {
    await setFsync('on')
  }
})

test('PostgreSQL: a commit is synchronous even where the default is not', async () => {
  const url = database.url.replace(
    '&options=',
    `&options=${encodeURIComponent('-c synchronous_commit=off ')}`,
  )
  const pool = openPostgres(url, { name: 'test' })
  const { rows } = await pool.query(`select current_setting('synchronous_commit') as value`)
  assert.deepEqual(rows, [{ value: 'on' }])
  await pool.end()
})

async function whenHealthy(spool: Spool): Promise<void> {
  while (!spool.healthy) await sleep(5)
}

/** Resolves when some statement waits for a lock. */
async function waiting(admin: Client): Promise<void> {
  for (;;) {
    const { rowCount } = await admin.query(`select 1 from pg_stat_activity where wait_event_type = 'Lock'`)
    if (rowCount) return
    await sleep(5)
  }
}
