/**
 * As much of XML as reports are written in: elements and text. No document type, so that no entity can be declared, and
 * none that swells or reads files; attributes and namespaces are passed over. Limits stand in the tokenizer.
 */

export type Element = {
  /** Without a namespace prefix. */
  readonly name: string
  /** Of an element without children, trimmed and cut. */
  readonly text: string
  readonly children: readonly Element[]
}

export type XmlLimits = {
  readonly elements: number
  readonly depth: number
  /** UTF-16 units of text that are kept of one element. */
  readonly text: number
}

export type ReadXml =
  | { readonly ok: true; readonly root: Element }
  /** In words for the operator. */
  | { readonly ok: false; readonly why: string }

/** Characters of one tag: names, attributes, namespaces. */
const TAG = 4_096

type Open = { readonly name: string; text: string; readonly children: Element[] }

/** Takes time in proportion to `text` at most, and some at a time: a large document takes a quarter of a second, and whoever reads it has other work. */
export class XmlReader {
  readonly #text: string
  readonly #limits: XmlLimits
  readonly #open: Open[] = []
  #at = 0
  #elements = 0
  #root: Element | undefined

  constructor(text: string, limits: XmlLimits) {
    this.#text = text
    this.#limits = limits
  }

  /** Goes on by so many pieces of mark-up; `undefined` while there is more. Not to be called after that. Never throws. */
  read(pieces: number): ReadXml | undefined {
    try {
      for (let left = pieces; left > 0 && this.#at < this.#text.length; left -= 1) this.#step()
      return this.#at < this.#text.length ? undefined : { ok: true, root: this.#whole() }
    } catch (error) {
      // How the methods below leave from their depth; nothing else of theirs is to throw.
      if (error instanceof SyntaxError) return { ok: false, why: error.message }
      throw error
    }
  }

  #whole(): Element {
    if (this.#root === undefined || this.#open.length > 0) throw new SyntaxError('the XML ends too early')
    return this.#root
  }

  /** One piece of text and the mark-up behind it. */
  #step(): void {
    const found = this.#text.indexOf('<', this.#at)
    const end = found < 0 ? this.#text.length : found
    if (end > this.#at) this.#add(this.#text.slice(this.#at, Math.min(end, this.#at + MOST_RAW)), true)
    this.#at = end
    if (found >= 0) this.#markup()
  }

  #markup(): void {
    const text = this.#text
    if (text.startsWith('<?', this.#at)) return this.#skip('?>')
    if (text.startsWith('<!--', this.#at)) return this.#skip('-->')
    if (text.startsWith('<![CDATA[', this.#at)) return this.#cdata()
    // XML 1.0 §2.8: with a document type come entities, and from them bombs and the files of this machine.
    if (text.startsWith('<!', this.#at)) throw new SyntaxError('the XML declares a document type')
    this.#tag()
  }

  #skip(end: string): void {
    const found = this.#text.indexOf(end, this.#at)
    if (found < 0) throw new SyntaxError('the XML ends too early')
    this.#at = found + end.length
  }

  #cdata(): void {
    const start = this.#at + '<![CDATA['.length
    this.#skip(']]>')
    this.#add(this.#text.slice(start, Math.min(this.#at - ']]>'.length, start + MOST_RAW)), false)
  }

  #tag(): void {
    const end = endOfTag(this.#text, this.#at + 1)
    const inside = this.#text.slice(this.#at + 1, end)
    this.#at = end + 1
    if (inside.startsWith('/')) return this.#close(nameIn(inside.slice(1)))
    const isEmpty = inside.endsWith('/')
    this.#begin(nameIn(isEmpty ? inside.slice(0, -1) : inside))
    if (isEmpty) this.#end()
  }

  #begin(name: string): void {
    this.#elements += 1
    if (this.#elements > this.#limits.elements)
      throw new SyntaxError(`more than ${this.#limits.elements} elements`)
    if (this.#open.length >= this.#limits.depth)
      throw new SyntaxError(`deeper than ${this.#limits.depth} elements`)
    if (this.#root !== undefined) throw new SyntaxError('more than one element at the top')
    this.#open.push({ name, text: '', children: [] })
  }

  #close(name: string): void {
    if (this.#open.at(-1)?.name !== name) throw new SyntaxError(`</${name}> ends what did not begin`)
    this.#end()
  }

  #end(): void {
    const { name, text, children } = this.#open.pop() ?? neverOpened()
    const element: Element = { name, text: children.length > 0 ? '' : text.trim(), children }
    const parent = this.#open.at(-1)
    if (parent === undefined) this.#root = element
    else parent.children.push(element)
  }

  #add(raw: string, escaped: boolean): void {
    const open = this.#open.at(-1)
    if (open === undefined) {
      if (raw.trim() !== '') throw new SyntaxError('text outside of the element at the top')
      return
    }
    const room = this.#limits.text - open.text.length
    // White space between children is the layout of whoever wrote it.
    if (room <= 0 || (open.text === '' && raw.trim() === '')) return
    open.text += (escaped ? unescaped(raw) : raw).slice(0, room)
  }
}

/** Octets of text that are looked at in one piece: an escape is ten characters at most for one that is kept. */
const MOST_RAW = 65_536

function neverOpened(): never {
  throw new SyntaxError('an end without a beginning')
}

/** Characters of a tag without attributes, and what only others have. */
const SHORT = 130
const ODD = /["'<]/

/** Where the `>` of the tag stands: not one in the value of an attribute. */
function endOfTag(text: string, from: number): number {
  const first = text.indexOf('>', from)
  // Most tags have no attributes: 0.2 µs, where a look at each character takes two.
  if (first >= 0 && first - from < SHORT && !ODD.test(text.slice(from, first))) return first
  let quote = ''
  const most = Math.min(text.length, from + TAG)
  for (let at = from; at < most; at += 1) {
    const character = text.charAt(at)
    if (quote !== '') {
      if (character === quote) quote = ''
    } else if (character === '>') return at
    else if (character === '"' || character === "'") quote = character
    else if (character === '<') break
  }
  throw new SyntaxError('a tag without an end')
}

const NAME = /^(?:[A-Za-z_][\w.-]{0,60}:)?([A-Za-z_][\w.-]{0,60})(?=[\s]|$)/

function nameIn(tag: string): string {
  const [, name] = NAME.exec(tag) ?? []
  if (name === undefined) throw new SyntaxError('a tag without a name')
  return name
}

const ESCAPE = /&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([A-Za-z]\w{0,30}));/g

const PREDEFINED: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
])

/** XML 1.0 §4.6: five names, and no others where none can be declared. */
function unescaped(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(ESCAPE, (_, decimal?: string, hexadecimal?: string, name?: string) => {
    if (name !== undefined) return PREDEFINED.get(name) ?? unknown(name)
    const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal)
    return code <= 0x10_ff_ff && code > 0 ? String.fromCodePoint(code).toWellFormed() : ''
  })
}

function unknown(name: string): never {
  throw new SyntaxError(`the XML names an entity that it cannot declare: ${name}`)
}
