/** What becomes of messages and deliveries in SQLite: one row at a time, within a transaction, told to its ledger. */

import type { DatabaseSync } from 'node:sqlite'

import { EFFECTS } from './change.ts'
import type { Changed, Key, MessageRow, ReportRow, SettlementRow } from './engine.ts'
import type { Facts, Ledger } from './ledger.ts'
import type { DeliveryState } from './message.ts'
import { attemptOf, reportOf } from './row.ts'
import type { FactsKeeper } from './sqlite-facts.ts'
import { keyWriter } from './sqlite-idempotency.ts'
import type { Change, Reported } from './spool.ts'

const FINAL = new Set(['delivered', 'bounced', 'expired', 'cancelled'])

export function acceptor(db: DatabaseSync): (row: MessageRow, bytes: Uint8Array) => void {
  const message = db.prepare('insert into message values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const delivery = db.prepare('insert into delivery values (?, ?, ?, ?, 0, 0, ?, ?, ?, null, null, ?, ?)')
  const body = db.prepare('insert into body values (?, ?, ?)')
  const chunks = db.prepare('select count(*) as count from chunk where message = ?')
  const deadlines = db.prepare('insert into deadline values (?, ?)')
  const key = keyWriter(db)
  return (row, bytes) => {
    key(row)
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
      metadata,
      deadline,
    ] = row
    const open = deliveries.length
    const count = offset >= 0 ? 0 : Number(chunks.get(id)?.['count'] ?? 0)
    const endedAt = open === 0 ? acceptedAt : null
    message.run(
      id,
      acceptedAt,
      organization,
      stream,
      sender,
      size,
      open,
      count,
      endedAt,
      detail,
      tags,
      metadata,
    )
    for (let n = 0; n < open; n += 1) {
      const to = deliveries[n]
      if (to) delivery.run(id, n, to[4], to[3], to[2], to[1], to[0], to[5], to[6])
    }
    if (deadline !== null && open > 0) deadlines.run(id, deadline)
    if (offset >= 0 && open > 0) body.run(id, crc, bytes.subarray(offset, offset + length))
  }
}

/** Gives what is known of the delivery, when it was changed. */
export function settler(db: DatabaseSync, facts: FactsKeeper): (row: SettlementRow) => Facts | undefined {
  const set = `update delivery set state = ?1, due = ?2, attempts = attempts + ?3,
    delay_notified = max(delay_notified, ?4), last_reply = ?5, ended_at = ?6, data = iif(?6 is null, data, null)
    where message = ?7 and n = ?8`
  const settle = db.prepare(`${set} and state = 'active' returning attempts`)
  const overrule = db.prepare(`${set} and state = ?9 returning attempts`)
  const stateOf = db.prepare('select state from delivery where message = ? and n = ?')
  const attempt = db.prepare('insert into attempt values (?, ?, ?, ?)')
  const end = finisher(db, facts)
  for (const statement of [settle, overrule, stateOf]) statement.setReturnArrays(true)
  const interrupted = (row: SettlementRow): 'held' | 'cancelled' | undefined => {
    const isTold = row[2] === 'held' && row[5] === 1
    if (row[2] !== 'delivered' && row[2] !== 'bounced' && !isTold) return undefined
    const state = first(stateOf.get(row[0], row[1]))
    if (isTold) return state === 'held' ? state : undefined
    return state === 'held' || state === 'cancelled' ? state : undefined
  }
  /** What it was, unless it stays what it is. */
  const change = (row: SettlementRow): readonly ['active' | 'held' | 'cancelled', unknown] | undefined => {
    const [id, n, state, due, at, delayNotified, reply, record] = row
    const tried = record === null ? 0 : 1
    const values = [state, due, tried, delayNotified, reply, FINAL.has(state) ? at : null, id, n] as const
    const changed = settle.get(...values)
    if (changed !== undefined) return ['active', changed]
    const was = interrupted(row)
    return was && [was, overrule.get(...values, was)]
  }
  return (row) => {
    const changed = change(row)
    if (changed === undefined) return undefined
    const [id, n, state, , at, , , record] = row
    const [was, returned] = changed
    const attempts = Number(first(returned))
    if (record !== null) attempt.run(id, n, attempts, record)
    const known = facts.after([id, n], attempts)
    if (FINAL.has(state) && was !== 'cancelled') end(id, at)
    return known
  }
}

