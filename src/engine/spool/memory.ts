/** A spool that forgets when the process ends: for tests of other rooms, and for trying things out. */

import { EFFECTS } from './change.ts'
import { BACKOFF } from './committer.ts'
import type {
  Batch,
  Changed,
  ClaimedRow,
  Key,
  MessageRow,
  PastRow,
  ReportRow,
  SearchedRows,
  SettlementRow,
  ShownRows,
  SpoolEngine,
  StoredChunk,
} from './engine.ts'
import { WITHDRAWN } from './ledger.ts'
import type { Facts, Ledger } from './ledger.ts'
import { MemoryKeys } from './memory-idempotency.ts'
import { MemoryLedger } from './memory-ledger.ts'
import { depths, totals } from './memory-overview.ts'
import { isBefore, isOfClass, isUntold, selects, withoutData } from './memory-selection.ts'
import { CLAIMED_DATA } from './message.ts'
import type { DeliveryState } from './message.ts'
import { attemptOf, reportOf } from './row.ts'
import { spoolOn } from './open.ts'
import type { Selected } from './selection.ts'
import type { Change, Page, QueueDue, Reported, Spool } from './spool.ts'

type Kept = {
  readonly row: MessageRow
  body: StoredChunk | undefined
  readonly deliveries: Held[]
  readonly attempts: [n: number, attempt: string][]
  /** By `n` and kind. */
  readonly reports: Map<string, readonly [n: number, report: string]>
  open: number
  endedAt?: number
  deadline: number | null
}

type Held = {
  readonly recipient: string
  readonly queue: string
  readonly band: number
  readonly detail: string | null
  state: DeliveryState
  due: number
  attempts: number
  delayNotified: number
  lastReply: string | null
  endedAt: number | null
  data: string | null
}

/** Never fails and never waits; everything else is as the contract says. */
export function memorySpool(): Promise<Spool> {
  // Its commits cost nothing, so there is nothing to share.
  return spoolOn(memoryEngine(), { diskFree: 0, backoff: BACKOFF, onBroken: () => {} }, 0)
}

/** For tests that break it on purpose: wrap one of its functions. */
export function memoryEngine(): SpoolEngine {
  const messages = new Map<number, Kept>()
  const chunks = new Map<number, StoredChunk[]>()
  const requests = new MemoryKeys()
  const ledger = new MemoryLedger(Date.now)
  return {
    found: { recovered: 0, orphans: 0, newest: 0 },
    commit: (batches, abandoned) => commit({ messages, chunks, requests, ledger }, batches, abandoned),
    writeChunk: (id, seq, chunk) => {
      const parts = chunks.get(id) ?? []
      parts[seq] = { bytes: Uint8Array.from(chunk.bytes), crc: chunk.crc }
      chunks.set(id, parts)
    },
    discardChunks: (id) => void chunks.delete(id),
    claim: (queue, now, limit) => claim(messages, queue, now, limit),
    nextDue: (queue) => nextDue(messages, queue),
    waiting: (after, limit) => waitingQueues(messages, after, limit),
    unclaim: (keys) => {
      for (const [id, n] of keys) {
        const delivery = messages.get(id)?.deliveries[n]
        if (delivery?.state === 'active') delivery.state = 'waiting'
      }
    },
    ...deadlines(messages),
    read: (id) => {
      const kept = messages.get(id)
      if (!kept || kept.open === 0) return undefined
      // A copy: what crosses threads elsewhere is the reader's own.
      if (kept.body) return { kind: 'whole', bytes: Uint8Array.from(kept.body.bytes), crc: kept.body.crc }
      return { kind: 'chunked', size: kept.row[5], count: chunks.get(id)?.length ?? 0 }
    },
    readChunk: (id, seq) => {
      const chunk = messages.get(id)?.open ? chunks.get(id)?.[seq] : undefined
      return chunk && { bytes: Uint8Array.from(chunk.bytes), crc: chunk.crc }
    },
    depths: (queues) => depths(messages).filter(({ queue }) => queues?.includes(queue) !== false),
    totals: () => totals(messages),
    search: (filter, page) => search(messages, filter, page),
    show: (id) => show(messages.get(id)),
    past: (after, limit) => past(messages, after, limit),
    apply: (keys, change, now, reason) =>
      ledger.told((told) =>
        keys.flatMap((key) => apply(messages.get(key[0]), key, { change, at: now, reason }, told)),
      ),
    report: ([id, n], kind, record) =>
      ledger.told((told) => report(messages.get(id), n, [kind, record], told)),
    forget: (before, limit, streams) => {
      const ended = [...messages]
        .filter(([, { endedAt, row }]) => endedAt !== undefined && endedAt < (streams.get(row[3]) ?? before))
        .slice(0, limit)
      for (const [id] of ended) messages.delete(id)
      return ended.length
    },
    kept: (organization, key) => requests.kept(organization, key),
    tidyKeys: (before, limit) => requests.tidy(before, limit),
    pages: (query) => ledger.pages(query),
    sums: (query) => ledger.sums(query),
    age: (before) => ledger.age(before),
    close: () => {},
  }
}

