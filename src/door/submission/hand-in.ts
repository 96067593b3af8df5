/** A message handed in by the operator or over HTTP, without a session: the same rules for its sender, header section and trace. */

import type { Exhausted, Intake } from '#engine/queue'
import { SpoolError } from '#engine/spool'
import { formatMailbox, parseMailbox } from '#grammar/address'
import type { Mailbox } from '#grammar/address'
import { ChunkDecoder } from '#grammar/smtp'
import type { LimitsConfig } from '#platform/config'
import type { DomainDirectory } from '#product/domain'
import type { SuppressionFilter } from '#product/suppression'

import type { HandedIn, HandInRefusal, SkippedRecipient } from './handed-in.ts'
import { beyondQuota, overQuota, withLeft } from './hand-in-quota.ts'
import type { QuotaParts } from './hand-in-quota.ts'
import type { KeyedRequests, RequestKey } from './keyed-requests.ts'
import type { Labelled } from './labels.ts'
import { Reception } from './reception.ts'
import { suppressed, suppressedEvent } from './recipient-check.ts'
import type { Tell } from './recipient-check.ts'
import { NOT_YOUR_DOMAIN, refusedContent } from './refusals.ts'

export type HandInParts = QuotaParts & {
  readonly config: { readonly node: { readonly name: string }; readonly limits: LimitsConfig }
  readonly intake: Intake
  readonly domains: DomainDirectory
  readonly suppressions: Pick<SuppressionFilter, 'find'>
  readonly keyed: KeyedRequests
  readonly tell: Tell
}

export type HandInRequest = {
  readonly organization: string
  readonly stream: string
  /** Empty for the null reverse-path. */
  readonly from: string
  readonly to: readonly string[]
  /** RFC 5322. Lines may end with LF alone: files of an operator do. */
  readonly content: Uint8Array
  /** Who it came from, for the trace; the operator on this machine when absent. */
  readonly client?: { readonly address: string; readonly protocol: string; readonly credential: string }
  /** When it may be sent, in milliseconds since the epoch; at once when absent. */
  readonly holdUntil?: number
  /** With `skip`, the others are sent to, as long as there are any. */
  readonly suppressed: 'refuse' | 'skip'
  /** What is said of it beside the content. */
  readonly labels?: Labelled
  /** What the client calls it, so that it is done once. */
  readonly once?: Omit<RequestKey, 'organization'>
}

type Recipient = { readonly to: Mailbox }

/** Resolves when the message is kept. Rejects when the spool is broken, or the domains cannot be looked up. */
export async function handIn(parts: HandInParts, request: HandInRequest): Promise<HandedIn> {
  const { once, organization } = request
  if (once === undefined) return handInOne(parts, request)
  try {
    return await parts.keyed.once({ ...once, organization }, () => handInOne(parts, request))
  } catch (cause) {
    if (!(cause instanceof SpoolError) || cause.code === 'broken') throw cause
    return refused('unavailable', 'Nobody can tell now whether this was done before')
  }
}

async function handInOne(parts: HandInParts, request: HandInRequest): Promise<HandedIn> {
  const { intake, domains } = parts
  const parties = partiesOf(request)
  if ('ok' in parties) return parties
  const { from, all } = parties
  const maySend = (domain: string): Promise<boolean> => domains.maySend(request.organization, domain)
  if (from !== null && !(await maySend(from.domain))) return refused('domain', NOT_YOUR_DOMAIN.lines[0])
  const { recipients, skipped } = await sorted(parts, request, all)
  const [silent] = skipped
  if (silent !== undefined && (request.suppressed === 'refuse' || recipients.length === 0))
    return refused('suppressed', silent.why)
  const wanted = { recipients: recipients.length, size: request.content.length }
  const beyond = beyondQuota(parts, request, wanted)
  if (beyond !== undefined) return beyond
  const refusal = intake.refusal()
  if (refusal !== undefined) return refused('unavailable', refusal.lines[0])
  const reception = receptionOf(parts, request, { from, recipients, skipped, maySend })
  const handed = await take(reception, request.content, { limit: parts.config.limits.size, skipped })
  return handed.ok === undefined
    ? overQuota(parts, request, handed.exhausted)
    : withLeft(parts, request, handed)
}

