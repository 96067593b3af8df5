/** The spool as every thread has it: values in front, the store's rows behind. */

import { crc32 } from 'node:zlib'

import { fromInteger, toInteger } from '#grammar/message-id'
import type { MessageId } from '#grammar/message-id'
import { transfer } from '#platform/thread'

import { WHOLE_LIMIT } from './content.ts'
import type { Content } from './content.ts'
import { countRows, summedQuery } from './count.ts'
import type { ClaimedRow, Key, StoredChunk } from './engine.ts'
import { asSpoolError, Group, SETTLE_WITHIN } from './group.ts'
import type { KeptRequest } from './idempotency.ts'
import { readLog } from './log.ts'
import type { Claimed } from './message.ts'
import { attemptOf, claimedReader, pastOf, reportOf } from './row.ts'
import type { Hello, SpoolService, Standing } from './service.ts'
import { SpoolError } from './spool.ts'
import type { MessageView, Spool, Writing } from './spool.ts'

export type SpoolBehind = {
  readonly spool: Spool
  /** To be told of each change of standing. */
  readonly standing: (standing: Standing) => void
}

/**
 * `end` is called by `close`, when nothing is under way any more. An outcome waits for `settleWithin` ms for others to
 * share its commit with.
 */
export function spoolOver(
  service: SpoolService,
  hello: Hello,
  end: () => Promise<void>,
  settleWithin = SETTLE_WITHIN,
): SpoolBehind {
  const group = new Group(service, settleWithin)
  const listeners = new Set<() => void>()
  let standing = hello.standing
  const spool: Spool = {
    recovered: hello.recovered,
    newest: hello.newest === 0 ? undefined : fromInteger(hello.newest),
    get room() {
      return standing.room
    },
    get healthy() {
      return standing.healthy
    },
    onStatus: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    accept: (entry, bytes) => group.accept(entry, bytes),
    write: (id) => writing(service, group, id),
    settle: (settlement) => group.settle(settlement),
    append: (event) => group.append(event),
    ...readsOver(service),
    claim: async (queue, now, limit) =>
      readable(await asked(() => service.claim(queue, now, limit)), group, now),
    overdue: async (now, limit) => readable(await asked(() => service.overdue(now, limit)), group, now),
    close: async () => {
      await group.drain()
      await end()
    },
  }
  return {
    spool,
    standing: (changed) => {
      standing = changed
      for (const listener of listeners) listener()
    },
  }
}

type Reads = Pick<
  Spool,
  | 'nextDue'
  | 'waiting'
  | 'nextDeadline'
  | 'unclaim'
  | 'read'
  | 'depths'
  | 'totals'
  | 'search'
  | 'list'
  | 'show'
  | 'past'
  | 'change'
  | 'report'
  | 'forget'
  | 'keys'
  | 'events'
  | 'counts'
  | 'age'
>

function readsOver(service: SpoolService): Reads {
  return {
    nextDue: (queue) => asked(() => service.nextDue(queue)),
    nextDeadline: () => asked(() => service.nextDeadline()),
    waiting: (after, limit) => asked(() => service.waiting(after, limit)),
    unclaim: (keys) => asked(() => service.unclaim(keys.map(({ message, n }) => [toInteger(message), n]))),
    read: (id) => asked(() => read(service, id)),
    depths: (queues) => asked(() => service.depths(queues)),
    totals: () => asked(() => service.totals()),
    search: (filter, page) =>
      asked(async () => {
        const [rows, next] = await service.search(filter, page)
        return {
          rows: claimedRows(rows),
          ...(next !== null && { next: { message: fromInteger(next[0]), n: next[1] } }),
        }
      }),
    list: (filter, page) => asked(async () => claimedRows(await service.list(filter, page))),
    show: (id) => asked(() => show(service, id)),
    past: (after, limit) =>
      asked(async () => {
        const key: Key = after === undefined ? [-1, 0] : [toInteger(after.message), after.n]
        return (await service.past(key, limit)).map(pastOf)
      }),
    change: (filter, change, now, reason) =>
      asked(async () => claimedRows(await service.change(filter, change, now, reason))),
    report: ({ message, n }, report) =>
      asked(() => service.report([toInteger(message), n], report.kind, JSON.stringify(report))),
    forget: (before, limit, streams = new Map()) => asked(() => service.forget(before, limit, streams)),
    keys: {
      kept: (organization, key) => asked(() => kept(service, organization, key)),
      tidy: (before, limit) => asked(() => service.tidyKeys(before, limit)),
    },
    events: (query) => asked(() => readLog(service, query)),
    counts: (query) =>
      asked(async () => {
        const summed = summedQuery(query)
        return countRows(summed, await service.sums(summed))
      }),
    age: (before) => asked(() => service.age(before)),
  }
}