function deadlines(
  messages: Map<number, Kept>,
): Pick<SpoolEngine, 'overdue' | 'take' | 'dropDeadlines' | 'nextDeadline'> {
  const late = (now: number): readonly Kept[] =>
    [...messages.values()]
      .filter(({ deadline }) => deadline !== null && deadline <= now)
      .toSorted((a, b) => (a.deadline ?? 0) - (b.deadline ?? 0))
  return {
    overdue: (now, limit) =>
      late(now)
        .flatMap((kept) => kept.deliveries.flatMap((_, n) => (isUntold(kept, n) ? [rowOf(kept, n)] : [])))
        .slice(0, limit),
    take: (keys) =>
      keys.filter(([id, n]) => {
        const delivery = messages.get(id)?.deliveries[n]
        if (delivery?.state !== 'waiting') return false
        delivery.state = 'active'
        return true
      }),
    dropDeadlines: (now, limit) => {
      for (const kept of late(now).slice(0, limit)) kept.deadline = null
    },
    nextDeadline: () => {
      const all = [...messages.values()].flatMap(({ deadline }) => deadline ?? [])
      return all.length === 0 ? undefined : Math.min(...all)
    },
  }
}

type Tables = {
  readonly messages: Map<number, Kept>
  readonly chunks: Map<number, StoredChunk[]>
  readonly requests: MemoryKeys
  readonly ledger: MemoryLedger
}

function commit(
  { messages, chunks, requests, ledger }: Tables,
  batches: readonly Batch[],
  abandoned: readonly number[],
): void {
  const ids = batches.flatMap(({ accepts }) => accepts.map(([id]) => id))
  if (new Set(ids).size < ids.length || ids.some((id) => messages.has(id))) throw new Error('an id is taken')
  requests.take(batches)
  for (const batch of batches) for (const row of batch.accepts) messages.set(row[0], keep(row, batch))
  ledger.told((told) => {
    for (const { accepts } of batches) for (const row of accepts) told.accepted(row)
    for (const { settlements } of batches)
      for (const row of settlements) settle(messages.get(row[0]), row, told)
    for (const { events } of batches)
      for (const row of events) told.appended(row, row[9] !== null && keepFirst(messages, row[9]))
    for (const id of abandoned) withdraw(messages.get(id), told)
  })
  for (const id of abandoned) messages.delete(id)
  for (const id of abandoned) chunks.delete(id)
  requests.withdraw(abandoned)
}

function withdraw(kept: Kept | undefined, told: Ledger): void {
  const by = { change: 'cancel', at: Date.now(), reason: WITHDRAWN } as const
  if (!kept) return
  for (const [n, delivery] of kept.deliveries.entries()) {
    told.changed([kept.row[0], n], by, factsOf(kept, delivery))
  }
}

function factsOf({ row }: Kept, { recipient, attempts }: Held): Facts {
  const [, acceptedAt, organization, stream, sender, , , , , , , tags, metadata] = row
  return { organization, stream, sender, acceptedAt, recipient, attempts, tags, metadata }
}

