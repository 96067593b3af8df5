/** Group commit, on the side of those who wait: while one commit runs, all that comes in collects for the next. */

import { crc32 } from 'node:zlib'

import { toInteger } from '#grammar/message-id'
import { transfer } from '#platform/thread'

import type { CommitReply } from './committer.ts'
import type { Batch, EventRow, MessageRow, SettlementRow } from './engine.ts'
import type { NewEvent } from './event.ts'
import { OURS } from './count.ts'
import {
  deliveryRow,
  eventRow,
  messageDetail,
  metadataText,
  pathText,
  settlementRow,
  tagsText,
} from './row.ts'
import { isOurs } from './message.ts'
import type { Settlement } from './message.ts'
import type { SpoolService } from './service.ts'
import { SpoolError } from './spool.ts'
import type { NewMessage } from './spool.ts'

/** What one commit takes at most: it must end soon, and its bytes are in memory twice. */
const BATCH = { messages: 1000, bytes: 16 * 1024 * 1024, settlements: 4000, events: 4000 } as const

/**
 * Milliseconds an outcome waits for others to share its commit with. The promise is 50, commit included; a drained
 * backlog of 1,000 messages a second still puts ten into each commit.
 */
export const SETTLE_WITHIN = 10

/** A buffer for bodies up to this size is used again for the next batch. */
const SPARE = 2 * 1024 * 1024

type Waiter = { readonly resolve: () => void; readonly reject: (error: Error) => void }
/** Without `bytes` the body was written as chunks. */
type Accept = Waiter & { readonly entry: NewMessage; readonly bytes: Uint8Array | undefined }
type Settle = Waiter & { readonly row: SettlementRow }
type Append = Waiter & { readonly row: EventRow }
type Taken = {
  readonly accepts: readonly Accept[]
  readonly settles: readonly Settle[]
  readonly appends: readonly Append[]
}

export class Group {
  readonly #service: Pick<SpoolService, 'commit' | 'settled'>
  readonly #settleWithin: number
  #accepts: Accept[] = []
  #settles: Settle[] = []
  #appends: Append[] = []
  #busy = false
  #timer: NodeJS.Timeout | undefined
  #spare: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  #drained: PromiseWithResolvers<void> | undefined

  constructor(service: Pick<SpoolService, 'commit' | 'settled'>, settleWithin: number) {
    this.#service = service
    this.#settleWithin = settleWithin
  }

  async accept(entry: NewMessage, bytes: Uint8Array | undefined): Promise<void> {
    // Nothing would ever end it, and its body would stay for good.
    if (entry.deliveries.length === 0) throw new SpoolError('refused', 'a message without a delivery')
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#accepts.push({ entry, bytes, resolve, reject })
    this.#start()
    return promise
  }

