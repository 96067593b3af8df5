/** What header fields say: unfolded, decoded for people, authors named. RFC 5322 §2.2.3, RFC 2047 */

import { isAscii, isUtf8 } from 'node:buffer'

import type { Mailbox } from '#grammar/address'

import { parseAddressList } from './address-list.ts'
import type { Field, Header } from './header.ts'

export type Authors =
  | { readonly ok: true; readonly authors: readonly [Mailbox, ...Mailbox[]] }
  /** `unreadable`: some of it might name somebody else to another reader. RFC 5322 §3.6.2 */
  | { readonly ok: false; readonly why: 'none' | 'unreadable' | 'too many' }

/** What a search shows of a field. RFC 5322 §2.1.1 */
const SHOWN = 998

/** Nobody writes as more people than this, and each of them has to be allowed. */
const AUTHORS = 100

/** Octets of a field that are looked at, for each character shown: the worst is ISO-2022-JP in a Q encoding. */
const OCTETS_PER_CHARACTER = 24

/** One octet a character; the octets are the same as in the message. */
const EIGHT_BIT = /[\x80-\xff]/

/** The value without folding and outer space; as UTF-8 if it is, otherwise as latin1. */
export function unfold(header: Header, at: Field): string {
  return unfoldRange(header, at.value, at.end)
}

function unfoldRange(header: Header, start: number, end: number): string {
  const raw = header.text.slice(start, end)
  const text = EIGHT_BIT.test(raw) ? decodeOctets(header.bytes.subarray(start, end)) : raw
  return (text.includes('\r\n', 0) ? text.replaceAll('\r\n', '') : text).trim()
}

function decodeOctets(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1')
}

/** For people: unfolded, encoded-words decoded, no control characters, at most `limit` UTF-16 units. */
export function displayValue(header: Header, at: Field, limit = SHOWN): string {
  const end = Math.min(at.end, at.value + limit * OCTETS_PER_CHARACTER)
  return forDisplay(decodeWords(unfoldRange(header, at.value, end)), limit)
}

/** Control and line-separating characters become spaces. */
function forDisplay(text: string, limit: number): string {
  const harmless = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
  // A lone surrogate at the cut would be no UTF-8.
  return harmless.length <= limit
    ? harmless
    : harmless
        .slice(0, limit)
        .toWellFormed()
        .replace(/\ufffd$/, '')
}

// Encoded-words are atoms: `?` ends each piece, so that every search ends there. RFC 2047 §2
const ENCODED_WORD = /=\?([^?\s]{1,60})\?([bq])\?([^?\s]*)\?=/gi

type EncodedWord = {
  readonly start: number
  readonly end: number
  readonly charset: string
  readonly bytes: Buffer
}

/** Decodes the encoded-words of an unfolded value; what cannot be decoded stays as it is. RFC 2047 §6 */
export function decodeWords(text: string): string {
  if (!text.includes('=?')) return text
  let decoded = ''
  let run: EncodedWord[] = []
  let at = 0
  for (const found of text.matchAll(ENCODED_WORD)) {
    const word = readEncodedWord(found)
    const between = text.slice(at, word.start)
    const adjacent = run.length > 0 && between.trim() === ''
    // Pieces of one character are often spread over two words of one charset, against RFC 2047 §5.
    if (!adjacent || run[0]?.charset !== word.charset) {
      decoded += decodeRun(run, text)
      run = []
    }
    // RFC 2047 §6.2: space between encoded-words is not shown.
    if (!adjacent) decoded += between
    run.push(word)
    at = word.end
  }
  return decoded + decodeRun(run, text) + text.slice(at)
}

function readEncodedWord(found: RegExpExecArray): EncodedWord {
  const [whole, charset = '', encoding = '', content = ''] = found
  const bytes = encoding.toLowerCase() === 'b' ? Buffer.from(content, 'base64') : decodeQ(content)
  // RFC 2231 §5: a language may follow the charset.
  const [name = ''] = charset.toLowerCase().split('*')
  return { start: found.index, end: found.index + whole.length, charset: name, bytes }
}

/** RFC 2047 §4.2 */
function decodeQ(content: string): Buffer {
  const octets = content
    .replaceAll('_', ' ')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(octets, 'latin1')
}

function decodeRun(run: readonly EncodedWord[], text: string): string {
  const [first] = run
  const last = run.at(-1)
  if (first === undefined || last === undefined) return ''
  const bytes = run.length === 1 ? first.bytes : Buffer.concat(run.map((word) => word.bytes))
  return decodeCharset(bytes, first.charset) ?? text.slice(first.start, last.end)
}

/** Names that mailers write and the Encoding Standard does not list. */
const CHARSETS = new Map([
  ['cp932', 'shift_jis'],
  ['cp50220', 'iso-2022-jp'],
  ['cp50221', 'iso-2022-jp'],
  ['iso-2022-jp-1', 'iso-2022-jp'],
  ['iso-2022-jp-3', 'iso-2022-jp'],
  ['iso-2022-jp-ms', 'iso-2022-jp'],
  ['cp51932', 'euc-jp'],
  ['eucjp-ms', 'euc-jp'],
])

/** `undefined` for a charset that is not known. Octets that mean nothing become U+FFFD. */
export function decodeCharset(bytes: Uint8Array, charset: string): string | undefined {
  const name = CHARSETS.get(charset) ?? charset
  try {
    return new TextDecoder(name).decode(name === 'iso-2022-jp' ? withoutIdleShifts(bytes) : bytes)
  } catch {
    return undefined
  }
}

// ESC ( B and its like, with another right behind it. RFC 1468
// eslint-disable-next-line no-control-regex
const IDLE_SHIFT = /\x1b[($][@BJ](?=\x1b[($][@BJ])/g

/**
 * Each encoded-word ends in ASCII and the next begins with a shift out of it; between two of them the Encoding Standard
 * shows U+FFFD for the shift that nothing came after.
 */
function withoutIdleShifts(bytes: Uint8Array): Buffer {
  return Buffer.from(Buffer.from(bytes).toString('latin1').replace(IDLE_SHIFT, ''), 'latin1')
}

/** Every mailbox of every From field: who the message claims to be from. RFC 5322 §3.6.2 */
export function authorsOf(header: Header): Authors {
  const authors: Mailbox[] = []
  for (const from of header.fields) {
    if (from.name !== 'from') continue
    const list = parseAddressList(unfold(header, from), AUTHORS)
    authors.push(...list.mailboxes)
    const full = list.unreadable && list.mailboxes.length === AUTHORS
    if (full || authors.length > AUTHORS) return { ok: false, why: 'too many' }
    if (list.unreadable) return { ok: false, why: 'unreadable' }
  }
  const [first, ...others] = authors
  return first === undefined ? { ok: false, why: 'none' } : { ok: true, authors: [first, ...others] }
}

/** Whether the header section has octets above 127. RFC 6531 §3.4 */
export function needsSmtpUtf8(header: Header): boolean {
  return !isAscii(header.bytes.subarray(0, header.end))
}
