/** Macros in the domains of an SPF record. RFC 7208 §7 */

import { isIPv6 } from 'node:net'

import { nibbles } from './lookup.ts'

export type SpfQuestion = {
  /** The address that sends. */
  readonly address: string
  /** The reverse-path. RFC 7208 §4.1 */
  readonly sender: { readonly local: string; readonly domain: string }
  /** What it says in EHLO. */
  readonly helo: string
}

const MACRO = /%(?:\{([a-z])(\d{0,3})(r?)([.\-+,/_=]*)\}|(.?))/gi

/** `undefined` when the text is no domain-spec. The result fits a DNS name: labels are dropped from the left. */
export function expandMacros(text: string, domain: string, question: SpfQuestion): string | undefined {
  let isGood = true
  const expanded = text.replaceAll(MACRO, (_, ...found: string[]) => {
    const [letter, digits, reverse, delimiters, plain = ''] = found
    const value =
      letter === undefined
        ? PLAIN[plain]
        : valueOf(letter.toLowerCase(), domain, question, { digits, reverse, delimiters })
    isGood &&= value !== undefined
    return value ?? ''
  })
  return isGood ? shortened(expanded) : undefined
}

const PLAIN: Readonly<Record<string, string>> = { '%': '%', _: ' ', '-': '%20' }

type Transformer = {
  readonly digits: string | undefined
  readonly reverse: string | undefined
  readonly delimiters: string | undefined
}

/** Parted at the delimiters, turned round, and of that as many labels from the right as asked for. RFC 7208 §7.3 */
function valueOf(
  letter: string,
  domain: string,
  question: SpfQuestion,
  { digits = '', reverse = '', delimiters = '' }: Transformer,
): string | undefined {
  const value = lettersOf(letter, domain, question)
  const count = Number(digits)
  if (value === undefined || (digits !== '' && count === 0)) return undefined
  const parts = value.split(new RegExp(`[${RegExp.escape(delimiters || '.')}]`))
  const ordered = reverse === '' ? parts : parts.toReversed()
  return ordered.slice(-count).join('.')
}

/** `c`, `r` and `t` stand in explanations only. `p` is answered as for a host without a validated name. */
function lettersOf(
  letter: string,
  domain: string,
  { address, sender, helo }: SpfQuestion,
): string | undefined {
  switch (letter) {
    case 's':
      return `${sender.local}@${sender.domain}`
    case 'l':
      return sender.local
    case 'o':
      return sender.domain
    case 'd':
      return domain
    case 'i':
      return isIPv6(address) ? nibbles(address).join('.') : address
    case 'p':
      return 'unknown'
    case 'v':
      return isIPv6(address) ? 'ip6' : 'in-addr'
    case 'h':
      return helo
    default:
      return undefined
  }
}

/** RFC 7208 §7.3 */
function shortened(name: string): string {
  let rest = name.replace(/\.$/, '')
  while (rest.length > 253 && rest.includes('.')) rest = rest.slice(rest.indexOf('.') + 1)
  return rest
}
