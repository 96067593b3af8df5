/**
 * A form letter handed in over HTTP: one message to many, each with data of their own. The same rules for its sender and
 * its recipients as for any other; its header section is made when it is sent, of a template that the door has checked.
 */

import { setImmediate } from 'node:timers/promises'

import { SpoolError, WHOLE_LIMIT } from '#engine/spool'
import type { Accepted, Arrival } from '#engine/queue'
import { formatMailbox } from '#grammar/address'
import type { Mailbox } from '#grammar/address'

import type { HandedIn, SkippedRecipient } from './handed-in.ts'
import { mailbox, refused } from './hand-in.ts'
import type { HandInParts, HandInRequest } from './hand-in.ts'
import { beyondQuota, overQuota, withLeft } from './hand-in-quota.ts'
import { suppressed, suppressedEvent } from './recipient-check.ts'
import { NOT_YOUR_DOMAIN } from './refusals.ts'

export type HandInLetterRequest = Omit<HandInRequest, 'to' | 'suppressed' | 'client'> & {
  /** The author's address; the envelope has the same. */
  readonly from: string
  /** Each with its data. */
  readonly to: readonly (readonly [address: string, data: string])[]
  /** As it is written in the template. */
  readonly subject: string
  readonly campaign?: string
  readonly client: NonNullable<HandInRequest['client']>
}

/** Recipients that are looked at before others have their turn: some 2 ms. */
const SLICE = 500

/** Octets of one chunk of a letter with large files. */
const CHUNK = WHOLE_LIMIT

/** Resolves when the message is kept. Rejects when the spool is broken, or the domains cannot be looked up. */
export async function handInLetter(parts: HandInParts, request: HandInLetterRequest): Promise<HandedIn> {
  const { once, organization } = request
  if (once === undefined) return handInOne(parts, request)
  try {
    return await parts.keyed.once({ ...once, organization }, () => handInOne(parts, request))
  } catch (cause) {
    if (!(cause instanceof SpoolError) || cause.code === 'broken') throw cause
    return refused('unavailable', 'Nobody can tell now whether this was done before')
  }
}

async function handInOne(parts: HandInParts, request: HandInLetterRequest): Promise<HandedIn> {
  const { intake, domains, config } = parts
  const from = mailbox(request.from)
  if (from === undefined) return refused('address', `${request.from} is not an address`)
  if (!(await domains.maySend(request.organization, from.domain)))
    return refused('domain', NOT_YOUR_DOMAIN.lines[0])
  if (request.content.length > config.limits.size)
    return refused('content', `The message is larger than ${config.limits.size} octets`)
  const sorted = await sort(parts, request)
  if (!sorted.ok) return sorted
  const { kept, skipped } = sorted
  if (kept.length === 0) return { ok: false, why: 'suppressed', text: skipped[0]?.why ?? '', skipped }
  const wanted = { recipients: kept.length, size: request.content.length }
  const beyond = beyondQuota(parts, request, wanted)
  if (beyond !== undefined) return beyond
  const refusal = intake.refusal()
  if (refusal !== undefined) return refused('unavailable', refusal.lines[0])
  const arrival = arrivalOf(request, { id: intake.newId(), from, kept, skipped })
  const accepted = await accept(parts, arrival, request.content)
  if (accepted.ok) return withLeft(parts, request, { ok: true, id: accepted.id, skipped })
  if (accepted.exhausted !== undefined) return overQuota(parts, request, accepted.exhausted)
  return refused('unavailable', accepted.reply.lines[0])
}

type Kept = { readonly to: Mailbox; readonly data: string }

type Sorted =
  | { readonly ok: true; readonly kept: readonly Kept[]; readonly skipped: readonly SkippedRecipient[] }
  | Extract<HandedIn, { readonly ok: false }>

/** Those who are sent to, and those who are suppressed. */
async function sort(
  { suppressions, tell, now }: HandInParts,
  { organization, stream, to: all }: HandInLetterRequest,
): Promise<Sorted> {
  const kept: Kept[] = []
  const skipped: SkippedRecipient[] = []
  for (const [n, [address, data]] of all.entries()) {
    if (n % SLICE === SLICE - 1) await setImmediate()
    const to = mailbox(address)
    if (to === undefined) return refused('address', `${address} is not an address`)
    // Nearly nobody is suppressed, and to wait for that of each would be ten thousand turns.
    const asked = suppressions.find(organization, stream, to)
    const found = asked === undefined ? undefined : await asked
    if (found === undefined) kept.push({ to, data })
    else {
      const text = formatMailbox(to)
      skipped.push({ to: text, why: suppressed(text, found).lines[0] })
      tell(suppressedEvent({ organization, stream, to }, found, now()))
    }
  }
  return { ok: true, kept, skipped }
}

type Terms = Pick<Arrival, 'id'> & {
  readonly from: Mailbox
  readonly kept: readonly Kept[]
  readonly skipped: readonly SkippedRecipient[]
}

function arrivalOf(request: HandInLetterRequest, { id, from, kept, skipped }: Terms): Arrival {
  const { organization, stream, client, holdUntil, once, subject, campaign, labels } = request
  return {
    id,
    envelope: {
      from,
      to: kept.map(({ to }) => ({ to })),
      body: '7bit',
      // The header section says the author's address as it is. Recipients with such an address are not for letters.
      smtputf8: /[^ -~]/.test(from.local),
      requireTls: false,
      priority: 0,
      ...(holdUntil === undefined ? {} : { holdUntil }),
    },
    organization,
    stream,
    credential: client.credential,
    door: 'api',
    client: { address: client.address, helo: `[${client.address}]`, protocol: client.protocol },
    subject,
    headerFrom: formatMailbox(from),
    ...labels,
    template: { data: kept.map(({ data }) => data) },
    ...(campaign === undefined ? {} : { campaign }),
    ...(once === undefined ? {} : { once: { ...once, answer: JSON.stringify(skipped) } }),
  }
}

async function accept({ intake }: HandInParts, arrival: Arrival, content: Uint8Array): Promise<Accepted> {
  if (content.length <= WHOLE_LIMIT) return await intake.accept(arrival, content)
  const writing = intake.stream(arrival.id)
  for (let at = 0; at < content.length; at += CHUNK) await writing.write(content.subarray(at, at + CHUNK))
  return await writing.accept(arrival, content.length)
}
