/** The domain of an address: DNS name or address literal, to one canonical form. RFC 5321 §4.1.2, §4.1.3 */

import { domainToASCII, domainToUnicode } from 'node:url'

import { parseIpv4, parseIpv6 } from './ip.ts'

/** RFC 5321 §4.5.3.1.2, RFC 1035 §2.3.4 */
const DOMAIN_OCTETS = 255
const LABEL_OCTETS = 63

// The underscore is in no domain of the grammar, but in DNS names that send and receive mail today.
const LABEL = /^[a-z0-9_-]+$/
const HYPHEN_AT_END = /^-|-$/
const DIGITS = /^[0-9]+$/
const NOT_ASCII = /[^\0-\x7f]/

/**
 * A DNS name as lower-case A-labels; `undefined` when it is none. U-labels (RFC 5890 §2.3.2.1) are taken if
 * they are in NFC and nothing in them is mapped: a full-width letter or dot is another spelling, and two
 * spellings of one name are how filters are passed.
 */
export function parseDomain(text: string): string | undefined {
  const name = NOT_ASCII.test(text) ? toALabels(text) : text.toLowerCase()
  if (name === undefined || name.length > DOMAIN_OCTETS) return undefined
  const labels = name.split('.')
  // No top-level domain is a number; without this `user@192.0.2.1` and `user@2130706433` would be names.
  if (DIGITS.test(labels.at(-1) ?? '')) return undefined
  return labels.every(isLabel) ? name : undefined
}

function isLabel(label: string): boolean {
  if (label.length > LABEL_OCTETS || !LABEL.test(label) || HYPHEN_AT_END.test(label)) return false
  return !label.startsWith('xn--') || isALabel(label)
}

/** An A-label decodes, and encodes again to itself. RFC 5891 §5.4 */
function isALabel(label: string): boolean {
  const shown = domainToUnicode(label)
  // Both: `xn--a` is shown as it is, and `xn---okk` as what `xn--okk` is shown as.
  return shown !== label && domainToASCII(shown) === label
}

function toALabels(text: string): string | undefined {
  const labels = text
    .split('.')
    .map((label) => (NOT_ASCII.test(label) ? toALabel(label) : label.toLowerCase()))
  return labels.includes(undefined) ? undefined : labels.join('.')
}

function toALabel(label: string): string | undefined {
  const lower = label.toLowerCase()
  // RFC 5891 §4.1: NFC; §4.2.3.1: no hyphen at an end, nor two in the third and fourth place.
  if (label !== label.normalize('NFC') || HYPHEN_AT_END.test(lower) || lower.startsWith('--', 2))
    return undefined
  const ascii = domainToASCII(lower)
  return ascii.startsWith('xn--') && domainToUnicode(ascii) === lower ? ascii : undefined
}

/**
 * `[192.0.2.1]` or `[IPv6:…]` in canonical form; `undefined` when it is neither. General address literals
 * (`[tag:…]`) have no registered tag, so there is nobody to deliver them to.
 */
export function parseAddressLiteral(text: string): string | undefined {
  if (!text.startsWith('[') || !text.endsWith(']')) return undefined
  const inside = text.slice(1, -1)
  const isIpv6 = inside.slice(0, 5).toLowerCase() === 'ipv6:'
  const address = isIpv6 ? parseIpv6(inside.slice(5)) : parseIpv4(inside)
  return address && `[${isIpv6 ? 'IPv6:' : ''}${address}]`
}
