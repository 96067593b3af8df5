/** How ESMTP parameters carry what their grammar has no room for: xtext, and the UTF-8 addresses of ORCPT. */

import { isUtf8 } from 'node:buffer'

const XCHAR = /^[!-*,-<>-~]*$/
const HEX_PAIR = /^[0-9A-F]{2}$/
const SPECIAL = /[^!-*,-<>-~]/
const EMBEDDED = /^\\x\{([0-9A-F]{2,6})\}/
const UTF8_PLAIN = /[!-*,-<>-[\]-~\x80-\u{10ffff}]+/uy
const UTF8_SPECIAL = /[^!-*,-<>-[\]-~]/gu

/** Anything as xtext; octets of UTF-8 beyond ASCII as hexchars. RFC 3461 §4 */
export function encodeXtext(text: string): string {
  if (!SPECIAL.test(text)) return text
  let xtext = ''
  for (const octet of Buffer.from(text)) {
    const char = String.fromCharCode(octet)
    xtext += SPECIAL.test(char) ? `+${octet.toString(16).toUpperCase().padStart(2, '0')}` : char
  }
  return xtext
}

/** `undefined` when `xtext` is malformed, or its octets are not UTF-8. RFC 3461 §4 */
export function decodeXtext(xtext: string): string | undefined {
  const [first = '', ...pieces] = xtext.split('+')
  if (!XCHAR.test(first)) return undefined
  if (pieces.length === 0) return first
  const octets: Buffer[] = [Buffer.from(first, 'latin1')]
  for (const piece of pieces) {
    const hex = piece.slice(0, 2)
    const plain = piece.slice(2)
    // RFC 3461 §4: the hexadecimal digits are upper case.
    if (!HEX_PAIR.test(hex) || !XCHAR.test(plain)) return undefined
    octets.push(Buffer.from(hex, 'hex'), Buffer.from(plain, 'latin1'))
  }
  const bytes = Buffer.concat(octets)
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

/** As utf-8-addr-xtext: ASCII only, so that any next hop with DSN takes it. RFC 6533 §3 */
export function encodeUtf8Address(address: string): string {
  return address.replace(
    UTF8_SPECIAL,
    (char) => `\\x{${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(2, '0')}}`,
  )
}

/** Reads utf-8-addr-xtext and utf-8-addr-unitext; `undefined` when malformed. RFC 6533 §3 */
export function decodeUtf8Address(text: string): string | undefined {
  let address = ''
  let at = 0
  while (at < text.length) {
    UTF8_PLAIN.lastIndex = at
    const plain = UTF8_PLAIN.exec(text)?.[0]
    const [embedded, hex] = plain === undefined ? (EMBEDDED.exec(text.slice(at, at + 10)) ?? []) : []
    const char = plain ?? codePoint(hex)
    if (char === undefined) return undefined
    address += char
    at += (plain ?? embedded ?? '').length
  }
  return address
}

function codePoint(hex: string | undefined): string | undefined {
  const code = Number.parseInt(hex ?? '', 16)
  const isScalar = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
  return isScalar ? String.fromCodePoint(code) : undefined
}
