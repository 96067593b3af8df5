/** The spool in one SQLite file. Every call is synchronous inside: it belongs in a thread of its own. */

import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'

import { migrate, openSqlite } from '#platform/store'

import type { Batch, ClaimedRow, Found, Key, SpoolEngine } from './engine.ts'
import { Names } from './count-names.ts'
import { Ledger, WITHDRAWN } from './ledger.ts'
import { CLAIMED_DATA } from './message.ts'
import { SPOOL_MIGRATIONS } from './schema.ts'
import { CLAIMED } from './selection.ts'
import { factsKeeper } from './sqlite-facts.ts'
import type { FactsKeeper } from './sqlite-facts.ts'
import { forgetter } from './sqlite-forget.ts'
import { keyWithdrawer, sqliteKeys } from './sqlite-idempotency.ts'
import { ager, ledgerWriter, sqliteLedgerReads } from './sqlite-ledger.ts'
import { searchWriter } from './sqlite-search.ts'
import type { SearchWriter } from './sqlite-search.ts'
import { sqliteBodies, sqliteReads, waitingQueues } from './sqlite-read.ts'
import { transactions } from './sqlite-transaction.ts'
import type { Transaction } from './sqlite-transaction.ts'
import { acceptor, changer, reporter, reportKeeper, settler } from './sqlite-write.ts'

/**
 * 16 MiB of log before it is copied back: bodies that came and went in between are never written to their place.
 * Measured in bench/spool.ts.
 */
const CHECKPOINT_PAGES = 4096

/** Opens or creates `spool.db` in `directory`. @throws {SpoolError | StoreError} */
export async function openSqliteEngine(directory: string, now: () => number): Promise<SpoolEngine> {
  const db = openSqlite(join(directory, 'spool.db'), {
    checkpointPages: CHECKPOINT_PAGES,
    cacheKiB: 8 * 1024,
    foreignKeys: false,
  })
  try {
    await migrate({ engine: 'sqlite', db }, 'spool', SPOOL_MIGRATIONS, now)
    return sqliteEngine(db, recover(db), now)
  } catch (error) {
    db.close()
    throw error
  }
}

function sqliteEngine(db: DatabaseSync, found: Found, now: () => number): SpoolEngine {
  const transaction = transactions(db)
  const searched = searchWriter(db)
  const { told, forgotten } = telling(db, transaction, { now, searched })
  const facts = factsKeeper(db)
  const write = batchWriter(db, facts, searched)
  const remove = remover(db)
  const writeChunk = db.prepare('insert into chunk (message, seq, crc, bytes) values (?, ?, ?, ?)')
  const discardChunks = db.prepare('delete from chunk where message = ?')
  const release = db.prepare(
    `update delivery set state = 'waiting' where message = ? and n = ? and state = 'active'`,
  )
  const take = db.prepare(
    `update delivery set state = 'active' where message = ? and n = ? and state = 'waiting'`,
  )
  const drop = db.prepare(
    'delete from deadline where message in (select message from deadline where at <= ? order by at limit ?)',
  )
  const claim = claimer(db)
  const nextDue = nextDueFinder(db)
  const apply = changer(db, facts)
  const forget = forgetter(db, remove)
  const report = reporter(db, facts)
  const withdraw = withdrawer(db, { remove, facts, now })
  const age = ager(db, forgotten)
  const requestKeys = sqliteKeys(db)
  const touch = db.prepare(`insert or replace into mark values ('written', ?)`)
  return {
    found,
    commit: (batches, abandoned) =>
      told((ledger) => {
        write(batches, ledger)
        for (const id of abandoned) withdraw(id, ledger)
        // A commit that changes nothing writes nothing, and would say that a full disk has room again.
        if (batches.length === 0) touch.run(now())
      }),
    writeChunk: (id, seq, chunk) =>
      transaction('eventual', () => void writeChunk.run(id, seq, chunk.crc, chunk.bytes)),
    discardChunks: (id) => transaction('eventual', () => void discardChunks.run(id)),
    claim: (queue, at, limit) => transaction('eventual', () => claim(queue, at, limit)),
    nextDue,
    waiting: (after, limit) => waitingQueues(db, after, limit, nextDue),
    unclaim: (keys: readonly Key[]) =>
      transaction('eventual', () => {
        for (const [id, n] of keys) release.run(id, n)
      }),
    take: (keys: readonly Key[]) =>
      transaction('eventual', () => keys.filter(([id, n]) => take.run(id, n).changes > 0)),
    dropDeadlines: (at, limit) => transaction('eventual', () => void drop.run(at, limit)),
    apply: (keys, change, at, reason) => told((ledger) => apply(keys, { change, at, reason }, ledger)),
    report: (key, kind, record) => told((ledger) => report(key, kind, record, ledger)),
    forget: (before, limit, streams) => transaction('durable', () => forget({ before, limit, streams })),
    kept: (organization, key) => requestKeys.kept(organization, key),
    tidyKeys: (before, limit) => transaction('eventual', () => requestKeys.tidy(before, limit)),
    ...sqliteBodies(db),
    age: (before) => transaction('durable', () => age(before)),
    ...sqliteReads(db),
    ...sqliteLedgerReads(db),
    close: () => db.close(),
  }
}

function batchWriter(
  db: DatabaseSync,
  facts: FactsKeeper,
  searched: SearchWriter,
): (batches: readonly Batch[], ledger: Ledger) => void {
  const accept = acceptor(db)
  const settle = settler(db, facts)
  const keep = reportKeeper(db)
  return (batches, ledger) => {
    for (const { accepts, bytes } of batches) {
      for (const row of accepts) {
        accept(row, bytes)
        facts.accepted(row)
        searched.accepted(row)
        ledger.accepted(row)
      }
    }
    for (const { settlements } of batches) {
      for (const row of settlements) {
        const known = settle(row)
        if (known) ledger.settled(row, known)
      }
    }
    for (const { events } of batches)
      for (const row of events) ledger.appended(row, row[9] !== null && keep(row[9]))
  }
}

