/** How the API hands a message on: what it says of it, what it hears, and what the client hears of that. */

import type { FastifyRequest } from 'fastify'
import type { Static } from 'typebox'

import type { Message } from '#engine/spool'
import { formatMailbox } from '#grammar/address'
import type { Mailbox } from '#grammar/address'
import type { Exhausted } from '#engine/queue'
import type { Log } from '#platform/log'
import type { Left } from '#product/quota'

import type { Once } from './idempotency.ts'
import type { MessageAccepted } from './message-schema.ts'
import type { Principal } from './principal.ts'
import { invalidAt, Problem } from './problem.ts'
import { noteQuotas, quotaProblem } from './quota-fields.ts'

export type Submission = {
  readonly key: Pick<Principal, 'id' | 'organization' | 'stream'>
  readonly stream: string
  readonly from: Mailbox
  readonly to: readonly Mailbox[]
  readonly content: Uint8Array
  /** Milliseconds since the epoch. */
  readonly holdUntil?: number
  /** Of the client, and how it came: `HTTP`, `HTTPS`. */
  readonly address: string
  readonly protocol: string
  readonly once?: Once
  readonly labels?: Labels
}

/** What the sender says of a message, to find it by and to hear again with what becomes of it. */
export type Labels = Pick<Message, 'tags' | 'metadata' | 'tracking'>

export type Submitted =
  | {
      readonly ok: true
      readonly id: string
      readonly skipped: readonly { to: string; why: string }[]
      /** An earlier request with the same key did it. */
      readonly again?: true
      /** Of the windows of the organization and the stream, after it. */
      readonly left?: readonly Left[]
    }
  | {
      readonly ok: false
      readonly why: 'address' | 'domain' | 'suppressed' | 'content' | 'unavailable' | 'reused'
      readonly text: string
      readonly skipped?: readonly { to: string; why: string }[]
    }
  | {
      readonly ok: false
      readonly why: 'quota'
      readonly text: string
      readonly exhausted: Exhausted
      readonly left: readonly Left[]
    }

/** Resolves when the message is kept, or was refused. */
export type Submit = (submission: Submission) => Promise<Submitted>

/** One letter to many, each with their data. */
export type LetterSubmission = Omit<Submission, 'to' | 'content'> & {
  readonly to: readonly (readonly [email: string, data: string])[]
  readonly content: Buffer
  readonly subject: string
  readonly campaign?: string
}

/** Resolves when the letter is kept, or was refused; `skipped` with a refusal are all that it was for. */
export type SubmitLetter = (submission: LetterSubmission) => Promise<Submitted>

/** A message as a route has made it; the rest of a submission is of its request. */
export type Handing = Pick<
  Submission,
  'key' | 'from' | 'to' | 'content' | 'holdUntil' | 'once' | 'labels'
> & {
  readonly stream: string | undefined
}

export type HandingParts = { readonly submit: Submit; readonly log: Log; readonly now: () => number }

type Kept = Extract<Submitted, { ok: true }>

/** Resolves when the message is kept. @throws {Problem} why it was not taken */
export async function handOver(
  { submit, log, now }: HandingParts,
  request: FastifyRequest,
  handing: Handing,
): Promise<Kept> {
  const { key, from, to, content, stream, holdUntil, once, labels } = handing
  const protocol = request.protocol.toUpperCase()
  const submitted = await submit({
    key,
    stream: stream ?? key.stream,
    from,
    to,
    content,
    ...(holdUntil !== undefined && { holdUntil }),
    ...(once && { once }),
    ...(labels && { labels }),
    address: request.ip,
    protocol,
  })
  noteQuotas(request, submitted.ok || submitted.why === 'quota' ? submitted.left : undefined)
  if (!submitted.ok) throw refusalOf(submitted, now())
  if (submitted.again) return submitted
  log.info('message.accepted', {
    message: submitted.id,
    listener: 'api',
    client: request.ip,
    credential: key.id,
    from: formatMailbox(from),
    recipients: to.length - submitted.skipped.length,
    size: content.length,
    protocol,
    ...(labels?.tags !== undefined && { tags: labels.tags }),
  })
  return submitted
}

/** What became of each recipient. */
export function accepted({ id, skipped }: Kept, to: readonly Mailbox[]): Static<typeof MessageAccepted> {
  const why = new Map(skipped.map((one) => [one.to, one.why]))
  const recipients = to.map((each) => {
    const email = formatMailbox(each)
    const detail = why.get(email)
    return detail === undefined
      ? { email, status: 'queued' as const }
      : { email, status: 'suppressed' as const, detail }
  })
  return { id, recipients }
}

const YEAR = 366 * 24 * 3600 * 1000

/** `undefined` for what has come already. @throws {Problem} `invalid` for more than a year ahead */
export function holdUntilOf(due: number, now: number, pointer: string): number | undefined {
  if (Number.isNaN(due) || due > now + YEAR)
    throw invalidAt(pointer, 'expected a time within a year from now')
  return due > now ? due : undefined
}

/** Seconds until a client may ask again while nothing is taken in. */
const RETRY_AFTER = 30

export function refusalOf(submitted: Extract<Submitted, { ok: false }>, now: number): Problem {
  const { text } = submitted
  switch (submitted.why) {
    case 'quota':
      return quotaProblem(submitted, now)
    case 'domain':
      return new Problem('domain-not-yours', text)
    case 'reused':
      return new Problem('key-reused', text)
    case 'suppressed':
      return new Problem('suppressed', text)
    case 'unavailable':
      return new Problem('unavailable', text, { retryAfter: RETRY_AFTER })
    case 'address':
    case 'content':
      return new Problem('invalid', text)
  }
}
