/** How text becomes octets of mail: UTF-8, or ISO-2022-JP for receivers of Japan that were never changed. RFC 1468 */

import Encoding from 'encoding-japanese'

import { base64Lines, encodedWords, quotedPrintable } from '#grammar/message'

export type CharsetName = 'utf-8' | 'iso-2022-jp'

export type EncodedText = {
  readonly encoding: '7bit' | 'quoted-printable' | 'base64'
  readonly bytes: Buffer
}

export type Charset = {
  readonly name: CharsetName
  /** An unstructured value or phrase, which begins in `column`; folded between its encoded-words. RFC 2047 §2 */
  words(text: string, column: number): string
  /** Text with CRLF line ends, as what may be the body of a part. */
  body(text: string): EncodedText
}

const UTF_8: Charset = { name: 'utf-8', words: encodedWords, body: utf8Body }
const ISO_2022_JP: Charset = { name: 'iso-2022-jp', words: japaneseWords, body: japaneseBody }

export function charsetOf(name: CharsetName): Charset {
  return name === 'utf-8' ? UTF_8 : ISO_2022_JP
}

/** RFC 5322 §2.1.1, without the CRLF. */
const LONGEST_LINE = 998
const ASCII = /^[\t\r\n\x20-\x7e]*$/
const CR = 0x0d
const LF = 0x0a

/** Of the octets that quoted-printable makes three, as many as still make it shorter than base64. */
const MOSTLY_ASCII = 6

function utf8Body(text: string): EncodedText {
  const bytes = Buffer.from(text)
  if (ASCII.test(text) && !hasLongLine(bytes)) return { encoding: '7bit', bytes }
  let high = 0
  for (const octet of bytes) if (octet > 126) high += 1
  if (high * MOSTLY_ASCII > bytes.length) return { encoding: 'base64', bytes: base64Lines(bytes) }
  return { encoding: 'quoted-printable', bytes: quotedPrintable(bytes) }
}

function japaneseBody(text: string): EncodedText {
  const bytes = toJis(text)
  if (!hasLongLine(bytes)) return { encoding: '7bit', bytes }
  return { encoding: 'base64', bytes: base64Lines(bytes) }
}

/** Each octet is looked at once: the regular expression that says this looks at it once for each of a line before it. */
function hasLongLine(bytes: Buffer): boolean {
  for (let start = 0; start < bytes.length;) {
    const feed = bytes.indexOf(LF, start)
    const end = feed < 0 ? bytes.length : feed
    const length = end - start - (bytes[end - 1] === CR ? 1 : 0)
    if (length > LONGEST_LINE) return true
    start = end + 1
  }
  return false
}

const PLAIN = /^[\x20-\x7e]*$/
const BEFORE = '=?ISO-2022-JP?B?'
const AFTER = '?='
/** RFC 2047 §2 */
const WORD = 75
/** To JIS X 0208 and back to ASCII: each word begins and ends in ASCII. RFC 1468, RFC 2047 §5 */
const SHIFTS = 6

function japaneseWords(text: string, column: number): string {
  if (PLAIN.test(text) && !text.includes('=?')) return text
  const words: string[] = []
  let word = ''
  // Two octets a character is the most there is; ASCII among them costs a shift each way.
  for (const character of text) {
    const room = WORD - (words.length === 0 ? column : 0) - BEFORE.length - AFTER.length
    if (word !== '' && base64Length(jisLength(word + character)) > room) {
      words.push(japaneseWord(word))
      word = ''
    }
    word += character
  }
  if (word !== '') words.push(japaneseWord(word))
  return words.join('\r\n ')
}

function jisLength(text: string): number {
  let length = 0
  let wide = false
  for (const character of text) {
    const isWide = character > '\x7e'
    if (isWide !== wide) length += SHIFTS / 2
    wide = isWide
    length += isWide ? 2 : 1
  }
  return length + (wide ? SHIFTS / 2 : 0)
}

function base64Length(octets: number): number {
  return Math.ceil(octets / 3) * 4
}

function japaneseWord(text: string): string {
  return BEFORE + toJis(text).toString('base64') + AFTER
}

/** Half-width katakana are not of ISO-2022-JP, and have been the bane of mail: they become full-width. RFC 1468 */
function toJis(text: string): Buffer {
  return Buffer.from(Encoding.convert(codesOf(text), { to: 'JIS', from: 'UNICODE', type: 'array' }))
}

function codesOf(text: string): number[] {
  return Encoding.stringToCode(Encoding.toZenkanaCase(text.replaceAll('〜', '～').replaceAll('−', '－')))
}

/** Characters of `text` that ISO-2022-JP has not, each once: at most `limit` of them. RFC 1468 */
export function unfitting(text: string, limit = 20): readonly string[] {
  const found = new Set<string>()
  for (const character of text) {
    if (found.size === limit) break
    if (character > '\x7e' && !fits(character)) found.add(character)
  }
  return [...found]
}

/** ESC $ B, one character of two octets, ESC ( B. */
const ONE_CHARACTER = 8
const FIRST_ROW = 0x21
/** Row 13, ① and its like, is NEC's and not of JIS X 0208; rows 9 to 15 and beyond 84 are empty or another's. */
const LAST_SYMBOL_ROW = 0x28
const FIRST_KANJI_ROW = 0x30
const LAST_ROW = 0x74

function fits(character: string): boolean {
  const bytes = toJis(character)
  const row = bytes[3] ?? 0
  if (bytes.length !== ONE_CHARACTER || bytes[2] !== 0x42) return false
  return (row >= FIRST_ROW && row <= LAST_SYMBOL_ROW) || (row >= FIRST_KANJI_ROW && row <= LAST_ROW)
}
