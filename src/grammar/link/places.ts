/**
 * Where in a piece of HTML links and the end of the body are: offsets, so that all else stays octet for octet. The HTML
 * is hostile: one pass, no tree, and only so many links.
 */

import { QuoteType, Tokenizer } from 'htmlparser2'
import type { TokenizerCallbacks } from 'htmlparser2'

import { decodeCharset } from '#grammar/message'
import { followed, UNSUBSCRIBE, URL_LENGTH } from '#grammar/tracking'

export type Link = {
  /** Offsets of the value of `href`, without its quotes. */
  readonly start: number
  readonly end: number
  /** As it would be asked for: absolute, http or https, in ASCII; or `UNSUBSCRIBE`. WHATWG URL §4.5 */
  readonly url: string
}

export type Places = {
  readonly links: readonly Link[]
  /** Before the last `</body>`, or the end. */
  readonly pixel: number
  /** Octets are in ASCII at the end: text may follow. */
  readonly endsInAscii: boolean
}

/** Links of one part that are found; those after them stay as they are. */
export const LINKS = 2_000

/** Octets of an attribute that are looked at: characters may be references of several octets each. */
const VALUE = 4 * URL_LENGTH

/** Of the elements whose `href` people follow. */
const LINKING: ReadonlySet<string> = new Set(['a', 'area'])

/** Ours, and those of services that people come from: SendGrid, Postmark, Amazon SES. */
const OPT_OUT = new Map<string, (value: string) => boolean>([
  ['data-hikyaku-track', (value) => value === 'off' || value === 'false'],
  ['clicktracking', (value) => value === 'off'],
  ['data-pm-no-track', () => true],
  ['ses:no-track', () => true],
])

/** `octets` are HTML in `charset`, which is empty where the part names none. `undefined` for one that is not known here. */
export function placesIn(octets: Uint8Array, charset: string): Places | undefined {
  if (!isBasedOnAscii(charset)) return undefined
  const bytes = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength)
  const { text, endsInAscii } = inAscii(bytes.toString('latin1'), charset)
  const reader = new Reader(text, (start, end) => valueOf(bytes.subarray(start, end), charset))
  const tokenizer = new Tokenizer({ decodeEntities: false }, reader)
  tokenizer.write(text)
  tokenizer.end()
  return { links: reader.links, pixel: reader.bodyEnd ?? text.length, endsInAscii }
}

/** Charsets in which an octet of `<`, `"`, `=` or a letter may be something else, and that are not masked here. */
const OTHERWISE = /^(?:utf-?(?:7|16|32)|ucs|unicode|iso-2022-(?!jp)|hz|ibm|cp037|ebcdic)/

function isBasedOnAscii(charset: string): boolean {
  return !OTHERWISE.test(charset)
}

