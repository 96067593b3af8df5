/**
 * What comes back after a delivery has ended: bounces, complaints, automatic answers, wishes to unsubscribe. Judged,
 * kept with the delivery, and taught to whom it concerns. Nothing is ever mailed to whoever sent it.
 */

import { judgeIncoming } from '#engine/bounce'
import type { JudgedMessage } from '#engine/bounce'
import { subscriptionIn } from '#engine/queue'
import type { Intake, OwnAddress, Subscription, SubscriptionSeal, Tell } from '#engine/queue'
import { SpoolError } from '#engine/spool'
import type { Claimed, DeliveryKey, Report, Spool } from '#engine/spool'
import { formatMailbox, formatPath } from '#grammar/address'
import type { Mailbox } from '#grammar/address'
import { displayValue, field, parseHeader } from '#grammar/message'
import { reply } from '#grammar/smtp'
import type { Reply } from '#grammar/smtp'
import type { Log } from '#platform/log'

import { decide, lateWish } from './decide.ts'
import type { Decision, Learned } from './decide.ts'
import type { FeedbackMetrics } from './metrics.ts'
import { toPostmaster } from './postmaster.ts'
import type { Kept } from './postmaster.ts'
import { quotedDelivery, recognise } from './recognise.ts'
import type { Recognised } from './recognise.ts'
import type { Returned, Taken } from './returned.ts'

export type FeedbackOptions = {
  readonly hostname: string
  /** Where mail comes to us, in lower case. */
  readonly names: ReadonlySet<string>
  /** Who gets mail for the postmaster, none of them at a name of ours. Nobody: it is kept. */
  readonly postmaster: readonly Mailbox[]
  /** Resolves when it is durable. */
  readonly keep: (mail: Kept, content: Uint8Array) => Promise<void>
  /** Received fields beyond which a message is in a loop. */
  readonly hops: number
  /** The key of return paths. */
  readonly secret: Uint8Array
  /** Of the subjects of List-Unsubscribe. */
  readonly seal: SubscriptionSeal
  readonly spool: Pick<Spool, 'show' | 'report'>
  readonly intake: Pick<Intake, 'newId' | 'accept' | 'stream'>
  /** Resolves when what a report says is kept, or there is nothing to keep. */
  readonly reported: (reported: Reported) => Promise<ReportTaken>
  /** Resolves when it is written down. */
  readonly learned: (learned: Learned) => Promise<void>
  readonly tell: Tell
  readonly log: Log
  readonly metrics: FeedbackMetrics
  now(): number
}

const NO_SUCH_ADDRESS = reply(550, '5.1.1', 'There is no such address here')
const NO_RELAY = reply(550, '5.7.1', 'No mail is relayed here')
const TAKEN = reply(250, '2.0.0', 'Taken')
const TOO_MANY_REPORTS = reply(452, '4.3.1', 'Too many reports about that domain, try again later')
const NOT_NOW = reply(451, '4.3.0', 'It could not be kept, try again later')

/** What is looked at of a header section, and characters of a subject. */
const HEADER = { bytes: 256 * 1024, fields: 5_000 }
const SUBJECT = 2_000

/** A message to an address for reports. */
export type Reported = {
  readonly bytes: Uint8Array
  readonly client: string
  readonly sender: string
  /** Our own, which belong to no organization. */
  readonly names: readonly string[]
}

/** What became of it; `why` for whoever sent it. */
export type ReportTaken =
  | { readonly kind: 'kept' | 'repeated' | 'too-many' }
  /** About a domain that is nobody's here. */
  | { readonly kind: 'foreign'; readonly domain: string }
  | { readonly kind: 'unreadable'; readonly why: string }

export class Feedback {
  readonly #options: FeedbackOptions
  /** Reports about one delivery, one after the other: two that come together are still one and its repetition. */
  readonly #under = new Map<string, Promise<void>>()

  constructor(options: FeedbackOptions) {
    this.#options = options
  }

  /** Why nobody may write to this address; `undefined` when they may. */
  refusal(to: Mailbox): Reply | undefined {
    switch (this.#recognise(to).at) {
      case 'delivery':
      case 'complaints':
      case 'postmaster':
      case 'reports':
        return undefined
      case 'nobody':
        return NO_SUCH_ADDRESS
      case 'elsewhere':
        return NO_RELAY
    }
  }