  settle(settlement: Settlement): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#settles.push({ row: settlementRow(settlement), resolve, reject })
    this.#soon()
    return promise
  }

  append(event: NewEvent): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#appends.push({ row: eventRow(event), resolve, reject })
    this.#soon()
    return promise
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    if (!this.#busy && !this.#hasLate) return
    this.#drained ??= Promise.withResolvers<void>()
    this.#start()
    await this.#drained.promise
  }

  /** What can wait for others to share its commit with. */
  get #hasLate(): boolean {
    return this.#settles.length > 0 || this.#appends.length > 0
  }

  #soon(): void {
    if (!this.#busy) this.#timer ??= setTimeout(() => this.#start(), this.#settleWithin)
  }

  #start(): void {
    if (this.#busy) return
    this.#busy = true
    clearTimeout(this.#timer)
    this.#timer = undefined
    // Not at once: what other connections have in this round of the event loop shares the commit.
    setImmediate(() => void this.#send())
  }

  async #send(): Promise<void> {
    const accepts = this.#take()
    const settles = this.#settles.splice(0, BATCH.settlements)
    const appends = this.#appends.splice(0, BATCH.events)
    const taken = { accepts, settles, appends }
    const reply = await this.#commit(taken)
    // First the next commit: its fsync takes as long as it takes to answer all whom this one was for.
    const isMore = this.#accepts.length > 0
    if (isMore) void this.#send()
    if (reply instanceof SpoolError)
      for (const { reject } of [...accepts, ...settles, ...appends]) reject(reply)
    else this.#done(taken, reply)
    if (!isMore) this.#rest()
  }

  async #commit(taken: Taken): Promise<CommitReply | SpoolError> {
    try {
      const batch = this.#encode(taken)
      const reply = await this.#service.commit(transfer(batch, [batch.bytes.buffer]))
      if (reply.bytes.length <= SPARE) this.#spare = reply.bytes
      return reply
    } catch (cause) {
      return asSpoolError(cause)
    }
  }

  #rest(): void {
    this.#busy = false
    if (this.#drained) this.#again()
    else if (this.#hasLate) this.#soon()
  }

  #again(): void {
    if (this.#hasLate) {
      this.#start()
      return
    }
    this.#drained?.resolve()
    this.#drained = undefined
  }

  /** At least one, if any wait. */
  #take(): Accept[] {
    let count = 0
    let bytes = 0
    for (const accept of this.#accepts) {
      bytes += accept.bytes?.length ?? 0
      if (count > 0 && (bytes > BATCH.bytes || count >= BATCH.messages)) break
      count += 1
    }
    return this.#accepts.splice(0, count)
  }

  #encode({ accepts, settles, appends }: Taken): Batch {
    let length = 0
    for (const { bytes } of accepts) length += bytes?.length ?? 0
    const bytes = this.#buffer(length)
    let offset = 0
    const rows = accepts.map((accept) => {
      const row = messageRow(accept, bytes, offset)
      offset += accept.bytes?.length ?? 0
      return row
    })
    const settlements = settles.map(({ row }) => row)
    return { accepts: rows, settlements, events: appends.map(({ row }) => row), bytes }
  }

  /** Fresh pages cost more than the copy into them: the buffer that came back with the last reply serves again. */
  #buffer(length: number): Uint8Array<ArrayBuffer> {
    const spare = this.#spare
    this.#spare = new Uint8Array(0)
    if (spare.length >= length) return spare
    return Buffer.allocUnsafeSlow(length <= SPARE ? Math.min(SPARE, 2 * length) : length)
  }

  #done({ accepts, settles, appends }: Taken, reply: CommitReply): void {
    for (const [position, code, message] of reply.refused) {
      accepts[position]?.reject(new SpoolError(code, message))
    }
    if (reply.untold) {
      const [code, message] = reply.untold
      for (const { reject } of appends) reject(new SpoolError(code, message))
    }
    // Those that were rejected above ignore it.
    for (const { resolve } of accepts) resolve()
    for (const { resolve } of appends) resolve()
    if (reply.kept === undefined) for (const { resolve } of settles) resolve()
    else void this.#await(reply.kept, settles)
  }

  async #await(kept: number, settles: readonly Settle[]): Promise<void> {
    try {
      await this.#service.settled(kept)
      for (const { resolve } of settles) resolve()
    } catch (cause) {
      for (const { reject } of settles) reject(asSpoolError(cause))
    }
  }
}

function messageRow({ entry, bytes }: Accept, into: Uint8Array, offset: number): MessageRow {
  const { message, deliveries, once } = entry
  if (bytes) into.set(bytes, offset)
  return [
    toInteger(message.id),
    message.acceptedAt,
    message.organization,
    message.stream,
    pathText(message.from),
    message.size,
    messageDetail(message),
    bytes ? offset : -1,
    bytes ? bytes.length : 0,
    bytes ? crc32(bytes) : 0,
    deliveries.map(deliveryRow),
    tagsText(message.tags),
    metadataText(message.metadata),
    deadlineOf(message),
    once === undefined ? null : [once.key, once.digest, once.answer],
    isOurs(message) ? OURS : '',
  ]
}

/** RFC 2852 §4.1: what was over when it came was told of before, and nobody is told of what has no sender. */
function deadlineOf({ deliverBy, from }: NewMessage['message']): number | null {
  if (deliverBy === undefined) return null
  const isNobody = deliverBy.mode === 'notify' && (deliverBy.overdue === true || from === null)
  return isNobody ? null : deliverBy.at
}

const CODES: ReadonlySet<unknown> = new Set([
  'missing',
  'corrupt',
  'full',
  'unreachable',
  'refused',
  'broken',
])

/** Errors lose their class between threads; a thread that is gone is a store that is gone; the rest is the asker's fault. */
export function asSpoolError(error: unknown): SpoolError {
  if (error instanceof SpoolError) return error
  const { name, code, message } = error as Partial<SpoolError>
  const known = name === 'SpoolError' && CODES.has(code) ? code : undefined
  const guess = String(name) === 'ThreadError' ? 'broken' : 'refused'
  return new SpoolError(known ?? guess, message ?? String(error), { cause: error })
}