/** Counts one delivery of a message as ended; with the last of them the body goes. */
function finisher(db: DatabaseSync, facts: FactsKeeper): (id: number, at: number) => void {
  const end = db.prepare(
    `update message set open = open - 1, ended_at = case when open = 1 then ? end where id = ?
     returning open, chunks`,
  )
  end.setReturnArrays(true)
  const body = db.prepare('delete from body where id = ?')
  const chunks = db.prepare('delete from chunk where message = ?')
  return (id, at) => {
    const [open, count] = (end.get(at, id) as unknown as [number, number] | undefined) ?? [1, 0]
    if (open > 0) return
    facts.ended(id)
    if (count === 0) body.run(id)
    else chunks.run(id)
  }
}

type Asked = { readonly change: Change; readonly at: number; readonly reason: string }

export function changer(
  db: DatabaseSync,
  facts: FactsKeeper,
): (keys: readonly Key[], asked: Asked, ledger: Ledger) => Changed[] {
  const stateOf = db.prepare('select state, due from delivery where message = ? and n = ?')
  stateOf.setReturnArrays(true)
  const set = db.prepare(
    `update delivery set state = ?1, due = ?2, last_reply = coalesce(?3, last_reply), ended_at = ?4,
     data = iif(?4 is null, data, null) where message = ?5 and n = ?6`,
  )
  const end = finisher(db, facts)
  const changeOne = ([id, n]: Key, asked: Asked): DeliveryState | undefined => {
    const { from, to, dueNow, explained } = EFFECTS[asked.change]
    const [state, due] = (stateOf.get(id, n) as unknown as [DeliveryState, number] | undefined) ?? []
    if (state === undefined || due === undefined || !from.includes(state)) return undefined
    if (dueNow && due <= asked.at) return undefined
    const ended = FINAL.has(to) ? asked.at : null
    set.run(to, dueNow ? asked.at : due, explained ? asked.reason : null, ended, id, n)
    if (ended !== null) end(id, ended)
    return state
  }
  return (keys, asked, ledger) => {
    const changed: Changed[] = []
    for (const key of keys) {
      const was = changeOne(key, asked)
      if (was === undefined) continue
      const known = facts.of(key)
      if (known) ledger.changed(key, asked, known)
      changed.push([...key, was])
    }
    return changed
  }
}

/** Whether it was the first of its kind, of a delivery that there is. */
export function reportKeeper(db: DatabaseSync): (row: ReportRow) => boolean {
  const insert = db.prepare(
    'insert or ignore into report select message, n, ?3, ?4 from delivery where message = ?1 and n = ?2',
  )
  return (row) => insert.run(...row).changes > 0
}

export function reporter(
  db: DatabaseSync,
  facts: FactsKeeper,
): (key: Key, kind: string, record: string, ledger: Ledger) => Reported {
  const insert = db.prepare('insert or ignore into report values (?, ?, ?, ?)')
  const last = db.prepare(
    'select record from attempt where message = ? and n = ? order by attempt desc limit 1',
  )
  last.setReturnArrays(true)
  return ([id, n], kind, record, ledger) => {
    const known = facts.of([id, n])
    if (known === undefined) return 'missing'
    if (insert.run(id, n, kind, record).changes === 0) return 'known'
    const tried = first(last.get(id, n))
    ledger.reported(
      [id, n],
      reportOf(record),
      known,
      typeof tried === 'string' ? attemptOf(tried) : undefined,
    )
    return 'kept'
  }
}

function first(row: unknown): unknown {
  return Array.isArray(row) ? row[0] : undefined
}
