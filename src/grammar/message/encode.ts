/** Quoted-printable, base64, encoded-words and folding. RFC 2045 §6.7, §6.8, RFC 2047 §2 */

/** Turns octets that come in pieces into lines of at most 76 characters; each piece is taken once and not kept. */
export type Encoder = { write(data: Uint8Array): Buffer; end(): Buffer }

const LINE = 76
const CR = 13
const LF = 10
const SPACE = 32
const TAB = 9
const EQUALS = 61
const HEX = Buffer.from('0123456789ABCDEF')

/** Octets that make one line of base64. RFC 2045 §6.8 */
const OCTETS = (LINE / 4) * 3

/** Lines of at most 76 characters, each with its CRLF. */
export function base64Lines(bytes: Uint8Array): Buffer {
  const encoder = base64Encoder()
  return Buffer.concat([encoder.write(bytes), encoder.end()])
}

export function base64Encoder(): Encoder {
  let rest = Buffer.alloc(0)
  return {
    write(data) {
      const all = Buffer.concat([rest, data])
      const whole = all.length - (all.length % OCTETS)
      rest = all.subarray(whole)
      return wrap(all.toString('base64', 0, whole))
    },
    end() {
      const last = wrap(rest.toString('base64'))
      rest = Buffer.alloc(0)
      return last
    },
  }
}

/** base64 that came in lines too long, in lines of 76. RFC 2045 §6.8: what is not of the alphabet may be dropped. */
export function base64Rewrapper(): Encoder {
  let rest = ''
  return {
    write(data) {
      rest += Buffer.from(data)
        .toString('latin1')
        .replace(/[^A-Za-z0-9+/=]/g, '')
      const whole = rest.length - (rest.length % LINE)
      const lines = wrap(rest.slice(0, whole))
      rest = rest.slice(whole)
      return lines
    },
    end: () => wrap(rest),
  }
}

function wrap(text: string): Buffer {
  return Buffer.from(text.replace(/.{1,76}/g, '$&\r\n'), 'latin1')
}

/** Text in CRLF lines; a CR or LF that is no line end is encoded as the octet it is. RFC 2045 §6.7 */
export function quotedPrintable(bytes: Uint8Array): Buffer {
  const encoder = quotedPrintableEncoder()
  return Buffer.concat([encoder.write(bytes), encoder.end()])
}

/**
 * Text to be put between octets that are quoted-printable already, in lines of its own: no line becomes longer, whatever
 * stands around it. `isLast`: nothing follows in the content. RFC 2045 §6.7
 */
