/** Where doors hand messages over: from an accepted content to deliveries on disk, and on their way. */

import { isOurs, SpoolError } from '#engine/spool'
import type {
  Claimed,
  Delivery,
  IdempotencyKey,
  Instant,
  Message,
  MessageId,
  Metadata,
  NewDelivery,
  NewMessage,
  Spool,
  Tracking,
} from '#engine/spool'
import { formatPath } from '#grammar/address'
import { reply } from '#grammar/smtp'
import type { Envelope, Recipient, Reply } from '#grammar/smtp'
import type { Log } from '#platform/log'

import { exhaustedReply } from './exhausted.ts'
import type { Allowing, Exhausted } from './exhausted.ts'
import { bandOf, queueKey } from './scheduled-queue.ts'

/** Everything about an accepted content but its bytes. */
export type Arrival = {
  readonly id: MessageId
  readonly envelope: Envelope
  readonly organization: string
  readonly stream: string
  readonly credential?: string
  readonly door: string
  readonly client: { readonly address: string; readonly helo: string; readonly protocol: string }
  /** As found in the content, for people who search. */
  readonly subject?: string
  /** The author's address, without display name: its domain chooses the DKIM keys. */
  readonly headerFrom?: string
  readonly headerMessageId?: string
  readonly campaign?: string
  readonly tags?: readonly string[]
  readonly metadata?: Metadata
  readonly tracking?: Tracking
  /** The content is a template; `data` is what each recipient has of its own in it, in their order. */
  readonly template?: { readonly data: readonly string[] }
  /** Kept with the message. When it is taken, the message is refused as if there were no room. */
  readonly once?: IdempotencyKey
}

export type Accepted =
  | { readonly ok: true; readonly id: MessageId }
  /** Nothing was kept; the reply says why, in words for the sender. */
  | { readonly ok: false; readonly reply: Reply; readonly exhausted?: Exhausted }

export type StreamedArrival = {
  /** Await it before the next chunk: this is the back-pressure. */
  write(chunk: Uint8Array): Promise<void>
  accept(arrival: Arrival, size: number): Promise<Accepted>
  discard(): Promise<void>
}

export type Intake = {
  newId(): MessageId
  /** Why nothing may come in now (disk, memory, draining), as the reply to MAIL; `undefined` when it may. */
  refusal(): Reply | undefined
  /** Resolves after the fsync that covers the message. Rejects only when the spool is broken; then no 250. */
  accept(arrival: Arrival, bytes: Uint8Array): Promise<Accepted>
  /** For content beyond `WHOLE_LIMIT`. */
  stream(id: MessageId): StreamedArrival
}

export type IntakeOptions = {
  readonly spool: Spool
  readonly queue: {
    reserve(key: string, recipients: number): boolean
    free(key: string): void
    arrived(claimed: readonly Claimed[], bytes: Uint8Array | undefined): void
  }
  /** Milliseconds a message may wait, by whether it has a reverse-path. */
  readonly expire: number
  readonly expireNull: number
  readonly log: Log
  /** What organizations may send; absent where anything goes. Mail of our own is not asked for. */
  readonly allowance?: Allowing
  newId(): MessageId
  now(): Instant
  /** Why the process takes nothing in: memory, draining. */
  pressure(): string | undefined
}

export function createIntake(options: IntakeOptions): Intake {
  const { spool } = options
  return {
    newId: () => options.newId(),
    refusal: () => refusal(options),
    accept: (arrival, bytes) =>
      allowed(options, arrival, (now) => {
        const entry = plan(options, arrival, { size: bytes.length, now })
        return keep(options, entry, () => spool.accept(entry, bytes), bytes)
      }),
    stream(id) {
      const writing = spool.write(id)
      return {
        write: (chunk) => writing.write(chunk),
        async accept(arrival, size) {
          const accepted = await allowed(options, arrival, (now) => {
            const entry = plan(options, arrival, { size, now })
            return keep(options, entry, () => writing.accept(entry), undefined)
          })
          if (!accepted.ok && accepted.exhausted !== undefined) await writing.discard()
          return accepted
        },
        discard: () => writing.discard(),
      }
    },
  }
}

/** RFC 5321 §4.2.3: 452 asks the client to come back, and what waits goes out meanwhile. */
function refusal(options: IntakeOptions): Reply | undefined {
  const { room, healthy } = options.spool
  const full = room.ok ? undefined : (room.why ?? 'no room')
  const why = full ?? (healthy ? options.pressure() : 'outcomes cannot be written')
  return why === undefined ? undefined : reply(452, '4.3.1', `Insufficient system storage: ${why}`)
}

/** `go` when the organization may send it, as accepted at the time that it is given: the one it is counted at. */
function allowed(
  options: IntakeOptions,
  arrival: Arrival,
  go: (now: Instant) => Promise<Accepted>,
): Promise<Accepted> {
  const { allowance } = options
  const now = options.now()
  if (allowance === undefined || isOurs(arrival)) return go(now)
  const taken = allowance.take(arrival, { recipients: arrival.envelope.to.length }, now)
  if (taken.ok) return taken.over === undefined ? go(now) : settled(go(now), taken.over)
  const { exhausted } = taken
  return Promise.resolve({ ok: false, reply: exhaustedReply(exhausted), exhausted })
}