function show(kept: Kept | undefined): ShownRows | undefined {
  if (!kept) return undefined
  const attempts = kept.attempts.toSorted(([a], [b]) => a - b)
  const reports = [...kept.reports.values()]
  const deliveries = kept.deliveries.map((_, n) => withoutData(rowOf(kept, n)))
  return { deliveries, attempts, reports, hasBody: kept.open > 0 }
}

function past(messages: Map<number, Kept>, [id, n]: Key, limit: number): readonly PastRow[] {
  return [...messages.values()]
    .toSorted((a, b) => a.row[0] - b.row[0])
    .flatMap((kept) => kept.deliveries.map((_, at) => pastRow(kept, at)))
    .filter((row) => row[0] > id || (row[0] === id && row[1] > n))
    .slice(0, limit)
}

function pastRow(kept: Kept, n: number): PastRow {
  const [id, , organization, stream, , , detail, , recipient, , , , state, , , lastReply, endedAt] = rowOf(
    kept,
    n,
  )
  const reports = [...kept.reports.values()].filter(([of]) => of === n).map(([, record]) => record)
  const isTelling = state === 'bounced' || state === 'expired' || reports.length > 0
  const last = kept.attempts.findLast(([of]) => of === n)?.[1] ?? null
  const { door } = JSON.parse(detail) as { readonly door: string }
  return [
    ...([id, n, organization, stream, door, recipient, state, lastReply, endedAt] as const),
    ...([isTelling ? last : null, `[${reports.join(',')}]`] as const),
  ]
}

function keepFirst(messages: Map<number, Kept>, [id, n, kind, record]: ReportRow): boolean {
  const kept = messages.get(id)
  const name = `${n} ${kind}`
  if (!kept?.deliveries[n] || kept.reports.has(name)) return false
  kept.reports.set(name, [n, record])
  return true
}

function report(
  kept: Kept | undefined,
  n: number,
  [kind, record]: readonly [kind: string, record: string],
  told: Ledger,
): Reported {
  const delivery = kept?.deliveries[n]
  if (!kept || !delivery) return 'missing'
  const name = `${n} ${kind}`
  if (kept.reports.has(name)) return 'known'
  kept.reports.set(name, [n, record])
  const last = kept.attempts.findLast(([of]) => of === n)
  told.reported([kept.row[0], n], reportOf(record), factsOf(kept, delivery), last && attemptOf(last[1]))
  return 'kept'
}

function keep(row: MessageRow, { bytes }: Batch): Kept {
  const [, , , , , , , offset, length, crc, deliveries, , , deadline] = row
  const body =
    offset < 0 ? undefined : { bytes: Uint8Array.from(bytes.subarray(offset, offset + length)), crc }
  return {
    row,
    body,
    deliveries: deliveries.map(([recipient, queue, band, due, state, detail, data]) => ({
      recipient,
      queue,
      band,
      due,
      state,
      detail,
      attempts: 0,
      delayNotified: 0,
      lastReply: null,
      endedAt: null,
      data,
    })),
    attempts: [],
    reports: new Map(),
    open: deliveries.length,
    deadline,
  }
}

function settle(kept: Kept | undefined, row: SettlementRow, told: Ledger): void {
  const [, n, state, due, at, delayNotified, reply, attempt] = row
  const delivery = kept?.deliveries[n]
  if (!kept || !delivery || !isChanged(delivery.state, row)) return
  const wasOpen = delivery.state !== 'cancelled'
  Object.assign(delivery, {
    state,
    due,
    lastReply: reply,
    delayNotified: Math.max(delivery.delayNotified, delayNotified),
  })
  if (attempt !== null) {
    delivery.attempts += 1
    kept.attempts.push([n, attempt])
  }
  told.settled(row, factsOf(kept, delivery))
  if (!isFinal(state)) return
  delivery.endedAt = at
  delivery.data = null
  if (wasOpen) end(kept, at)
}

function isChanged(was: DeliveryState, [, , state, , , delayNotified]: SettlementRow): boolean {
  if (was === 'held' && state === 'held') return delayNotified === 1
  const interrupted = was === 'held' || was === 'cancelled'
  return was === 'active' || (interrupted && (state === 'delivered' || state === 'bounced'))
}

