/** Which header fields a signature covers, and their relaxed form. RFC 6376 §3.4.2, §5.4 */

/**
 * `oversign`: every instance, and one more that does not exist: adding a field of that name breaks the signature.
 * RFC 6376 §5.4.2, §8.15. These decide who speaks, to whom, when, about what, and how the body is read.
 *
 * `cover`: every instance there is. Absent ones stay out of `h=`, because mailing lists that leave the message
 * intact add their own List-* fields and whoever resends adds Resent-*; with these oversigned, the author's signature
 * would die on every list. Nothing is lost: a receiver honours one-click unsubscription only for a field that a
 * signature covers (RFC 8058 §4), and one that was added is covered by none. Where List-Unsubscribe is present a
 * second one would be a trap, so it is oversigned then.
 *
 * Not covered: Received, Return-Path and Authentication-Results, which are other hosts' to write; Sender, which lists
 * replace; Bcc, which is never sent.
 */
const POLICY = {
  from: 'oversign',
  to: 'oversign',
  cc: 'oversign',
  subject: 'oversign',
  date: 'oversign',
  'message-id': 'oversign',
  'reply-to': 'oversign',
  'in-reply-to': 'oversign',
  references: 'oversign',
  'mime-version': 'oversign',
  'content-type': 'oversign',
  'content-transfer-encoding': 'oversign',
  'list-unsubscribe': 'oversign present',
  'list-unsubscribe-post': 'oversign present',
  'list-id': 'cover',
  'list-help': 'cover',
  'list-subscribe': 'cover',
  'list-post': 'cover',
  'list-owner': 'cover',
  'list-archive': 'cover',
  'resent-date': 'cover',
  'resent-from': 'cover',
  'resent-to': 'cover',
  'resent-cc': 'cover',
  'feedback-id': 'cover',
  'tls-required': 'cover',
} as const satisfies { readonly [name: string]: 'oversign' | 'oversign present' | 'cover' }

const POLICIES = Object.entries(POLICY)
const COVERED = new Set(Object.keys(POLICY))

/** Raw values by lower-case name, top to bottom. */
type Fields = ReadonlyMap<string, readonly string[]>

/** `header` is everything before the empty line, octets as latin1, so that UTF-8 passes unharmed. RFC 6532 §3.2 */
export function cover(header: string): Covered {
  const fields = fieldsNamed(header, COVERED)
  const names: string[] = []
  for (const [name, policy] of POLICIES) {
    const present = fields.get(name)?.length ?? 0
    const extra = policy === 'oversign' || (policy === 'oversign present' && present > 0) ? 1 : 0
    for (let i = 0; i < present + extra; i += 1) names.push(name)
  }
  return { names, canonical: canonicalFields(fields, names) }
}

export type Covered = {
  /** For `h=`, lower-case, one entry an instance. RFC 6376 §3.5 */
  readonly names: readonly string[]
  /** The fields in that order, canonical, each with its CRLF; octets as latin1. */
  readonly canonical: string
}

/** What a signature with `names`, lower-case, in its `h=` hashes of the header. RFC 6376 §3.7 */
export function canonicalFields(fields: Fields, names: readonly string[]): string {
  const left = new Map<string, number>()
  let canonical = ''
  for (const name of names) {
    const values = fields.get(name)
    if (values === undefined) continue
    // RFC 6376 §5.4.2: repeated fields are taken from the bottom upwards; one too many is the null string.
    const at = (left.get(name) ?? values.length) - 1
    left.set(name, at)
    const value = values[at]
    if (value !== undefined) canonical += `${name}:${relaxedValue(value)}\r\n`
  }
  return canonical
}

export function fieldsNamed(header: string, wanted: ReadonlySet<string>): Fields {
  const fields = new Map<string, string[]>()
  for (let start = 0; start < header.length;) {
    const end = fieldEnd(header, start)
    const field = header.slice(start, end)
    const colon = field.indexOf(':')
    const name = colon < 0 ? '' : withoutEdges(field.slice(0, colon)).toLowerCase()
    if (wanted.has(name)) fields.getOrInsert(name, []).push(field.slice(colon + 1))
    start = end + 2
  }
  return fields
}

/** Where the field's last CRLF stands: the first that no white space follows. RFC 5322 §2.2.3 */
function fieldEnd(header: string, start: number): number {
  let end = header.indexOf('\r\n', start)
  while (end >= 0 && isWsp(header.charCodeAt(end + 2))) end = header.indexOf('\r\n', end + 2)
  return end < 0 ? header.length : end
}

/** RFC 6376 §3.4.2: unfolded, white space runs to one space, none at the edges. */
export function relaxedValue(value: string): string {
  const plain = !value.includes('\r\n') && !value.includes('  ') && !value.includes('\t')
  return withoutEdges(plain ? value : value.replaceAll('\r\n', '').replaceAll(/[ \t]+/g, ' '))
}

/** Not `trim()`, which also takes away U+00A0: here that is the last octet of `à` and others in UTF-8. */
function withoutEdges(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isWsp(text.charCodeAt(start))) start += 1
  while (end > start && isWsp(text.charCodeAt(end - 1))) end -= 1
  return start === 0 && end === text.length ? text : text.slice(start, end)
}

function isWsp(code: number): boolean {
  return code === 0x20 || code === 0x09
}