export function quotedBetween(bytes: Uint8Array, isLast: boolean): Buffer {
  const quoted = Buffer.from(bytes)
    .toString('latin1')
    .replace(NOT_LITERAL, (octet) => `=${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
  return Buffer.from(`=\r\n${shortLines(quoted).join('=\r\n')}${isLast ? '' : '=\r\n'}`, 'latin1')
}

/** Space too: it may come to stand at the end of a line. */
const NOT_LITERAL = /[^!-<>-~]/g

/** Less than a line: the soft line break takes one of it. No quoted octet is cut. */
function shortLines(quoted: string): readonly string[] {
  const lines: string[] = []
  for (let at = 0; at < quoted.length;) {
    const full = at + LINE - 1
    const cut = full >= quoted.length ? -1 : quoted.lastIndexOf('=', full - 1)
    const end = cut > full - 3 ? cut : full
    lines.push(quoted.slice(at, end))
    at = end
  }
  return lines
}

/** With `again`, the octets are quoted-printable already, but have lines too long or 8-bit octets. */
export function quotedPrintableEncoder(again = false): Encoder {
  const lines = new QuotedPrintable(again)
  return { write: (data) => lines.write(data), end: () => lines.end() }
}

class QuotedPrintable {
  readonly #again: boolean
  #column = 0
  /** A CR or space whose meaning the next octet decides; 0 for none. */
  #pending = 0
  #out = Buffer.alloc(0)
  #length = 0

  constructor(again: boolean) {
    this.#again = again
  }

  write(data: Uint8Array): Buffer {
    this.#begin(data.length)
    for (const octet of data) this.#take(octet)
    return this.#out.subarray(0, this.#length)
  }

  end(): Buffer {
    this.#begin(0)
    this.#settle(-1)
    return this.#out.subarray(0, this.#length)
  }

  #begin(octets: number): void {
    // Three for each octet and the pending one, and three for each soft line break, of which 24 octets need one at most.
    this.#out = Buffer.allocUnsafe(octets * 4 + 16)
    this.#length = 0
  }

  #take(octet: number): void {
    if (this.#pending === CR && octet === LF) {
      this.#pending = 0
      this.#endLine()
      return
    }
    this.#settle(octet)
    if (octet === CR || octet === SPACE || octet === TAB) this.#pending = octet
    else if (octet === EQUALS && this.#again) this.#escape()
    else if (octet > SPACE && octet < 127 && octet !== EQUALS) this.#literal(octet)
    else this.#quoted(octet)
  }

  /** Space that would end a line and a CR without its LF are quoted. RFC 2045 §6.7 */
  #settle(next: number): void {
    const octet = this.#pending
    if (octet === 0) return
    this.#pending = 0
    if (octet === CR || next === CR || next === -1) this.#quoted(octet)
    else this.#literal(octet)
  }

  #literal(octet: number): void {
    this.#room(1)
    this.#put(octet)
  }

  #quoted(octet: number): void {
    this.#room(3)
    this.#put(EQUALS)
    this.#put(HEX[octet >> 4] ?? 0)
    this.#put(HEX[octet & 15] ?? 0)
  }

  /** The `=` of an escape that is there already: its two digits must come on the same line. */
  #escape(): void {
    this.#room(3)
    this.#put(EQUALS)
  }

  /** Begins another line where the octets do not fit, leaving room for the `=` that says so. */
  #room(width: number): void {
    if (this.#column + width <= LINE - 1) return
    this.#put(EQUALS)
    this.#endLine()
  }

  #endLine(): void {
    this.#put(CR)
    this.#put(LF)
    this.#column = 0
  }

  #put(octet: number): void {
    this.#out[this.#length] = octet
    this.#length += 1
    this.#column += 1
  }
}

/** RFC 2047 §2: an encoded-word has at most 75 characters, and with its field name a line has 76. */
const WORD = 75
const BEFORE = '=?UTF-8?B?'
const AFTER = '?='
const PLAIN = /^[\x20-\x7e]*$/

/**
 * Printable ASCII as it is; anything else as encoded-words in UTF-8, no character cut in two, joined by folding. What
 * looks like an encoded-word is encoded, so that it is shown as it was written. `column` is where the first one begins.
 */
export function encodedWords(text: string, column = 0): string {
  if (PLAIN.test(text) && !text.includes('=?')) return text
  const words: string[] = []
  let word: number[] = []
  for (const character of text.toWellFormed()) {
    const octets = Buffer.from(character)
    const room = words.length === 0 ? WORD - column : WORD
    if (encodedLength(word.length + octets.length) > room) {
      words.push(encodedWord(word))
      word = []
    }
    word.push(...octets)
  }
  if (word.length > 0) words.push(encodedWord(word))
  return words.join('\r\n ')
}

function encodedLength(octets: number): number {
  return BEFORE.length + Math.ceil(octets / 3) * 4 + AFTER.length
}

function encodedWord(octets: readonly number[]): string {
  return BEFORE + Buffer.from(octets).toString('base64') + AFTER
}

/** RFC 5322 §2.1.1 */
const FOLD_AT = 78

/** An unstructured field: any text, shown as it is. Control characters are for the caller to take out. RFC 5322 §3.6.5 */
export function textField(name: string, text: string): string {
  return foldedField(name, encodedWords(text, name.length + 2))
}

/** `Name: value` with CRLF, folded at its spaces so that lines have at most 78 characters where they can. RFC 5322 §2.2.3 */
export function foldedField(name: string, value: string): string {
  let folded = `${name}:`
  let column = folded.length
  for (const word of value.replaceAll('\r\n', '\n').split(' ')) {
    // Folded already, at the space before this word.
    const newLine = word.endsWith('\n')
    const text = newLine ? word.slice(0, -1) : word
    // A word longer than a line is not made shorter by a fold before it.
    const fold = text !== '' && text.length < FOLD_AT && column + 1 + text.length > FOLD_AT
    folded += `${fold ? '\r\n ' : ' '}${text}${newLine ? '\r\n' : ''}`
    column = newLine ? 0 : (fold ? 0 : column) + 1 + text.length
  }
  return `${folded}\r\n`
}