  /**
   * Resolves when what the message means is durable; after a 4yz, what was done already is not done again but for a
   * soft bounce that may be counted twice, and a sender told twice. Rejects only with the death of the spool.
   */
  async take(mail: Returned): Promise<Taken> {
    let judged: JudgedMessage | undefined
    const judge = (): JudgedMessage => (judged ??= judgeIncoming(mail.bytes))
    let taken: Taken = { reply: TAKEN }
    for (const { to } of mail.offer.envelope.to) {
      const one = await this.#takeFor(to, judge, mail)
      if (one.reply.code >= 400) return one
      if (one.id !== undefined) taken = { ...taken, id: one.id }
    }
    return taken
  }

  /** `judge`, only where it is asked: letters and reports are read otherwise. */
  async #takeFor(to: Mailbox, judge: () => JudgedMessage, mail: Returned): Promise<Taken> {
    const recognised = this.#recognise(to)
    try {
      switch (recognised.at) {
        case 'postmaster':
          return await toPostmaster(this.#options, mail, to)
        case 'complaints':
          await this.#complaint(judge(), mail)
          return { reply: TAKEN }
        case 'reports':
          return { reply: await this.#reportsCame(mail) }
        case 'delivery':
          await this.#about(recognised, judge(), mail)
          return { reply: TAKEN }
        case 'nobody':
        case 'elsewhere':
          // A reload between RCPT and now took the address away.
          return { reply: NO_SUCH_ADDRESS }
      }
    } catch (cause) {
      if (cause instanceof SpoolError && cause.code === 'broken') throw cause
      this.#options.log.error('feedback.not-kept', { to: formatMailbox(to), kind: judge().kind, cause })
      return { reply: NOT_NOW }
    }
  }

  async #complaint(judged: JudgedMessage, mail: Returned): Promise<void> {
    const quoted = quotedDelivery(mail.bytes, this.#options.secret)
    if (quoted === undefined) return this.#dropped(judged, mail)
    await this.#about({ ...quoted, purpose: 'complaint' }, judged, mail)
  }

  /** Whoever sends reports hears of what is not taken at once, by the reply: nothing is accepted and then lost. */
  async #reportsCame({ bytes, client, offer }: Returned): Promise<Reply> {
    const { metrics, names, reported } = this.#options
    const sender = formatPath(offer.envelope.from)
    const taken = await reported({ bytes, client: client.address, sender, names: [...names] })
    switch (taken.kind) {
      case 'kept':
        metrics.received('report')
        return TAKEN
      case 'repeated':
        metrics.received('repeated')
        return TAKEN
      case 'too-many':
        return TOO_MANY_REPORTS
      case 'foreign':
        metrics.received('dropped')
        return reply(550, '5.7.1', `No reports about ${taken.domain} are taken here`)
      case 'unreadable':
        metrics.received('dropped')
        return reply(554, '5.6.0', `No report that can be read: ${printable(taken.why)}`)
    }
  }