/** The addresses of the envelope, or which is none. */
function partiesOf({
  from: sender,
  to,
}: HandInRequest): HandedIn | { readonly from: Mailbox | null; readonly all: readonly Recipient[] } {
  const from = sender === '' ? null : mailbox(sender)
  if (from === undefined) return refused('address', `${sender} is not an address`)
  const all: Recipient[] = []
  for (const text of to) {
    const found = mailbox(text)
    if (found === undefined) return refused('address', `${text} is not an address`)
    all.push({ to: found })
  }
  return all.length === 0 ? refused('address', 'there is no recipient') : { from, all }
}

type Terms = {
  readonly from: Mailbox | null
  readonly recipients: readonly Recipient[]
  readonly skipped: readonly SkippedRecipient[]
  readonly maySend: (domain: string) => Promise<boolean>
}

const OPERATOR = { address: '127.0.0.1', protocol: 'local' }

function receptionOf(parts: HandInParts, request: HandInRequest, terms: Terms): Reception {
  const { config, intake, now } = parts
  const { organization, stream, client, holdUntil, once, labels } = request
  const { from, recipients, skipped, maySend } = terms
  const { address, protocol } = client ?? OPERATOR
  return new Reception({
    offer: {
      identity: { organization, stream, ...(client && { login: client.credential }) },
      envelope: {
        from,
        to: recipients,
        body: '7bit',
        smtputf8: [from, ...recipients.map((each) => each.to)].some((each) =>
          /[^ -~]/.test(each?.local ?? ''),
        ),
        requireTls: false,
        priority: 0,
        ...(holdUntil === undefined ? {} : { holdUntil }),
      },
      client: client === undefined ? 'localhost' : `[${address}]`,
      protocol,
    },
    client: { address },
    door: { hostname: config.node.name, intake, now },
    by: 'api',
    ...(labels && { labels }),
    ...(once && { once: { ...once, answer: JSON.stringify(skipped) } }),
    limits: config.limits,
    mostOctets: parts.allowance?.size(request),
    maySend,
  })
}

async function sorted(
  { suppressions, tell, now }: HandInParts,
  { organization, stream }: HandInRequest,
  all: readonly Recipient[],
): Promise<{ readonly recipients: readonly Recipient[]; readonly skipped: readonly SkippedRecipient[] }> {
  const recipients: Recipient[] = []
  const skipped: SkippedRecipient[] = []
  for (const recipient of all) {
    const found = await suppressions.find(organization, stream, recipient.to)
    const to = formatMailbox(recipient.to)
    if (found === undefined) {
      recipients.push(recipient)
      continue
    }
    skipped.push({ to, why: suppressed(to, found).lines[0] })
    tell(suppressedEvent({ organization, stream, to: recipient.to }, found, now()))
  }
  return { recipients, skipped }
}

async function take(
  reception: Reception,
  content: Uint8Array,
  { limit, skipped }: { readonly limit: number; readonly skipped: readonly SkippedRecipient[] },
): Promise<HandedIn | { readonly ok?: never; readonly exhausted: Exhausted }> {
  const decoder = new ChunkDecoder({ newlines: 'normalize', limit, binary: false })
  decoder.begin(content.length, true)
  const { slices } = decoder.push(Buffer.from(content.buffer, content.byteOffset, content.length))
  if (decoder.fault !== undefined) return refused('content', refusedContent(decoder.fault).lines[0])
  await reception.add(slices)
  const { id, reply, exhausted } = await reception.end()
  if (exhausted !== undefined) return { exhausted }
  if (id !== undefined) return { ok: true, id, skipped }
  return refused(reply.code < 500 ? 'unavailable' : 'content', reply.lines[0])
}

/** As an envelope has it; `undefined` when it is none. */
export function mailbox(text: string): Mailbox | undefined {
  const parsed = parseMailbox(text, { smtputf8: true, looseDots: true, furtherHop: true })
  return parsed.ok && parsed.rest === '' ? parsed.value : undefined
}

export function refused(
  why: Exclude<HandInRefusal, 'quota'>,
  text: string,
): Extract<HandedIn, { readonly ok: false }> {
  return { ok: false, why, text }
}
