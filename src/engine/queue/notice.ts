/** Delivery status notifications: made of endings, addressed to the sender, accepted like any other message. RFC 3464 */

import { deadline } from '#engine/lifetime'
import { SpoolError } from '#engine/spool'
import type { Claimed, Content, Instant, Message, MessageId, NewMessage } from '#engine/spool'
import type { Mailbox } from '#grammar/address'
import { composeDsn } from '#grammar/report'
import type { DsnRecipient, Returned } from '#grammar/report'

import { replyText } from './outcome.ts'
import type { Ending, Notice } from './outcome.ts'
import type { Personaliser } from './personal.ts'
import { bandOf, queueKey } from './scheduled-queue.ts'

export type NoticeOptions = {
  readonly nodeName: string
  readonly postmaster: string
  /** Notices to one sender within an hour; beyond it they are not sent, which the record of the delivery says. */
  readonly perSenderPerHour: number
  /** Milliseconds that a notice may wait itself. */
  readonly expire: number
  newId(): MessageId
  readonly personaliser: Personaliser
  read(id: MessageId): Promise<Content>
}

export type Notification = {
  readonly entry: NewMessage
  readonly bytes: Uint8Array
  readonly about: readonly Ending[]
}

/** `sent`: to be accepted in the same commit as the endings. `withheld`: the sender had too many already. */
export type Notified =
  | { readonly kind: 'sent'; readonly notification: Notification }
  | { readonly kind: 'withheld'; readonly limit: number }

const HOUR = 3_600_000

/** How many senders are remembered for the hourly limit; beyond it the memory starts anew. */
const SENDERS = 10_000

const ACTION: Record<Notice, DsnRecipient['action']> = {
  failed: 'failed',
  delayed: 'delayed',
  relayed: 'relayed',
  'deadline-dropped': 'relayed',
  'deadline-passed-on': 'relayed',
  'came-back': 'failed',
  'late-beyond': 'delayed',
  arrived: 'delivered',
}

const ONWARD: Partial<Record<Notice, DsnRecipient['onward']>> = {
  relayed: 'no-notices',
  'deadline-dropped': 'no-deadline',
  'deadline-passed-on': 'deadline',
}

export class Notices {
  readonly #options: NoticeOptions
  #sent = new Map<string, number>()
  #hour = 0

  constructor(options: NoticeOptions) {
    this.#options = options
  }