type Told = <T>(work: (ledger: Ledger) => T) => T

/** Durable transactions, with what they have to tell. */
function telling(
  db: DatabaseSync,
  transaction: Transaction,
  { now, searched }: { readonly now: () => number; readonly searched: SearchWriter },
): { told: Told; forgotten: () => void } {
  const writer = ledgerWriter(db, now)
  const names = new Names()
  const told: Told = (work) => {
    const ledger = new Ledger(names)
    try {
      const done = transaction('durable', () => {
        const result = work(ledger)
        writer.write(ledger)
        searched.write()
        return result
      })
      searched.done()
      return done
    } catch (error) {
      writer.undone()
      searched.undone()
      throw error
    }
  }
  return { told, forgotten: () => writer.undone() }
}

/** Removes a message whose sender was told that it had not been kept; what the log has of it by then is taken back. */
function withdrawer(
  db: DatabaseSync,
  by: { remove: (id: number) => void; facts: FactsKeeper; now: () => number },
): (id: number, ledger: Ledger) => void {
  const last = db.prepare('select max(n) as n from delivery where message = ?')
  const withdrawKey = keyWithdrawer(db)
  return (id, ledger) => {
    const asked = { change: 'cancel', at: by.now(), reason: WITHDRAWN } as const
    for (let n = Number(last.get(id)?.['n'] ?? -1); n >= 0; n -= 1) {
      const known = by.facts.of([id, n])
      if (known) ledger.changed([id, n], asked, known)
    }
    by.facts.ended(id)
    withdrawKey(id)
    by.remove(id)
  }
}

/** Removes every trace of a message. */
function remover(db: DatabaseSync): (id: number) => void {
  const statements = [
    'delete from message where id = ?',
    'delete from delivery where message = ?',
    'delete from attempt where message = ?',
    'delete from report where message = ?',
    'delete from body where id = ?',
    'delete from chunk where message = ?',
    'delete from deadline where message = ?',
  ].map((sql) => db.prepare(sql))
  return (id) => {
    for (const statement of statements) statement.run(id)
  }
}

function claimer(db: DatabaseSync): (queue: string, now: number, limit: number) => readonly ClaimedRow[] {
  // Band by band: an ordered read across bands would step over everything that is not yet due in the first.
  const nextBand = db.prepare(
    `select min(band) from delivery where queue = ? and band > ? and state = 'waiting'`,
  )
  const due = db.prepare(
    `select ${CLAIMED} from delivery d cross join message m on m.id = d.message
     where d.state = 'waiting' and d.queue = ? and d.band = ? and d.due <= ? order by d.due, d.message, d.n limit ?`,
  )
  const activate = db.prepare(`update delivery set state = 'active' where message = ? and n = ?`)
  for (const statement of [nextBand, due]) statement.setReturnArrays(true)
  const activated = (claimed: readonly ClaimedRow[]): readonly ClaimedRow[] => {
    for (const row of claimed) activate.run(row[0], row[7])
    return claimed.map((row) => row.with(12, 'active') as unknown as ClaimedRow)
  }
  return (queue, now, limit) => {
    const claimed: ClaimedRow[] = []
    let data = 0
    let band = first(nextBand.get(queue, Number.MIN_SAFE_INTEGER))
    while (typeof band === 'number' && claimed.length < limit) {
      for (const row of due.iterate(queue, band, now, limit - claimed.length)) {
        const one = row as unknown as ClaimedRow
        data += one[20]?.length ?? 0
        if (data > CLAIMED_DATA && claimed.length > 0) return activated(claimed)
        claimed.push(one)
      }
      band = first(nextBand.get(queue, band))
    }
    return activated(claimed)
  }
}

/** One index seek a band: a plain `min(due)` would read every waiting row of the queue. */
function nextDueFinder(db: DatabaseSync): (queue: string) => number | undefined {
  const next = db.prepare(
    `select band, due from delivery where queue = ? and band > ? and state = 'waiting' order by band, due limit 1`,
  )
  return (queue) => {
    let earliest: number | undefined
    let row = next.get(queue, Number.MIN_SAFE_INTEGER)
    while (row !== undefined) {
      earliest = Math.min(earliest ?? Infinity, Number(row['due']))
      row = next.get(queue, Number(row['band']))
    }
    return earliest
  }
}

function first(row: unknown): unknown {
  return Array.isArray(row) ? row[0] : undefined
}

/** What the last process left: its active deliveries wait again, its unfinished bodies go. */
function recover(db: DatabaseSync): Found {
  const recovered = db.prepare(`update delivery set state = 'waiting' where state = 'active'`).run().changes
  const orphans = removeOrphans(db)
  const newest = db.prepare(
    `select max(coalesce((select max(id) from message), 0),
      coalesce((select value from mark where name = 'newest'), 0)) as newest`,
  )
  return { recovered: Number(recovered), orphans, newest: Number(newest.get()?.['newest'] ?? 0) }
}

function removeOrphans(db: DatabaseSync): number {
  // One index seek a message, however many chunks it has.
  const next = db.prepare('select min(message) as message from chunk where message > ?')
  const known = db.prepare('select 1 from message where id = ?')
  const remove = db.prepare('delete from chunk where message = ?')
  let orphans = 0
  let id = next.get(-1)?.['message']
  while (typeof id === 'number') {
    if (known.get(id) === undefined) {
      remove.run(id)
      orphans += 1
    }
    id = next.get(id)?.['message']
  }
  return orphans
}