/** A place in JIS X 0208 or its like, from its escape sequence to the one back to ASCII or to its Roman letters. */
// oxlint-disable-next-line no-control-regex -- ESC is what the sequence begins with
const SHIFT = /\x1b(?:\$[@B]|\$\([@A-Z]|\([BIJ])/g

/** Two octets of a character may be those of `<` and `"`: they are masked, one for one. RFC 1468 */
function inAscii(text: string, charset: string): { readonly text: string; readonly endsInAscii: boolean } {
  if (!charset.startsWith('iso-2022-jp')) return { text, endsInAscii: true }
  const pieces: string[] = []
  let isWide = false
  let at = 0
  for (const { 0: shift, index } of text.matchAll(SHIFT)) {
    pieces.push(isWide ? 'x'.repeat(index - at) : text.slice(at, index), 'x'.repeat(shift.length))
    isWide = !(shift === '\x1b(B' || shift === '\x1b(J')
    at = index + shift.length
  }
  pieces.push(isWide ? 'x'.repeat(text.length - at) : text.slice(at))
  return { text: pieces.join(''), endsInAscii: !isWide }
}

type Value = (start: number, end: number) => string | undefined

/** Takes what the tokenizer finds; an element's link is known when its tag ends. */
class Reader implements TokenizerCallbacks {
  readonly links: Link[] = []
  bodyEnd: number | undefined
  readonly #text: string
  readonly #value: Value
  #isLinking = false
  #isOptedOut = false
  #name = ''
  #from = -1
  #link: Link | undefined

  constructor(text: string, value: Value) {
    this.#text = text
    this.#value = value
  }

  onopentagname(start: number, end: number): void {
    this.#isLinking =
      end - start <= 4 && LINKING.has(this.#text.slice(start, end).toLowerCase()) && this.links.length < LINKS
    this.#isOptedOut = false
    this.#link = undefined
  }

  onattribname(start: number, end: number): void {
    this.#name = this.#isLinking && end - start <= 32 ? this.#text.slice(start, end).toLowerCase() : ''
    this.#from = -1
  }

  onattribdata(start: number): void {
    if (this.#from < 0) this.#from = start
  }

  onattribend(quote: QuoteType, index: number): void {
    if (this.#name === '') return
    const isQuoted = quote === QuoteType.Double || quote === QuoteType.Single
    const start = this.#from < 0 ? index : this.#from
    // The closing quote is passed already.
    const end = Math.max(start, isQuoted ? index - 1 : index)
    if (this.#name === 'href') this.#href(start, end)
    else if (OPT_OUT.get(this.#name)?.(this.#text.slice(start, Math.min(end, start + 10)).toLowerCase()))
      this.#isOptedOut = true
    this.#name = ''
  }

  /** The first of two is the one that counts. WHATWG HTML §13.2.5.33 */
  #href(start: number, end: number): void {
    if (this.#link !== undefined) return
    const url = end - start > VALUE ? undefined : this.#value(start, end)
    this.#link = { start, end, url: url ?? '' }
  }

  onopentagend(): void {
    const link = this.#link
    const isOptedOut = this.#isOptedOut && link?.url !== UNSUBSCRIBE
    if (link !== undefined && link.url !== '' && !isOptedOut) this.links.push(link)
    this.#isLinking = false
    this.#link = undefined
  }

  onselfclosingtag(): void {
    this.onopentagend()
  }

  onclosetag(start: number, end: number): void {
    if (end - start === 4 && this.#text.slice(start, end).toLowerCase() === 'body') this.bodyEnd = start - 2
  }

  onattribentity(): void {}
  oncdata(): void {}
  oncomment(): void {}
  ondeclaration(): void {}
  onend(): void {}
  onprocessinginstruction(): void {}
  ontext(): void {}
  ontextentity(): void {}
}

/** The URL that an attribute's octets mean; `undefined` when it is none that is followed. */
function valueOf(octets: Buffer, charset: string): string | undefined {
  const raw = decodeCharset(octets, charset === '' ? 'utf-8' : charset)
  if (raw === undefined) return undefined
  const text = raw.includes('&') ? withoutReferences(raw) : raw
  return text.trim().toLowerCase() === UNSUBSCRIBE ? UNSUBSCRIBE : followed(text)
}

function none(): void {}

/** With its character references resolved, as in an attribute. */
function withoutReferences(raw: string): string {
  let text = ''
  const data = `<a b="${raw.replaceAll('"', '&#34;')}">`
  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      onattribdata: (start, end) => void (text += data.slice(start, end)),
      onattribentity: (point) => void (text += String.fromCodePoint(point)),
      onattribend: none,
      onattribname: none,
      oncdata: none,
      onclosetag: none,
      oncomment: none,
      ondeclaration: none,
      onend: none,
      onopentagend: none,
      onopentagname: none,
      onprocessinginstruction: none,
      onselfclosingtag: none,
      ontext: none,
      ontextentity: none,
    },
  )
  tokenizer.write(data)
  tokenizer.end()
  return text
}
