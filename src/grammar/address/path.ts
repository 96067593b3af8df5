/**
 * Addresses between angle brackets, as MAIL and RCPT have them, and bare ones, as people write them. The one
 * parser for SMTP, API, CLI and CSV. Header fields have another grammar: that is `#grammar/message`.
 */

import { parseAddressLiteral, parseDomain } from './domain.ts'
import { formatLocalPart, hasEmptyAtom, parseLocalPart } from './local-part.ts'
import type { Mailbox, ReversePath } from './mailbox.ts'
import type { Parsed } from './parsed.ts'
import type { AddressRules } from './rules.ts'

/** Octets of a path, brackets included, as it will be written. RFC 5321 §4.5.3.1.3 */
const PATH_OCTETS = 256

const DOMAIN_TEXT = /[A-Za-z0-9._\x80-\uffff-]+|\[[^\]]*\]/y
const NOT_ASCII = /[^\0-\x7f]/
const POSTMASTER = /^<postmaster>/i

type Failure = Extract<Parsed<never>, { ok: false }>

/**
 * Reads `<…>` at the start of `text`; `rest` is whatever follows it. A source route is checked and dropped,
 * RFC 5321 appendix F.2. The null path is `null`: whether it may stand here is the caller's to say.
 */
export function parsePath(text: string, rules: AddressRules = {}): Parsed<ReversePath> {
  if (text.startsWith('<>')) return { ok: true, value: null, rest: text.slice(2) }
  if (!text.startsWith('<')) return fail('"<"', 0)
  // RFC 5321 §4.5.1: postmaster without a domain is an address of this host.
  if (rules.postmasterDomain !== undefined && POSTMASTER.test(text))
    return { ok: true, value: { local: 'postmaster', domain: rules.postmasterDomain }, rest: text.slice(12) }

  const route = skipSourceRoute(text, 1)
  if (typeof route !== 'number') return route
  const mailbox = readMailbox(text, route, rules)
  if (!mailbox.ok) return mailbox
  return mailbox.rest.startsWith('>')
    ? { ...mailbox, rest: mailbox.rest.slice(1) }
    : fail('">"', text.length - mailbox.rest.length)
}

/** Reads `local@domain` without brackets; nothing may follow it, not even a space. */
export function parseMailbox(text: string, rules: AddressRules = {}): Parsed<Mailbox> {
  const mailbox = readMailbox(text, 0, rules)
  if (!mailbox.ok || mailbox.rest === '') return mailbox
  return fail('nothing after the domain', text.length - mailbox.rest.length)
}

/** With brackets; `<>` for `null`. What it writes, `parsePath` reads back as the same value. */
export function formatPath(path: ReversePath): string {
  return path === null ? '<>' : `<${formatMailbox(path)}>`
}

/** `local@domain`, the local part in quotes where it needs them. Two mailboxes are the same if it is the same. */
export function formatMailbox({ local, domain }: Mailbox): string {
  return `${formatLocalPart(local)}@${domain}`
}

/**
 * What to compare by when the question is whether two addresses are one person: suppression, duplicates in a
 * list. Case of the local part is lost, RFC 5321 §2.4 says it may matter: never send to it.
 */
export function addressKey({ local, domain }: Mailbox): string {
  return `${local.normalize('NFC').toLowerCase()}@${domain}`
}

/** Whether the next hop must offer SMTPUTF8 to take this address. Domains never need it: they are A-labels. */
export function needsSmtputf8(path: ReversePath): boolean {
  return path !== null && NOT_ASCII.test(path.local)
}

function readMailbox(text: string, from: number, rules: AddressRules): Parsed<Mailbox> {
  const local = parseLocalPart(text, from, rules)
  if (!local.ok) return { ...local, at: from }
  if (text[local.end] !== '@') return fail('"@"', local.end)
  const domain = readDomain(text, local.end + 1, rules)
  if (!domain.ok) return domain
  const isLoose = text[from] !== '"' && hasEmptyAtom(local.local)
  if (isLoose && !mayBeLoose(domain.value, rules)) return fail('local-part without empty atoms', from)
  const mailbox = { local: local.local, domain: domain.value }
  // A local part is at most 64 octets by now: most paths need not be written to be measured.
  if (domain.value.length > PATH_OCTETS - 67 && Buffer.byteLength(formatPath(mailbox)) > PATH_OCTETS)
    return fail('path of at most 256 octets', from)
  return { ok: true, value: mailbox, rest: domain.rest }
}

function mayBeLoose(domain: string, { looseDots = false }: AddressRules): boolean {
  if (typeof looseDots === 'boolean') return looseDots
  return looseDots.some((pattern) =>
    pattern.startsWith('*.') ? domain.endsWith(pattern.slice(1)) : domain === pattern,
  )
}

function readDomain(text: string, from: number, rules: AddressRules): Parsed<string> {
  DOMAIN_TEXT.lastIndex = from
  const written = DOMAIN_TEXT.exec(text)?.[0]
  if (written === undefined) return fail('domain', from)
  const domain = written.startsWith('[') ? parseAddressLiteral(written) : parseDomain(written)
  if (domain === undefined) return fail(written.startsWith('[') ? 'address literal' : 'domain', from)
  if (rules.smtputf8 !== true && NOT_ASCII.test(written))
    return { ok: false, expected: 'domain in A-labels', at: from, needs: 'SMTPUTF8' }
  return { ok: true, value: domain, rest: text.slice(from + written.length) }
}

/** The offset after `@a,@b:`, or `from` when there is no route. RFC 5321 §4.1.2 */
function skipSourceRoute(text: string, from: number): number | Failure {
  let at = from
  while (text[at] === '@') {
    const domain = readDomain(text, at + 1, { smtputf8: true })
    if (!domain.ok) return domain
    at = text.length - domain.rest.length
    if (at - from > PATH_OCTETS) return fail('source route of at most 256 octets', from)
    if (text[at] === ':') return at + 1
    if (text[at] !== ',') return fail('"," or ":" in the source route', at)
    at += 1
    if (text[at] !== '@') return fail('"@"', at)
  }
  return at
}

function fail(expected: string, at: number): Failure {
  return { ok: false, expected, at }
}