  async #about({ key, purpose }: OwnAddress, judged: JudgedMessage, mail: Returned): Promise<void> {
    await this.#oneByOne(nameOf(key), async () => {
      const found = await this.#find(key)
      const sealed = purpose === 'unsubscribe' ? this.#sealedIn(mail, key) : undefined
      if (found === undefined) return await this.#forgotten({ key, sealed }, judged, mail)
      const called = { purpose, isSealed: sealed !== undefined }
      const decision = decide(judged, called, found, this.#options.now())
      switch (decision.kind) {
        case 'report':
          return await this.#reported(decision, found, mail)
        case 'auto-reply':
          this.#options.metrics.received('auto-reply')
          this.#options.log.info('autoreply.received', {
            ...this.#subject(found, mail),
            challenge: judged.challenge,
          })
          return
        case 'other':
          return this.#dropped(judged, mail, found)
      }
    })
  }

  /** The record last: what a crash interrupts is then done again when the report comes again, and not lost. */
  async #reported(
    { report, learned, tell }: Extract<Decision, { kind: 'report' }>,
    found: Found,
    mail: Returned,
  ): Promise<void> {
    const { log, metrics, spool } = this.#options
    const subject = this.#subject(found, mail)
    if (found.reports.some(({ kind }) => kind === report.kind)) {
      metrics.received('repeated')
      log.info('feedback.repeated', { ...subject, kind: report.kind })
      return
    }
    if (learned !== undefined) await this.#options.learned(learned)
    const notice = tell === undefined ? undefined : await this.#options.tell(tell)
    await spool.report(found.delivery.key, { ...report, ...(notice === undefined ? {} : { notice }) })
    this.#told(report, subject)
  }

  #told({ kind, host, status, text, bounce }: Report, subject: object): void {
    const { log, metrics } = this.#options
    metrics.received(kind)
    const said = { ...subject, host, status, diagnostic: text }
    const why = bounce === undefined ? {} : { class: bounce.class, type: bounce.type, rule: bounce.rule }
    switch (kind) {
      case 'bounce':
        metrics.bounced(bounce?.class ?? 'other')
        log.warn('bounce.received', { ...said, ...why })
        return
      case 'delay':
        log.info('delay.received', { ...said, ...why })
        return
      case 'success':
        log.info('success.received', said)
        return
      case 'complaint':
        log.warn('complaint.received', { ...subject, feedback: text })
        return
      case 'unsubscribe':
        log.info('unsubscribe.received', { ...subject, by: text })
        return
      case 'open':
      case 'click':
        // Nobody says so by mail.
        return
    }
  }

  #dropped({ kind, report, feedback }: JudgedMessage, mail: Returned, found?: Found): void {
    this.#options.metrics.received('dropped')
    const subject = found === undefined ? this.#client(mail) : this.#subject(found, mail)
    this.#options.log.info('feedback.dropped', { ...subject, kind, report, feedback })
  }

  /** Only wishes outlive the record: they bring with them what it said. */
  async #forgotten({ key, sealed }: Forgotten, judged: JudgedMessage, mail: Returned): Promise<void> {
    const { log, metrics } = this.#options
    const { message, n } = key
    const wish = sealed && lateWish(judged, sealed, key, this.#options.now())
    if (wish === undefined) {
      metrics.received('forgotten')
      log.warn('feedback.forgotten', { message, n, kind: judged.kind, ...this.#client(mail) })
      return
    }
    await this.#options.learned(wish)
    metrics.received('unsubscribe')
    const { organization, stream, to, evidence } = wish
    const subject = { message, n, to: formatMailbox(to), organization, stream, ...this.#client(mail) }
    log.info('unsubscribe.received', { ...subject, by: evidence })
  }

  #sealedIn({ bytes }: Returned, key: DeliveryKey): Subscription | undefined {
    const parsed = parseHeader(bytes, HEADER)
    const subject = parsed.ok ? field(parsed.header, 'subject') : undefined
    if (!parsed.ok || subject === undefined) return undefined
    return subscriptionIn(displayValue(parsed.header, subject, SUBJECT), key, this.#options.seal)
  }

  #subject({ message, delivery }: Claimed, mail: Returned): object {
    const { organization, stream } = message
    const to = formatMailbox(delivery.to)
    return { message: message.id, n: delivery.key.n, to, organization, stream, ...this.#client(mail) }
  }

  #client({ client, offer }: Returned): object {
    const { from } = offer.envelope
    return { client: client.address, from: from === null ? '<>' : formatMailbox(from) }
  }

  async #find({ message, n }: DeliveryKey): Promise<Found | undefined> {
    const view = await this.#options.spool.show(message)
    const found = view?.deliveries.find(({ delivery }) => delivery.key.n === n)
    return view && found && { message: view.message, delivery: found.delivery, reports: found.reports }
  }

  async #oneByOne(name: string, work: () => Promise<void>): Promise<void> {
    const mine = (this.#under.get(name) ?? Promise.resolve()).then(work, work)
    this.#under.set(name, mine)
    try {
      await mine
    } finally {
      if (this.#under.get(name) === mine) this.#under.delete(name)
    }
  }

  #recognise(to: Mailbox): Recognised {
    return recognise(to, this.#options)
  }
}

/** A delivery without a record, and what the subject says of it. */
type Forgotten = { readonly key: DeliveryKey; readonly sealed: Subscription | undefined }

type Found = Claimed & { readonly reports: readonly Report[] }

function nameOf({ message, n }: DeliveryKey): string {
  return `${message}.${n}`
}

/** What a reply may say: the report has words of its own in it. RFC 5321 §4.2 */
function printable(text: string): string {
  return text.replaceAll(/[^ -~]/g, '?').slice(0, 200)
}
