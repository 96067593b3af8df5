/**
 * The content of one message on its way to the intake: kept small in memory or passed on as a stream, judged,
 * its header section completed. Not its end nor its line endings: those the decoder has found.
 */

import { WHOLE_LIMIT } from '#engine/spool'
import { exhaustedReply } from '#engine/queue'
import type { Accepted, Arrival, Exhausted, Intake, StreamedArrival } from '#engine/queue'
import type { IdempotencyKey, MessageId } from '#engine/spool'
import { formatMailbox } from '#grammar/address'
import type { Mailbox } from '#grammar/address'
import {
  authorsOf,
  campaignOf,
  countHops,
  displayValue,
  field,
  inspect,
  inspector,
  parseHeader,
  prepareSubmission,
} from '#grammar/message'
import type { Header, Inspector, MimeLimits, Prepared, Structure } from '#grammar/message'
import { Collector, reply } from '#grammar/smtp'
import type { Offer, Reply } from '#grammar/smtp'
import type { SizeLimit } from '#product/quota'

import { labelled } from './labels.ts'
import type { Labelled } from './labels.ts'
import {
  HEADER_TOO_LARGE,
  LOOP,
  MIME_TOO_DEEP,
  NO_AUTHOR,
  NOT_YOUR_AUTHOR,
  TOO_MANY_FIELDS,
} from './refusals.ts'

export type ReceptionLimits = {
  readonly headerBytes: number
  readonly mimeDepth: number
  readonly mimeParts: number
  readonly hops: number
}

/** What a reception needs of its connection and its door. */
export type ReceptionSetting = {
  readonly offer: Offer
  readonly client: Origin
  readonly door: { readonly hostname: string; readonly intake: Intake; readonly now: () => number }
  /** How it came in; as `Message.door` of the spool says. */
  readonly by: 'submission' | 'api'
  readonly once?: IdempotencyKey
  /** What is said of it beside the content. */
  readonly labels?: Labelled
  readonly limits: ReceptionLimits
  /** Of the organization's own, of what the client sends. */
  readonly mostOctets: SizeLimit | undefined
  /** Whether the sender's organization sends from `domain`. A promise only where it has to be looked up. */
  maySend(domain: string): boolean | Promise<boolean>
}

/** How a message ended: with the reply, and what there is to say about it. */
export type Ended = {
  readonly reply: Reply
  readonly id?: MessageId
  readonly size: number
  /** Of what the organization may send: why it was not kept. */
  readonly exhausted?: Exhausted
}

/** The client as a Received field names it: address, name where a proxy told it, protocol and cipher when there is TLS. */
export type Origin = { readonly address: string; readonly name?: string; readonly tls?: string }

/** What content is given to, octet by octet, and what says how it ended. */
export type Receiver = {
  /** Takes decoded content. When it gives a promise, wait for it before the next octets: this is the back-pressure. */
  add(slices: readonly Buffer[]): Promise<void> | undefined
  /** Nothing of it can be accepted: what is kept is let go, now and not at the end. */
  refuse(reason: Reply): void
  /** The content is complete. Rejects only when the spool is broken. */
  end(): Promise<Ended>
  /** Lets go of everything. Safe at any time, more than once. */
  discard(): void
}

/** Fields of one header section: `max` of any mail seen is some 200. */
const FIELDS = 5_000

/** Octets gathered before they are given to the intake as one chunk. */
const CHUNK = 64 * 1024

/** How much of a field is kept for people who search. RFC 5322 §2.1.1 */
const SHOWN = 998

const HEADER = { 'too large': HEADER_TOO_LARGE, 'too many fields': TOO_MANY_FIELDS } as const

type Passing = {
  readonly id: MessageId
  readonly header: Header
  readonly prepared: Prepared
  readonly writing: StreamedArrival
  readonly inspector: Inspector
}

export class Reception implements Receiver {
  readonly #setting: ReceptionSetting
  readonly #mime: MimeLimits
  readonly #gathered = new Collector()
  #size = 0
  #passing: Passing | undefined
  /** The first of the From field. */
  #author: Mailbox | undefined
  #labels: Labelled = {}
  /** Set once it is known that nothing will be kept. */
  #refusal: Reply | undefined
  #exhausted: Exhausted | undefined
  #isDropped = false

