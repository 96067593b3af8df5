/**
 * The address-list of header fields, read by a loop over tokens: no recursion, no regular expression over the whole,
 * and an end at the limit. What might be read in two ways is said to be unreadable. RFC 5322 §3.4, §4.4
 */

import { parseDomain } from '#grammar/address'
import type { Mailbox } from '#grammar/address'

export type AddressList = {
  /** Domains as `Mailbox` has them; a literal as it was written, in lower case. */
  readonly mailboxes: readonly Mailbox[]
  /** An element with an `@` could not be read, or there are more mailboxes than the limit. */
  readonly unreadable: boolean
}

type Token =
  | { readonly kind: 'atom' | 'quoted' | 'literal'; readonly text: string }
  | { readonly kind: '<' | '>' | '@' | ',' | ';' | ':' | '.' }
  | { readonly kind: 'broken' }

/** RFC 5322 §3.2.3, and UTF-8 as in RFC 6532 §3.2. */
const ATOM = /[^\s\p{Cc}()<>@,;:\\".[\]]+/uy
const SEPARATORS = new Set<Token['kind']>([',', ';', ':'])

/** Words, dots and brackets of one mailbox or group name. */
const ELEMENT_TOKENS = 1000
const SPACE = /\s+/y

/** Reads `text`, which is unfolded, up to `limit` mailboxes. Display names and comments are dropped. */
export function parseAddressList(text: string, limit: number): AddressList {
  const mailboxes: Mailbox[] = []
  let unreadable = false
  for (const element of elements(text)) {
    const read = readElement(element)
    if (read === 'nobody') continue
    if (read === 'unreadable') unreadable = true
    else if (mailboxes.length < limit) mailboxes.push(read)
    else return { mailboxes, unreadable: true }
  }
  return { mailboxes, unreadable }
}

/** What ends at a comma, semicolon or colon: a mailbox, the name of a group, nothing. The members of groups are as others. */
function* elements(text: string): Generator<readonly Token[]> {
  let element: Token[] = []
  let angle = false
  for (const token of tokens(text)) {
    element.push(token)
    if (element.length > ELEMENT_TOKENS) break
    if (token.kind === '<' || token.kind === '>') angle = token.kind === '<'
    // Between the angle brackets, commas and the colon belong to a source route. RFC 5322 §4.4
    if (angle || !SEPARATORS.has(token.kind)) continue
    // The colon stays: an address before it is no name of a group, and is not to be read as a mailbox either.
    if (token.kind !== ':') element.pop()
    yield element
    element = []
  }
  yield element.length > ELEMENT_TOKENS ? [{ kind: 'broken' }] : element
}

/** One element of the list: `phrase <addr-spec>`, or `addr-spec`. */
function readElement(element: readonly Token[]): Mailbox | 'nobody' | 'unreadable' {
  // Half a name, as in `Yamada, Inc. <a@example.com>`, names nobody.
  if (!element.some((token) => token.kind === '@' || token.kind === 'broken')) return 'nobody'
  const open = element.findIndex((token) => token.kind === '<')
  if (open < 0) return readAddrSpec(element)
  const last = element.length - 1
  // Anything after `>`, a second mailbox above all, is not for us to guess at.
  const closed = element.findIndex((token) => token.kind === '>') === last
  const phrase = element.slice(0, open).every((token) => token.kind !== 'broken')
  return closed && phrase ? readAddrSpec(withoutRoute(element.slice(open + 1, last))) : 'unreadable'
}

/** `@a,@b:user@c` is `user@c`. RFC 5322 §4.4 */
function withoutRoute(spec: readonly Token[]): readonly Token[] {
  if (spec[0]?.kind !== '@') return spec
  const colon = spec.findIndex((token) => token.kind === ':')
  return colon < 0 ? spec : spec.slice(colon + 1)
}

function readAddrSpec(spec: readonly Token[]): Mailbox | 'unreadable' {
  const at = spec.findIndex((token) => token.kind === '@')
  // Empty atoms are let pass: `a..b@docomo.ne.jp` and `a.@docomo.ne.jp` were given out and still work.
  const local = joinWords(spec.slice(0, at), 'quoted')
  const written = joinWords(spec.slice(at + 1), 'literal')
  if (at < 1 || local === undefined || written === undefined) return 'unreadable'
  const domain = written.startsWith('[') ? written.toLowerCase() : parseDomain(written)
  return domain === undefined ? 'unreadable' : { local, domain }
}

/** Atoms and `also` as one, or `undefined` when two meet without a dot or a special character stands among them. */
function joinWords(words: readonly Token[], also: 'quoted' | 'literal'): string | undefined {
  let text = ''
  let afterWord = false
  for (const word of words) {
    if (word.kind === '.') text += '.'
    else if (!afterWord && (word.kind === 'atom' || word.kind === also)) text += word.text
    else return undefined
    afterWord = word.kind !== '.'
  }
  return text
}

function* tokens(text: string): Generator<Token> {
  let at = 0
  while (at < text.length) {
    const c = text[at] ?? ''
    const skipped = c === '(' ? endOfComment(text, at) : endOf(SPACE, text, at)
    const { token, end } = skipped > at ? { token: undefined, end: skipped } : readToken(text, at, c)
    if (token !== undefined) yield token
    at = end
  }
}

type Read = { readonly token: Token; readonly end: number }

function readToken(text: string, at: number, c: string): Read {
  switch (c) {
    case '<':
    case '>':
    case '@':
    case ',':
    case ';':
    case ':':
    case '.':
      return { token: { kind: c }, end: at + 1 }
    case '"':
      return readQuoted(text, at)
    case '[':
      return readLiteral(text, at)
    // A comment that never ends. Tried again one octet on, a million of them would cost their square.
    case '(':
      return { token: { kind: 'broken' }, end: text.length }
  }
  const end = endOf(ATOM, text, at)
  // A lone backslash, bracket or control character.
  if (end === at) return { token: { kind: 'broken' }, end: at + 1 }
  return { token: { kind: 'atom', text: text.slice(at, end) }, end }
}

/** Where what `pattern` matches at `at` ends; `at` itself when it does not match. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

/** After the comment at `at`, however deep; `at` when it has no end. A counter, so depth costs nothing. RFC 5322 §3.2.2 */
function endOfComment(text: string, at: number): number {
  let depth = 0
  for (let i = at; i < text.length; i += 1) {
    const c = text.charCodeAt(i)
    if (c === 0x5c) i += 1
    else if (c === 0x28) depth += 1
    else if (c === 0x29) {
      depth -= 1
      if (depth === 0) return i + 1
    }
  }
  return at
}

function readQuoted(text: string, at: number): Read {
  let value = ''
  let from = at + 1
  for (let i = from; i < text.length; i += 1) {
    const c = text.charCodeAt(i)
    if (c === 0x22) return { token: { kind: 'quoted', text: value + text.slice(from, i) }, end: i + 1 }
    if (c !== 0x5c) continue
    value += text.slice(from, i)
    i += 1
    from = i
  }
  return { token: { kind: 'broken' }, end: text.length }
}

function readLiteral(text: string, at: number): Read {
  const end = text.indexOf(']', at)
  if (end < 0) return { token: { kind: 'broken' }, end: text.length }
  return { token: { kind: 'literal', text: text.slice(at, end + 1).replace(/\s+/g, '') }, end: end + 1 }
}