async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof SyntaxError) throw new SpoolError('corrupt', 'a record is damaged', { cause: error })
    throw asSpoolError(error)
  }
}

function readable(rows: readonly ClaimedRow[], group: Group, now: number): readonly Claimed[] {
  const claimed = claimedReader()
  return rows.flatMap((row) => {
    try {
      return [claimed(row)]
    } catch {
      // Sent it cannot be, and given back it would come again at once: an operator has to look.
      const key = { message: fromInteger(row[0]), n: row[7] }
      const reason = 'the record of this message is damaged'
      group.settle({ key, state: 'held', due: now, at: now, reason }).catch(() => {})
      return []
    }
  })
}

function claimedRows(rows: readonly ClaimedRow[]): readonly Claimed[] {
  return rows.map(claimedReader())
}

async function read(service: SpoolService, id: MessageId): Promise<Content> {
  const body = await service.read(toInteger(id))
  if (!body) throw new SpoolError('missing', `message ${id} has no body any more`)
  if (body.kind === 'whole') return { kind: 'whole', bytes: verified(id, body) }
  const { size, count } = body
  return { kind: 'chunked', size, chunks: () => chunks(service, id, count) }
}

async function kept(
  service: SpoolService,
  organization: string,
  key: string,
): Promise<KeptRequest | undefined> {
  const row = await service.kept(organization, key)
  return row && { message: fromInteger(row[0]), digest: row[1], answer: row[2] }
}

async function* chunks(service: SpoolService, id: MessageId, count: number): AsyncIterable<Uint8Array> {
  for (let seq = 0; seq < count; seq += 1) {
    const chunk = await asked(() => service.readChunk(toInteger(id), seq))
    if (!chunk) throw new SpoolError('missing', `message ${id} has no body any more`)
    yield verified(id, chunk)
  }
}

function verified(id: MessageId, { bytes, crc }: StoredChunk): Uint8Array {
  if (crc32(bytes) === crc) return bytes
  throw new SpoolError('corrupt', `the body of message ${id} is damaged: its checksum differs`)
}

async function show(service: SpoolService, id: MessageId): Promise<MessageView | undefined> {
  const shown = await service.show(toInteger(id))
  const [head] = shown?.deliveries ?? []
  if (!shown || !head) return undefined
  const attempts = Map.groupBy(shown.attempts, ([n]) => n)
  const reports = Map.groupBy(shown.reports, ([n]) => n)
  const claimed = claimedReader()
  const deliveries = shown.deliveries.map((row) => ({
    delivery: claimed(row).delivery,
    attempts: (attempts.get(row[7]) ?? []).map(([, attempt]) => attemptOf(attempt)),
    reports: (reports.get(row[7]) ?? [])
      .map(([, report]) => reportOf(report))
      .toSorted((a, b) => a.at - b.at),
  }))
  return { message: claimed(head).message, deliveries, hasBody: shown.hasBody }
}

/** Chunks of `WHOLE_LIMIT`, whatever the size of those that come: rows are few, and each is one read later. */
function writing(service: SpoolService, group: Group, id: MessageId): Writing {
  const integer = toInteger(id)
  let pending: Uint8Array[] = []
  let size = 0
  let seq = 0
  const flush = async (): Promise<void> => {
    if (size === 0) return
    // Of its own, not of Buffer's pool: its memory moves to the thread of the store.
    const bytes = Buffer.allocUnsafeSlow(size)
    let offset = 0
    for (const part of pending) {
      bytes.set(part, offset)
      offset += part.length
    }
    pending = []
    size = 0
    seq += 1
    const chunk: StoredChunk = { bytes, crc: crc32(bytes) }
    await asked(() => service.writeChunk(integer, seq - 1, transfer(chunk, [bytes.buffer])))
  }
  return {
    write: async (chunk) => {
      // Copied: the caller's buffer may be used again once this settles.
      pending.push(Uint8Array.from(chunk))
      size += chunk.length
      if (size >= WHOLE_LIMIT) await flush()
    },
    accept: async (entry) => {
      await flush()
      await group.accept(entry, undefined)
    },
    discard: () => asked(() => service.discardChunks(integer)),
  }
}