  constructor(setting: ReceptionSetting) {
    this.#setting = setting
    const { mimeDepth, mimeParts, headerBytes } = setting.limits
    this.#mime = { depth: mimeDepth, parts: mimeParts, headerBytes }
  }

  /** Takes decoded content. When it gives a promise, wait for it before the next octets: this is the back-pressure. */
  add(slices: readonly Buffer[]): Promise<void> | undefined {
    if (this.#refusal !== undefined) return undefined
    for (const slice of slices) {
      this.#gathered.add(slice)
      this.#size += slice.length
    }
    const { mostOctets } = this.#setting
    if (mostOctets !== undefined && this.#size > mostOctets.limit) {
      this.#exhausted = mostOctets
      this.refuse(exhaustedReply(mostOctets))
      return undefined
    }
    if (this.#passing !== undefined)
      return this.#gathered.size < CHUNK ? undefined : this.#pass(this.#passing)
    return this.#gathered.size > Math.max(WHOLE_LIMIT, this.#setting.limits.headerBytes)
      ? this.#begin()
      : undefined
  }

  /** The decoder says that nothing of it can be accepted: what is kept is let go, now and not at the end. */
  refuse(reason: Reply): void {
    this.#refusal ??= reason
    this.#gathered.take()
    this.discard()
  }

  /** The content is complete. Rejects only when the intake does. */
  end(): Promise<Ended> {
    if (this.#refusal !== undefined)
      return Promise.resolve({
        reply: this.#refusal,
        size: this.#size,
        ...(this.#exhausted && { exhausted: this.#exhausted }),
      })
    return this.#passing === undefined ? this.#endWhole() : this.#endPassing(this.#passing)
  }

  /** Lets go of what was passed on. Safe at any time, more than once. */
  discard(): void {
    this.#isDropped = true
    const passing = this.#passing
    this.#passing = undefined
    if (passing !== undefined) drop(passing.writing)
  }

  async #endWhole(): Promise<Ended> {
    const bytes = this.#gathered.take()
    const parsed = parseHeader(bytes, { bytes: this.#setting.limits.headerBytes, fields: FIELDS })
    if (!parsed.ok) return { reply: HEADER[parsed.why], size: this.#size }
    const { header } = parsed
    const structure = inspect(header, this.#mime)
    const judged = tooDeep(structure) ?? this.#judge(header)
    const refusal = judged instanceof Promise ? await judged : judged
    if (refusal !== undefined) return { reply: refusal, size: this.#size }
    const id = this.#setting.door.intake.newId()
    const prepared = this.#prepare(id, header)
    const arrival = this.#arrival(id, header, prepared, structure.eightBit)
    const body = bytes.subarray(header.body)
    if (prepared.size + body.length > WHOLE_LIMIT) return await this.#endLarge(id, prepared, body, arrival)
    return ended(
      await this.#setting.door.intake.accept(arrival, Buffer.concat([...prepared.pieces, body])),
      this.#size,
    )
  }

  async #endPassing(passing: Passing): Promise<Ended> {
    const { id, header, prepared, writing } = passing
    // A client that is gone from now on discards nothing: a message accepted without some of its chunks is no message.
    this.#passing = undefined
    await this.#pass(passing)
    const structure = passing.inspector.end()
    const refusal = tooDeep(structure)
    if (refusal !== undefined) {
      drop(writing)
      return { reply: refusal, size: this.#size }
    }
    const arrival = this.#arrival(id, header, prepared, structure.eightBit)
    const stored = prepared.size + this.#size - header.body
    return ended(await writing.accept(arrival, stored), this.#size)
  }

  /** Gathered whole, and too large with what was added, or because headers may be larger than whole messages. */
  async #endLarge(id: MessageId, prepared: Prepared, body: Buffer, arrival: Arrival): Promise<Ended> {
    const writing = this.#setting.door.intake.stream(id)
    await writing.write(Buffer.concat(prepared.pieces))
    for (let at = 0; at < body.length; at += CHUNK) await writing.write(body.subarray(at, at + CHUNK))
    return ended(await writing.accept(arrival, prepared.size + body.length), this.#size)
  }

  /** The message is too large for one buffer: judge its header section, then pass on what there is. */
  async #begin(): Promise<void> {
    const bytes = this.#gathered.take()
    const parsed = parseHeader(bytes, { bytes: this.#setting.limits.headerBytes, fields: FIELDS })
    if (!parsed.ok) return this.refuse(HEADER[parsed.why])
    const { header } = parsed
    const refusal = await this.#judge(header)
    if (refusal !== undefined) return this.refuse(refusal)
    // The client is gone, and so is everybody who would discard what is begun now.
    if (this.#isDropped) return
    const id = this.#setting.door.intake.newId()
    const prepared = this.#prepare(id, header)
    const passing = {
      id,
      header,
      prepared,
      writing: this.#setting.door.intake.stream(id),
      inspector: inspector(this.#mime),
    }
    passing.inspector.write(bytes)
    this.#passing = passing
    await passing.writing.write(Buffer.concat(prepared.pieces))
    await passing.writing.write(bytes.subarray(header.body))
  }

  async #pass({ writing, inspector: walk }: Passing): Promise<void> {
    const chunk = this.#gathered.take()
    if (chunk.length === 0) return
    walk.write(chunk)
    await writing.write(chunk)
  }

  /** Loops, authors, labels: what the header section alone may be refused for. RFC 5321 §6.3, RFC 6409 §6.1 */
  #judge(header: Header): Reply | undefined | Promise<Reply | undefined> {
    const { limits, door } = this.#setting
    if (countHops(header, door.hostname).all > limits.hops) return LOOP
    const authors = authorsOf(header)
    if (!authors.ok) return NO_AUTHOR
    this.#author = authors.authors[0]
    const labels = labelled(header, this.#setting.labels ?? {})
    if ('code' in labels) return labels
    this.#labels = labels
    const domains = new Set(authors.authors.map((author) => author.domain))
    const answers = Array.from(domains, (domain) => this.#setting.maySend(domain))
    if (answers.every((answer) => answer === true)) return undefined
    const asked = answers.map((answer) => Promise.resolve(answer))
    return Promise.all(asked).then((all) => (all.every(Boolean) ? undefined : NOT_YOUR_AUTHOR))
  }

  #prepare(id: MessageId, header: Header): Prepared {
    const { offer, client, door } = this.#setting
    const [only, another] = offer.envelope.to
    return prepareSubmission(header, {
      trace: {
        ...client,
        helo: offer.client,
        by: door.hostname,
        protocol: offer.protocol,
        id,
        at: door.now(),
        ...(only === undefined || another !== undefined ? {} : { recipient: only.to }),
      },
      messageId: `<${id}@${door.hostname}>`,
    })
  }

  #arrival(id: MessageId, header: Header, prepared: Prepared, eightBit: boolean): Arrival {
    const { offer, client, by, once } = this.#setting
    const { identity, envelope, protocol } = offer
    const subject = field(header, 'subject')
    const campaign = campaignOf(header)
    return {
      id,
      // 8-bit content without BODY= is common, and true is better than declared: egress repairs by what is there.
      envelope: envelope.body === '7bit' && eightBit ? { ...envelope, body: '8bitmime' } : envelope,
      organization: identity.organization,
      stream: identity.stream,
      door: by,
      client: { address: client.address, helo: offer.client, protocol },
      headerMessageId: prepared.messageId.slice(0, SHOWN),
      ...(identity.login === undefined ? {} : { credential: identity.login }),
      ...(subject === undefined ? {} : { subject: displayValue(header, subject, SHOWN) }),
      ...(campaign === undefined ? {} : { campaign }),
      ...this.#labels,
      ...(this.#author === undefined ? {} : { headerFrom: formatMailbox(this.#author).slice(0, SHOWN) }),
      ...(once === undefined ? {} : { once }),
    }
  }
}

function drop(writing: StreamedArrival): void {
  // A stream that cannot even be discarded is the spool's to complain about; the sender got its reply.
  writing.discard().catch(() => {})
}

function tooDeep({ stopped }: Structure): Reply | undefined {
  return stopped === 'depth' || stopped === 'parts' ? MIME_TOO_DEEP : undefined
}

function ended(accepted: Accepted, size: number): Ended {
  if (!accepted.ok) {
    const { exhausted } = accepted
    return { reply: accepted.reply, size, ...(exhausted && { exhausted }) }
  }
  return { reply: reply(250, '2.0.0', `Queued as ${accepted.id}`), id: accepted.id, size }
}
