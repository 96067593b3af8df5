/** The spool in one SQLite file. Every call is synchronous inside: it belongs in a thread of its own. */

import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'

import { migrate, openSqlite } from '#platform/store'

import { EFFECTS } from './change.ts'
import type { Changed, ClaimedRow, Found, Key, MessageRow, SettlementRow, SpoolEngine } from './engine.ts'
import { Ledger, Names, WITHDRAWN } from './ledger.ts'
import type { Facts } from './ledger.ts'
import type { DeliveryState } from './message.ts'
import { attemptOf, reportOf } from './row.ts'
import { SPOOL_MIGRATIONS } from './schema.ts'
import type { Change, Reported } from './spool.ts'
import { CLAIMED } from './selection.ts'
import { ager, factsFinder, ledgerWriter, sqliteLedgerReads } from './sqlite-ledger.ts'
import { sqliteBodies, sqliteReads, waitingQueues } from './sqlite-read.ts'
import { transactions } from './sqlite-transaction.ts'
import type { Transaction } from './sqlite-transaction.ts'

/**
 * 16 MiB of log before it is copied back: bodies that came and went in between are never written to their place.
 * Measured in bench/spool.ts.
 */
const CHECKPOINT_PAGES = 4096

const FINAL = new Set(['delivered', 'bounced', 'expired', 'cancelled'])

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
  const { told, forgotten } = telling(db, transaction, now)
  const accept = acceptor(db)
  const settle = settler(db)
  const remove = remover(db)
  const writeChunk = db.prepare('insert into chunk (message, seq, crc, bytes) values (?, ?, ?, ?)')
  const discardChunks = db.prepare('delete from chunk where message = ?')
  const release = db.prepare(
    `update delivery set state = 'waiting' where message = ? and n = ? and state = 'active'`,
  )
  const claim = claimer(db)
  const nextDue = nextDueFinder(db)
  const apply = changer(db)
  const forget = forgetter(db, remove)
  const report = reporter(db)
  const withdraw = withdrawer(db, remove, now)
  const age = ager(db, forgotten)
  const touch = db.prepare(`insert or replace into mark values ('written', ?)`)
  return {
    found,
    commit: (batches, abandoned) =>
      told((ledger) => {
        for (const { accepts, bytes } of batches) {
          for (const row of accepts) {
            accept(row, bytes)
            ledger.accepted(row)
          }
        }
        for (const { settlements } of batches) {
          for (const row of settlements) {
            const facts = settle(row)
            if (facts) ledger.settled(row, facts)
          }
        }
        for (const { events } of batches) for (const row of events) ledger.appended(row)
        for (const id of abandoned) withdraw(id, ledger)
        // A commit that changes nothing writes nothing, and would say that a full disk has room again.
        if (batches.length === 0) touch.run(Date.now())
      }),
    writeChunk: (id, seq, chunk) =>
      transaction('eventual', () => void writeChunk.run(id, seq, chunk.crc, chunk.bytes)),
    discardChunks: (id) => transaction('eventual', () => void discardChunks.run(id)),
    claim: (queue, now, limit) => transaction('eventual', () => claim(queue, now, limit)),
    nextDue,
    waiting: (after, limit) => waitingQueues(db, after, limit, nextDue),
    unclaim: (keys: readonly Key[]) =>
      transaction('eventual', () => {
        for (const [id, n] of keys) release.run(id, n)
      }),
    apply: (keys, change, at, reason) => told((ledger) => apply(keys, { change, at, reason }, ledger)),
    report: (key, kind, record) => told((ledger) => report(key, kind, record, ledger)),
    forget: (before, limit) => transaction('durable', () => forget(before, limit)),
    ...sqliteBodies(db),
    age: (before) => transaction('durable', () => age(before)),
    ...sqliteReads(db),
    ...sqliteLedgerReads(db),
    close: () => {
      db.close()
    },
  }
}

type Told = <T>(work: (ledger: Ledger) => T) => T

/** Durable transactions, with what they have to tell. */
function telling(
  db: DatabaseSync,
  transaction: Transaction,
  now: () => number,
): { told: Told; forgotten: () => void } {
  const writer = ledgerWriter(db, now)
  const names = new Names()
  const told: Told = (work) => {
    const ledger = new Ledger(names)
    try {
      return transaction('durable', () => {
        const result = work(ledger)
        writer.write(ledger)
        return result
      })
    } catch (error) {
      writer.undone()
      throw error
    }
  }
  return { told, forgotten: () => writer.undone() }
}