  /** One notification for all of `endings`, which are of one message and each have a notice. */
  async of(endings: readonly [Ending, ...Ending[]], now: Instant): Promise<Notified> {
    const { message } = endings[0].claimed
    const to = message.from
    if (to === null) throw new Error(`a notification about ${message.id}, which has a null reverse-path`)
    if (!this.#mayTell(to, now)) return { kind: 'withheld', limit: this.#options.perSenderPerHour }
    const id = this.#options.newId()
    const returned = await this.#returned(endings)
    const [first, ...others] = endings
    const dsn = composeDsn({
      reportingMta: this.#options.nodeName,
      postmaster: this.#options.postmaster,
      to,
      ...(message.envid === undefined ? {} : { envid: message.envid }),
      arrivedAt: message.acceptedAt,
      ...(message.deliverBy === undefined ? {} : { deliverBy: message.deliverBy.at }),
      now,
      offset: -new Date(now).getTimezoneOffset(),
      messageId: `<${id}@${this.#options.nodeName}>`,
      ...(message.subject === undefined ? {} : { subject: message.subject }),
      recipients: [recipientOf(first), ...others.map(recipientOf)],
      returned,
    })
    const entry = this.#entry({
      id,
      to,
      now,
      size: dsn.bytes.length,
      body: dsn.body,
      smtputf8: dsn.smtputf8,
      subject: dsn.subject,
      about: first,
    })
    return { kind: 'sent', notification: { entry, bytes: dsn.bytes, about: endings } }
  }

  #entry(dsn: {
    readonly id: MessageId
    readonly to: Mailbox
    readonly now: Instant
    readonly size: number
    readonly body: '7bit' | '8bitmime'
    readonly smtputf8: boolean
    readonly subject: string
    readonly about: Ending
  }): NewMessage {
    const { organization, stream, requireTls } = dsn.about.claimed.message
    return {
      message: {
        id: dsn.id,
        acceptedAt: dsn.now,
        organization,
        stream,
        door: 'platform',
        client: { address: '', helo: '', protocol: '' },
        // RFC 3464 §2: so that it can never cause another.
        from: null,
        size: dsn.size,
        body: dsn.body,
        smtputf8: dsn.smtputf8,
        // RFC 8689 §5: it tells of the message, so it is kept from the same eyes.
        requireTls,
        priority: 0,
        expiresAt: dsn.now + this.#options.expire,
        subject: dsn.subject,
        headerFrom: this.#options.postmaster,
      },
      deliveries: [
        {
          to: dsn.to,
          queue: queueKey(organization, stream, dsn.to.domain),
          band: bandOf(0),
          state: 'waiting',
          due: dsn.now,
          notify: 'never',
        },
      ],
    }
  }

  /** RFC 3461 §4.3: the whole message only for failures; how much of it goes back is decided where it is made. */
  async #returned([{ claimed, notice }, ...others]: readonly [Ending, ...Ending[]]): Promise<Returned> {
    const { message } = claimed
    const content = await this.#sentTo(claimed, others.length === 0)
    if (content === undefined) return { kind: 'headers', bytes: remembered(message), size: message.size }
    const start = content.kind === 'whole' ? content.bytes : await firstChunk(content)
    // RFC 8689 §5: REQUIRETLS overrides RET=FULL.
    const mayBeFull = message.ret !== 'headers' && !message.requireTls
    const full = notice === 'failed' && mayBeFull && content.kind === 'whole'
    return { kind: full ? 'full' : 'headers', bytes: start, size: message.size }
  }

  /**
   * What was sent; `undefined` when it is gone, damaged or out of reach (the sender is told all the same), and when the
   * notification is about several who were each sent something else.
   */
  async #sentTo(claimed: Claimed, isOne: boolean): Promise<Content | undefined> {
    const { message } = claimed
    const { personaliser } = this.#options
    const read = (): Promise<Content> => this.#options.read(message.id)
    try {
      if (!personaliser.concerns(message)) return await read()
      const made = isOne ? await personaliser.personalise(claimed, read) : undefined
      return made?.kind === 'not-sendable' ? undefined : made
    } catch (cause) {
      if (!(cause instanceof SpoolError) || cause.code === 'broken') throw cause
      return undefined
    }
  }

  #mayTell(to: Mailbox, now: Instant): boolean {
    const hour = Math.floor(now / HOUR)
    if (hour !== this.#hour || this.#sent.size >= SENDERS) this.#sent = new Map()
    this.#hour = hour
    const sender = `${to.local}@${to.domain}`
    const count = (this.#sent.get(sender) ?? 0) + 1
    this.#sent.set(sender, count)
    return count <= this.#options.perSenderPerHour
  }
}

function recipientOf({ claimed, settlement, notice }: Ending): DsnRecipient {
  const { attempt } = settlement
  const { delivery } = claimed
  const onward = notice && ONWARD[notice]
  return {
    to: delivery.to,
    ...(delivery.orcpt === undefined ? {} : { orcpt: delivery.orcpt }),
    action: ACTION[notice ?? 'failed'],
    ...(onward === undefined ? {} : { onward }),
    // RFC 3463 §3.5: without an attempt it is the time that is over.
    status: statusOf(settlement.state, attempt?.enhanced ?? '4.4.7'),
    ...(attempt === undefined || attempt.host === '' || attempt.code === 0
      ? {}
      : { remoteMta: attempt.host }),
    ...diagnosed(settlement),
    ...(notice === 'delayed' ? { willRetryUntil: deadline(claimed) } : {}),
  }
}

function diagnosed({
  attempt,
  reason,
  at,
}: Ending['settlement']): Pick<DsnRecipient, 'diagnostic' | 'lastAttemptAt'> {
  if (attempt !== undefined) return { diagnostic: replyText(attempt), lastAttemptAt: at }
  return reason === '' ? {} : { diagnostic: reason }
}

/** RFC 3464 §2.3.4: the class says what became of it, whatever the last reply's class was. */
function statusOf(state: Ending['settlement']['state'], enhanced: string): string {
  const detail = enhanced === '' ? undefined : enhanced.slice(1)
  switch (state) {
    case 'delivered':
      return `2${detail ?? '.0.0'}`
    case 'waiting':
    case 'held':
      return `4${detail ?? '.0.0'}`
    case 'expired':
      // RFC 3463 §3.5: X.4.7, delivery time expired.
      return '5.4.7'
    case 'bounced':
    case 'cancelled':
      return `5${detail ?? '.0.0'}`
  }
}

/** By this a mail reader still finds the message that a notification is about. */
function remembered({ headerMessageId }: Message): Uint8Array {
  return Buffer.from(headerMessageId === undefined ? '\r\n' : `Message-ID: ${headerMessageId}\r\n\r\n`)
}

async function firstChunk(content: Extract<Content, { kind: 'chunked' }>): Promise<Uint8Array> {
  for await (const chunk of content.chunks()) return chunk
  return new Uint8Array()
}