function end(kept: Kept, at: number): void {
  kept.open -= 1
  if (kept.open > 0) return
  kept.endedAt = at
  kept.body = undefined
}

function isFinal(state: DeliveryState): boolean {
  return state !== 'waiting' && state !== 'active' && state !== 'held'
}

function claim(
  messages: Map<number, Kept>,
  queue: string,
  now: number,
  limit: number,
): readonly ClaimedRow[] {
  const due = [...messages.values()]
    .flatMap((kept) => kept.deliveries.map((delivery, n) => ({ kept, delivery, n })))
    .filter(({ delivery: d }) => d.state === 'waiting' && d.queue === queue && d.due <= now)
    .toSorted(
      (a, b) =>
        a.delivery.band - b.delivery.band ||
        a.delivery.due - b.delivery.due ||
        a.kept.row[0] - b.kept.row[0] ||
        a.n - b.n,
    )
    .slice(0, limit)
  let data = 0
  const beyond = due.findIndex(({ delivery }, i) => {
    data += delivery.data?.length ?? 0
    return i > 0 && data > CLAIMED_DATA
  })
  const taken = beyond < 0 ? due : due.slice(0, beyond)
  for (const { delivery } of taken) delivery.state = 'active'
  return taken.map(({ kept, n }) => rowOf(kept, n))
}

function nextDue(messages: Map<number, Kept>, queue: string): number | undefined {
  const dues = [...messages.values()].flatMap(({ deliveries }) =>
    deliveries.filter((one) => one.state === 'waiting' && one.queue === queue).map(({ due }) => due),
  )
  return dues.length === 0 ? undefined : Math.min(...dues)
}

function waitingQueues(messages: Map<number, Kept>, after: string, limit: number): readonly QueueDue[] {
  return depths(messages)
    .flatMap(({ queue, nextDue: due }): QueueDue[] => (due === undefined ? [] : [[queue, due]]))
    .filter(([queue]) => queue > after)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, limit)
}

function search(messages: Map<number, Kept>, filter: Selected, page: Page): SearchedRows {
  const rows = [...messages.values()]
    .flatMap((kept) => kept.deliveries.map((_, n) => ({ kept, row: rowOf(kept, n) })))
    .filter(({ kept, row }) => selects(filter, row) && isOfClass(filter, row[7], kept))
    .map(({ row }) => row)
    .filter((row) => isBefore(row, page.before) && isBefore(row, filter.before))
    .toSorted((a, b) => b[0] - a[0] || b[7] - a[7])
  const last = rows[page.limit - 1]
  const shown = rows.slice(0, page.limit).map((row) => (filter.n === undefined ? withoutData(row) : row))
  return [shown, last === undefined ? null : [last[0], last[7]]]
}

function apply(
  kept: Kept | undefined,
  key: Key,
  asked: { change: Change; at: number; reason: string },
  told: Ledger,
): Changed[] {
  const { from, to, dueNow, explained } = EFFECTS[asked.change]
  const delivery = kept?.deliveries[key[1]]
  if (!kept || !delivery || !from.includes(delivery.state) || (dueNow && delivery.due <= asked.at)) return []
  const was = delivery.state
  delivery.state = to
  if (dueNow) delivery.due = asked.at
  if (explained) delivery.lastReply = asked.reason
  if (isFinal(to)) {
    delivery.endedAt = asked.at
    delivery.data = null
    end(kept, asked.at)
  }
  told.changed(key, asked, factsOf(kept, delivery))
  return [[key[0], key[1], was]]
}

function rowOf({ row, deliveries }: Kept, n: number): ClaimedRow {
  const [id, acceptedAt, organization, stream, sender, size, detail, , , , , tags, metadata] = row
  const d = deliveries[n]
  if (!d) throw new RangeError(`no delivery ${n}`)
  return [
    ...([id, acceptedAt, organization, stream, sender, size, detail, n] as const),
    ...([d.recipient, d.queue, d.band, d.due, d.state] as const),
    ...([d.attempts, d.delayNotified, d.lastReply, d.endedAt, d.detail, tags, metadata, d.data] as const),
  ]
}