/** Removes a message whose sender was told that it had not been kept; what the log has of it by then is taken back. */
function withdrawer(
  db: DatabaseSync,
  remove: (id: number) => void,
  now: () => number,
): (id: number, ledger: Ledger) => void {
  const factsOf = factsFinder(db)
  const last = db.prepare('select max(n) as n from delivery where message = ?')
  return (id, ledger) => {
    const by = { change: 'cancel', at: now(), reason: WITHDRAWN } as const
    for (let n = Number(last.get(id)?.['n'] ?? -1); n >= 0; n -= 1) {
      const facts = factsOf([id, n])
      if (facts) ledger.changed([id, n], by, facts)
    }
    remove(id)
  }
}

function acceptor(db: DatabaseSync): (row: MessageRow, bytes: Uint8Array) => void {
  const message = db.prepare('insert into message values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const delivery = db.prepare('insert into delivery values (?, ?, ?, ?, 0, 0, ?, ?, ?, null, null, ?)')
  const body = db.prepare('insert into body values (?, ?, ?)')
  const chunks = db.prepare('select count(*) as count from chunk where message = ?')
  return (row, bytes) => {
    const [
      id,
      acceptedAt,
      organization,
      stream,
      sender,
      size,
      detail,
      offset,
      length,
      crc,
      deliveries,
      tags,
    ] = row
    const open = deliveries.length
    const count = offset >= 0 ? 0 : Number(chunks.get(id)?.['count'] ?? 0)
    const endedAt = open === 0 ? acceptedAt : null
    message.run(id, acceptedAt, organization, stream, sender, size, open, count, endedAt, detail, tags)
    for (let n = 0; n < open; n += 1) {
      const to = deliveries[n]
      if (to) delivery.run(id, n, to[4], to[3], to[2], to[1], to[0], to[5])
    }
    if (offset >= 0 && open > 0) body.run(id, crc, bytes.subarray(offset, offset + length))
  }
}

/** Gives what is known of the delivery, when it was changed. */
function settler(db: DatabaseSync): (row: SettlementRow) => Facts | undefined {
  const set = `update delivery set state = ?, due = ?, attempts = attempts + ?,
    delay_notified = max(delay_notified, ?), last_reply = ?, ended_at = ? where message = ? and n = ?`
  const settle = db.prepare(`${set} and state = 'active' returning attempts, recipient`)
  const overrule = db.prepare(`${set} and state = ? returning attempts, recipient`)
  const stateOf = db.prepare('select state from delivery where message = ? and n = ?')
  const attempt = db.prepare('insert into attempt values (?, ?, ?, ?)')
  const factsOf = messageFacts(db)
  const end = finisher(db)
  for (const statement of [settle, overrule, stateOf]) statement.setReturnArrays(true)
  const interrupted = (row: SettlementRow): 'held' | 'cancelled' | undefined => {
    if (row[2] !== 'delivered' && row[2] !== 'bounced') return undefined
    const state = first(stateOf.get(row[0], row[1]))
    return state === 'held' || state === 'cancelled' ? state : undefined
  }
  return (row) => {
    const [id, n, state, due, at, delayNotified, reply, record] = row
    const final = FINAL.has(state)
    const tried = record === null ? 0 : 1
    const endedAt = final ? at : null
    let changed = settle.get(state, due, tried, delayNotified, reply, endedAt, id, n)
    let ended = final
    if (changed === undefined) {
      const was = interrupted(row)
      if (!was) return undefined
      changed = overrule.get(state, due, tried, delayNotified, reply, endedAt, id, n, was)
      ended = was === 'held'
    }
    const [attempts, recipient] = changed as unknown as [number, string]
    if (record !== null) attempt.run(id, n, attempts, record)
    const message = ended ? end(id, at) : factsOf(id)
    return message && { ...message, attempts, recipient }
  }
}

type MessageFacts = Omit<Facts, 'attempts' | 'recipient'>

const MESSAGE_FACTS = 'organization, stream, sender, accepted_at, tags'

type MessageFactsRow = [string, string, string, number, string | null]

function messageFactsOf([organization, stream, sender, acceptedAt, tags]: MessageFactsRow): MessageFacts {
  return { organization, stream, sender, acceptedAt, tags }
}

function messageFacts(db: DatabaseSync): (id: number) => MessageFacts | undefined {
  const find = db.prepare(`select ${MESSAGE_FACTS} from message where id = ?`)
  find.setReturnArrays(true)
  return (id) => {
    const row = find.get(id) as unknown as MessageFactsRow | undefined
    return row && messageFactsOf(row)
  }
}

/** Counts one delivery of a message as ended; with the last of them the body goes. */
function finisher(db: DatabaseSync): (id: number, at: number) => MessageFacts | undefined {
  const end = db.prepare(
    `update message set open = open - 1, ended_at = case when open = 1 then ? end where id = ?
     returning open, chunks, ${MESSAGE_FACTS}`,
  )
  end.setReturnArrays(true)
  const body = db.prepare('delete from body where id = ?')
  const chunks = db.prepare('delete from chunk where message = ?')
  return (id, at) => {
    const row = end.get(at, id) as unknown as [number, number, ...MessageFactsRow] | undefined
    if (row === undefined) return undefined
    const [open, count, ...facts] = row
    if (open === 0) (count === 0 ? body : chunks).run(id)
    return messageFactsOf(facts)
  }
}

type Asked = { readonly change: Change; readonly at: number; readonly reason: string }

function changer(db: DatabaseSync): (keys: readonly Key[], asked: Asked, ledger: Ledger) => Changed[] {
  const stateOf = db.prepare('select state, due from delivery where message = ? and n = ?')
  stateOf.setReturnArrays(true)
  const set = db.prepare(
    `update delivery set state = ?, due = ?, last_reply = coalesce(?, last_reply), ended_at = ?
     where message = ? and n = ?`,
  )
  const end = finisher(db)
  const factsOf = factsFinder(db)
  return (keys, asked, ledger) => {
    const { from, to, dueNow, explained } = EFFECTS[asked.change]
    const { at: now, reason } = asked
    const changed: Changed[] = []
    for (const [id, n] of keys) {
      const [state, due] = (stateOf.get(id, n) as unknown as [DeliveryState, number] | undefined) ?? []
      if (state === undefined || due === undefined || !from.includes(state) || (dueNow && due <= now))
        continue
      set.run(to, dueNow ? now : due, explained ? reason : null, FINAL.has(to) ? now : null, id, n)
      if (FINAL.has(to)) end(id, now)
      const facts = factsOf([id, n])
      if (facts) ledger.changed([id, n], asked, facts)
      changed.push([id, n, state])
    }
    return changed
  }
}

function reporter(db: DatabaseSync): (key: Key, kind: string, record: string, ledger: Ledger) => Reported {
  const factsOf = factsFinder(db)
  const insert = db.prepare('insert or ignore into report values (?, ?, ?, ?)')
  const last = db.prepare(
    'select record from attempt where message = ? and n = ? order by attempt desc limit 1',
  )
  last.setReturnArrays(true)
  return ([id, n], kind, record, ledger) => {
    const facts = factsOf([id, n])
    if (facts === undefined) return 'missing'
    if (insert.run(id, n, kind, record).changes === 0) return 'known'
    const tried = first(last.get(id, n))
    ledger.reported(
      [id, n],
      reportOf(record),
      facts,
      typeof tried === 'string' ? attemptOf(tried) : undefined,
    )
    return 'kept'
  }
}

function forgetter(
  db: DatabaseSync,
  remove: (id: number) => void,
): (before: number, limit: number) => number {
  const ended = db.prepare('select id from message where ended_at < ? order by ended_at limit ?')
  ended.setReturnArrays(true)
  // The largest id outlives its record: after a restart with the clock set back it must not be given again.
  const newest = db.prepare(`insert or replace into mark select 'newest', max(value) from (
    select max(id) as value from message union all select value from mark where name = 'newest')`)
  return (before, limit) => {
    const ids = ended.all(before, limit) as unknown as [number][]
    if (ids.length > 0) newest.run()
    for (const [id] of ids) remove(id)
    return ids.length
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
  return (queue, now, limit) => {
    const claimed: ClaimedRow[] = []
    let band = first(nextBand.get(queue, Number.MIN_SAFE_INTEGER))
    while (typeof band === 'number' && claimed.length < limit) {
      for (const row of rowsOf(due, queue, band, now, limit - claimed.length)) claimed.push(row)
      band = first(nextBand.get(queue, band))
    }
    for (const row of claimed) activate.run(row[0], row[7])
    return claimed.map((row) => row.with(12, 'active') as unknown as ClaimedRow)
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

function rowsOf(statement: StatementSync, ...values: (string | number)[]): readonly ClaimedRow[] {
  return statement.all(...values) as unknown as readonly ClaimedRow[]
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