async function settled(going: Promise<Accepted>, over: (isKept: boolean) => void): Promise<Accepted> {
  let isKept = false
  try {
    const accepted = await going
    isKept = accepted.ok
    return accepted
  } finally {
    over(isKept)
  }
}

function plan(
  options: IntakeOptions,
  arrival: Arrival,
  { size, now }: { readonly size: number; readonly now: Instant },
): NewMessage {
  const { id, envelope, organization, stream, credential, door, client } = arrival
  const due = Math.max(now, envelope.holdUntil ?? now)
  const message: Message = {
    id,
    acceptedAt: now,
    organization,
    stream,
    ...(credential === undefined ? {} : { credential }),
    door,
    client,
    from: envelope.from,
    size,
    body: envelope.body,
    smtputf8: envelope.smtputf8,
    requireTls: envelope.requireTls,
    ...(envelope.ret === undefined ? {} : { ret: envelope.ret }),
    ...(envelope.envid === undefined ? {} : { envid: envelope.envid }),
    ...(envelope.deliverBy === undefined ? {} : { deliverBy: envelope.deliverBy }),
    priority: envelope.priority,
    // RFC 4865 §4: the time it is held does not count against its life in the queue.
    expiresAt: due + (envelope.from === null ? options.expireNull : options.expire),
    ...found(arrival),
  }
  return {
    message,
    deliveries: envelope.to.map((recipient, n) =>
      planDelivery(options, message, {
        recipient,
        of: envelope.to.length,
        due,
        data: arrival.template?.data[n],
      }),
    ),
    ...(arrival.once === undefined ? {} : { once: arrival.once }),
  }
}

type Found =
  | 'subject'
  | 'headerFrom'
  | 'headerMessageId'
  | 'campaign'
  | 'tags'
  | 'metadata'
  | 'tracking'
  | 'content'

/** What the sender says in the content or beside it. */
function found(arrival: Arrival): Pick<Message, Found> {
  return {
    ...(arrival.subject === undefined ? {} : { subject: arrival.subject }),
    ...(arrival.headerFrom === undefined ? {} : { headerFrom: arrival.headerFrom }),
    ...(arrival.headerMessageId === undefined ? {} : { headerMessageId: arrival.headerMessageId }),
    ...(arrival.campaign === undefined ? {} : { campaign: arrival.campaign }),
    ...(arrival.tags === undefined ? {} : { tags: arrival.tags }),
    ...(arrival.metadata === undefined ? {} : { metadata: arrival.metadata }),
    ...(arrival.tracking === undefined ? {} : { tracking: arrival.tracking }),
    ...(arrival.template === undefined ? {} : { content: 'template' }),
  }
}

type Addressed = {
  readonly recipient: Recipient
  /** How many recipients there are. */
  readonly of: number
  readonly due: Instant
  readonly data: string | undefined
}

/** What goes to thousands at once does not go before what was written to one. */
const LETTERS = bandOf(-1)

function planDelivery(
  options: IntakeOptions,
  message: Message,
  { recipient, of, due, data }: Addressed,
): NewDelivery {
  const queue = queueKey(message.organization, message.stream, recipient.to.domain)
  const atOnce = due <= message.acceptedAt && options.queue.reserve(queue, of)
  return {
    ...recipient,
    queue,
    band: message.content === 'template' ? LETTERS : bandOf(message.priority),
    state: atOnce ? 'active' : 'waiting',
    due,
    ...(data === undefined ? {} : { data }),
  }
}

async function keep(
  options: IntakeOptions,
  { message, deliveries }: NewMessage,
  write: () => Promise<void>,
  bytes: Uint8Array | undefined,
): Promise<Accepted> {
  try {
    await write()
  } catch (cause) {
    for (const { state, queue } of deliveries) if (state === 'active') options.queue.free(queue)
    if (!(cause instanceof SpoolError) || cause.code === 'broken') throw cause
    options.log.warn('intake.refused', { message: message.id, from: formatPath(message.from), cause })
    return { ok: false, reply: reply(452, '4.3.1', 'Insufficient system storage, try again later') }
  }
  options.queue.arrived(arrivedOf(message, deliveries), bytes)
  return { ok: true, id: message.id }
}

/** What the queue has to know: memory takes what goes on at once, and of the rest where it waits. */
function arrivedOf(message: Message, deliveries: readonly NewDelivery[]): readonly Claimed[] {
  const waiting = new Set<string>()
  const claimed: Claimed[] = []
  for (const [n, delivery] of deliveries.entries()) {
    const { state, queue } = delivery
    if (state === 'waiting' && waiting.has(queue)) continue
    if (state === 'waiting') waiting.add(queue)
    claimed.push({ message, delivery: asDelivery(message.id, delivery, n) })
  }
  return claimed
}

function asDelivery(message: MessageId, delivery: NewDelivery, n: number): Delivery {
  return { ...delivery, key: { message, n }, attempts: 0, delayNotified: false }
}
