/** A message handed in by the operator, without a session: the same rules for its sender, header section and trace. */

import type { Intake } from '#engine/queue'
import type { MessageId } from '#engine/spool'
import { formatMailbox, parseMailbox } from '#grammar/address'
import type { Mailbox } from '#grammar/address'
import { ChunkDecoder } from '#grammar/smtp'
import type { Reply } from '#grammar/smtp'
import type { LimitsConfig } from '#platform/config'
import type { DomainDirectory } from '#product/domain'
import type { SuppressionFilter } from '#product/suppression'

import { Reception } from './reception.ts'
import { suppressed } from './recipient-check.ts'
import { NOT_YOUR_DOMAIN, refusedContent } from './refusals.ts'

export type HandInParts = {
  readonly config: { readonly node: { readonly name: string }; readonly limits: LimitsConfig }
  readonly intake: Intake
  readonly domains: DomainDirectory
  readonly suppressions: Pick<SuppressionFilter, 'find'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

export type HandInRequest = {
  readonly organization: string
  readonly stream: string
  /** Empty for the null reverse-path. */
  readonly from: string
  readonly to: readonly string[]
  /** RFC 5322, base64. Lines may end with LF alone: files of an operator do. */
  readonly content: string
}

export type HandedIn =
  | { readonly ok: true; readonly id: MessageId }
  /** `text` says what is wrong, for the operator. */
  | { readonly ok: false; readonly text: string }

/** Resolves when the message is kept. Rejects when the spool is broken, or the domains cannot be looked up. */
export async function handIn(parts: HandInParts, request: HandInRequest): Promise<HandedIn> {
  const { config, intake, domains } = parts
  const from = request.from === '' ? null : mailbox(request.from)
  if (from === undefined) return refused(`${request.from} is not an address`)
  const to = request.to.map((text) => ({ text, mailbox: mailbox(text) }))
  const wrong = to.find((each) => each.mailbox === undefined)
  if (wrong !== undefined) return refused(`${wrong.text} is not an address`)
  const recipients = to.flatMap((each) => (each.mailbox === undefined ? [] : [{ to: each.mailbox }]))
  if (recipients.length === 0) return refused('there is no recipient')
  const maySend = (domain: string): Promise<boolean> => domains.maySend(request.organization, domain)
  if (from !== null && !(await maySend(from.domain))) return refused(NOT_YOUR_DOMAIN.lines[0])
  const silent = await firstSuppressed(parts, request, recipients)
  if (silent !== undefined)
    return refused(`${silent.lines[0]}. To try it all the same: hikyaku suppression remove`)
  const refusal = intake.refusal()
  if (refusal !== undefined) return refused(refusal.lines[0])
  const reception = new Reception({
    offer: {
      identity: { organization: request.organization, stream: request.stream },
      envelope: {
        from,
        to: recipients,
        body: '7bit',
        smtputf8: [from, ...recipients.map((each) => each.to)].some((each) =>
          /[^ -~]/.test(each?.local ?? ''),
        ),
        requireTls: false,
        priority: 0,
      },
      client: 'localhost',
      protocol: 'local',
    },
    client: { address: '127.0.0.1' },
    door: { hostname: config.node.name, intake, now: parts.now },
    by: 'api',
    limits: config.limits,
    maySend,
  })
  return await take(reception, Buffer.from(request.content, 'base64'), config.limits.size)
}

async function firstSuppressed(
  { suppressions }: HandInParts,
  { organization, stream }: HandInRequest,
  recipients: readonly { readonly to: Mailbox }[],
): Promise<Reply | undefined> {
  for (const { to } of recipients) {
    const found = await suppressions.find(organization, stream, to)
    if (found !== undefined) return suppressed(formatMailbox(to), found)
  }
  return undefined
}

async function take(reception: Reception, content: Buffer, limit: number): Promise<HandedIn> {
  const decoder = new ChunkDecoder({ newlines: 'normalize', limit, binary: false })
  decoder.begin(content.length, true)
  const { slices } = decoder.push(content)
  if (decoder.fault !== undefined) return refused(refusedContent(decoder.fault).lines[0])
  await reception.add(slices)
  const { id, reply } = await reception.end()
  return id === undefined ? refused(reply.lines[0]) : { ok: true, id }
}

function mailbox(text: string): Mailbox | undefined {
  const parsed = parseMailbox(text, { smtputf8: true, looseDots: true, furtherHop: true })
  return parsed.ok && parsed.rest === '' ? parsed.value : undefined
}

function refused(text: string): HandedIn {
  return { ok: false, text }
}
