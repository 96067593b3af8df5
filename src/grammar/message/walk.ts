/**
 * The walk over the entities of a message, octets in, entities out: what `inspect` counts and what `planRepair` plans
 * by. A loop with a stack of its own, which the limits bound; nothing is decoded. RFC 2046 §5
 */

import { TEXT_PLAIN, parseContentType } from './content-type.ts'
import type { ContentType } from './content-type.ts'
import { field, parseHeader } from './header.ts'
import type { Header } from './header.ts'
import { unfold } from './value.ts'

export type MimeLimits = {
  /** Entities within one another; the message itself is at 0. */
  readonly depth: number
  readonly parts: number
  /** Octets of the header section of each. */
  readonly headerBytes: number
}

/** A message or body part. Offsets count from the first octet of the message. */
export type Entity = {
  readonly parent: Entity | undefined
  readonly depth: number
  readonly start: number
  readonly kind: 'leaf' | 'multipart' | 'message'
  readonly type: ContentType
  /** In lower case. RFC 2045 §6.1 */
  readonly encoding: string
  /** Its bytes are a copy, and end with the empty line. */
  readonly header: Header
  readonly body: number
  /** Before the CRLF that belongs to the delimiter. */
  readonly end: number
}

/** How the walk ended early: what is inside is carried, but not understood. */
export type Stopped = 'depth' | 'parts' | 'header'

export type Observer = {
  /** The header section has been read; `end` is not known yet. */
  entity?(entity: Entity): void
  /** Octets that are this entity's own: the body of a leaf, the preamble and epilogue of a multipart. */
  octets?(entity: Entity, data: Buffer): void
}

type Open = { -readonly [K in keyof Omit<Entity, 'parent'>]: Entity[K] } & {
  readonly parent: Open | undefined
  /** From where on octets are its own. */
  own: number
  /** While its delimiters are looked for. */
  boundary?: string
  /** An outer multipart with the same boundary. */
  shadowed?: Open
}

const CRLF = Buffer.from('\r\n')
const DELIMITER = Buffer.from('\r\n--')
const DASH = 45

/** `--`, 70 characters, `--` and as much padding as anyone has seen. RFC 2046 §5.1.1 */
const LONGEST_DELIMITER = 250

const NO_HEADER: Header = { bytes: Buffer.alloc(0), text: '', fields: [], end: 0, body: 0 }

type Delimiter = { readonly of: Open; readonly last: boolean }

/** RFC 2046 §5.1.5 */
const DIGESTED: ContentType = { type: 'message/rfc822', parameters: new Map() }

/** Takes a message in pieces of any size, each octet once. */
export class Walk {
  depth = 0
  parts = 0
  stopped: Stopped | undefined
  readonly #limits: MimeLimits
  readonly #observer: Observer
  readonly #delimiters = new Map<string, Open>()
  #current: Open
  #reading: 'header' | 'body' | 'nothing' = 'header'
  /** Offset in the message of the first octet of what `feed` is given. */
  #base = 0

  constructor(limits: MimeLimits, observer: Observer) {
    this.#limits = limits
    this.#observer = observer
    this.#current = open(undefined, 0, TEXT_PLAIN)
  }

  /**
   * Reads on in `data`, and says how many octets it is done with: the others have to come again, with more after them,
   * unless this is `final`.
   */
  feed(data: Buffer, final: boolean): number {
    let at = 0
    for (;;) {
      const before = this.#reading
      const next = this.#read(data, at, final)
      // No progress and no change: more octets are needed.
      if (next === at && this.#reading === before) break
      at = next
      if (at >= data.length && !final) break
    }
    this.#base += at
    if (final) this.#close(undefined, this.#base)
    return at
  }

  #read(data: Buffer, at: number, final: boolean): number {
    switch (this.#reading) {
      case 'header':
        return this.#readHeader(data, at, final)
      case 'body':
        return this.#readBody(data, at, final)
      case 'nothing':
        return data.length
    }
  }

  /** `at` is where the header section begins. */
  #readHeader(data: Buffer, at: number, final: boolean): number {
    let line = at
    for (;;) {
      const crlf = data.indexOf(CRLF, line)
      const end = crlf < 0 ? data.length : crlf
      if (end - at > this.#limits.headerBytes) return this.#stop('header', data)
      if (crlf < 0 && !final) return at
      const next = Math.min(end + 2, data.length)
      if (end === line) return this.#enterBody(data.subarray(at, next), next, end)
      const delimiter = data[line] === DASH ? this.#match(data, line, end) : undefined
      if (delimiter !== undefined) {
        // A part that ends within its header section. The line before it has its CRLF already.
        this.#enterBody(data.subarray(at, line), line, line)
        return this.stopped === undefined ? this.#delimit(delimiter, end, line) : line
      }
      line = next
    }
  }

  /** In place of the first `feed`, for a whole message whose header section has been read already. */
  feedWhole(message: Header): void {
    const { bytes, body } = message
    // The CRLF of the empty line, where there is one.
    const resume = Math.max(0, body - 2)
    const at = this.#enter(message, body, resume)
    this.#base = at
    this.feed(bytes.subarray(at), true)
  }

  /** `body` is where the body begins, `resume` where to read on: the CRLF before it may belong to a delimiter. */
  #enterBody(headerBytes: Buffer, body: number, resume: number): number {
    // The pieces are not ours to keep; nobody keeps the header either where nobody looks.
    const kept = this.#observer.entity === undefined ? headerBytes : Buffer.from(headerBytes)
    const read = parseHeader(kept, { bytes: Infinity, fields: Infinity })
    return this.#enter(read.ok ? read.header : NO_HEADER, body, resume)
  }

  #enter(header: Header, body: number, resume: number): number {
    const entity = this.#current
    entity.header = header
    entity.body = this.#base + body
    entity.own = entity.body
    const contentType = field(entity.header, 'content-type')
    if (contentType !== undefined) entity.type = parseContentType(unfold(entity.header, contentType))
    const encoding = field(entity.header, 'content-transfer-encoding')
    if (encoding !== undefined) entity.encoding = unfold(entity.header, encoding).toLowerCase()
    const { type } = entity.type
    this.#reading = 'body'
    if (type.startsWith('multipart/')) this.#openMultipart(entity)
    else if (isMessage(type) && isIdentity(entity.encoding)) entity.kind = 'message'
    this.#observer.entity?.(entity)
    if (entity.kind !== 'message') return resume
    const inside = this.#openChild(entity, entity.body, TEXT_PLAIN)
    return inside ? body : resume
  }

  #openMultipart(entity: Open): void {
    const boundary = unpadded(entity.type.parameters.get('boundary') ?? '')
    if (boundary === '') return
    entity.kind = 'multipart'
    entity.boundary = boundary
    const shadowed = this.#delimiters.get(boundary)
    if (shadowed !== undefined) entity.shadowed = shadowed
    this.#delimiters.set(boundary, entity)
  }

  /** False when a limit forbids it. */
  #openChild(parent: Open, start: number, type: ContentType): boolean {
    if (parent.depth + 1 > this.#limits.depth) this.stopped = 'depth'
    else if (this.parts + 1 > this.#limits.parts) this.stopped = 'parts'
    if (this.stopped !== undefined) {
      this.#reading = 'nothing'
      return false
    }
    this.parts += 1
    this.#current = open(parent, start, type)
    this.depth = Math.max(this.depth, this.#current.depth)
    this.#reading = 'header'
    return true
  }

  #stop(why: Stopped, data: Buffer): number {
    this.stopped = why
    this.#reading = 'nothing'
    return data.length
  }

  /** `at` is a CRLF, or anywhere in a line that is no delimiter. */
  #readBody(data: Buffer, at: number, final: boolean): number {
    let from = at
    for (;;) {
      const found = this.#delimiters.size === 0 ? -1 : data.indexOf(DELIMITER, from)
      if (found < 0) {
        // The first three octets of a delimiter may be the last of the piece.
        const known = final ? data.length : Math.max(at, data.length - 3)
        this.#own(data, at, known)
        return known
      }
      const lineEnd = data.indexOf(CRLF, found + 2)
      if (lineEnd < 0 && !final && data.length - found < LONGEST_DELIMITER) {
        this.#own(data, at, found)
        return found
      }
      const end = lineEnd < 0 ? data.length : lineEnd
      const delimiter = this.#match(data, found + 2, end)
      if (delimiter !== undefined) {
        this.#own(data, at, found)
        return this.#delimit(delimiter, end, found)
      }
      from = end
    }
  }

  #own(data: Buffer, from: number, to: number): void {
    // Reading resumes at the CRLF before the body, which is none of its octets.
    const first = Math.max(from, this.#current.own - this.#base)
    if (to > first) this.#observer.octets?.(this.#current, data.subarray(first, to))
  }

  /** The multipart whose delimiter the line is. */
  #match(data: Buffer, start: number, end: number): Delimiter | undefined {
    if (end - start > LONGEST_DELIMITER || data[start + 1] !== DASH) return undefined
    const text = unpadded(data.toString('latin1', start + 2, end))
    const next = this.#delimiters.get(text)
    if (next !== undefined) return { of: next, last: false }
    const last = text.endsWith('--') ? this.#delimiters.get(text.slice(0, -2)) : undefined
    return last === undefined ? undefined : { of: last, last: true }
  }

  /** Ends the part before the delimiter at `partEnd`, and begins what follows its line. */
  #delimit({ of, last }: Delimiter, lineEnd: number, partEnd: number): number {
    this.#close(of, this.#base + partEnd)
    this.#current = of
    if (!last) {
      this.#openChild(
        of,
        this.#base + lineEnd + 2,
        of.type.type === 'multipart/digest' ? DIGESTED : TEXT_PLAIN,
      )
      return lineEnd + 2
    }
    this.#forget(of)
    of.own = this.#base + lineEnd
    this.#reading = 'body'
    return lineEnd
  }

  /** Everything that is open within `within` ends at `end`; with `undefined` the message too. */
  #close(within: Open | undefined, end: number): void {
    for (let entity: Open | undefined = this.#current; entity !== within && entity !== undefined;) {
      entity.end = Math.max(entity.body, end)
      this.#forget(entity)
      entity = entity.parent
    }
  }

  #forget(entity: Open): void {
    if (entity.boundary === undefined) return
    if (entity.shadowed === undefined) this.#delimiters.delete(entity.boundary)
    else this.#delimiters.set(entity.boundary, entity.shadowed)
    delete entity.boundary
  }
}

/**
 * Spaces and tabs at the end of a delimiter are padding. RFC 2046 §5.1.1. A bare CR or LF is none: what is no entity's
 * own nobody looks at, and it would go on to a peer that takes only lines.
 */
function unpadded(text: string): string {
  let end = text.length
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) end -= 1
  return text.slice(0, end)
}

function open(parent: Open | undefined, start: number, type: ContentType): Open {
  const depth = parent === undefined ? 0 : parent.depth + 1
  const header = NO_HEADER
  return {
    parent,
    depth,
    start,
    kind: 'leaf',
    type,
    encoding: '7bit',
    header,
    body: start,
    own: start,
    end: start,
  }
}

/** RFC 2046 §5.2.1, RFC 6532 §3.7 */
function isMessage(type: string): boolean {
  return type === 'message/rfc822' || type === 'message/global'
}

/** Encodings that encode nothing. RFC 2045 §6.2 */
export function isIdentity(encoding: string): boolean {
  return encoding === '7bit' || encoding === '8bit' || encoding === 'binary'
}

/** What multipart/signed and multipart/encrypted hold is to be sent as it is. RFC 1847 §2.1 */
export function isSealed(entity: Entity): boolean {
  for (let outer = entity.parent; outer !== undefined; outer = outer.parent)
    if (outer.type.type === 'multipart/signed' || outer.type.type === 'multipart/encrypted') return true
  return false
}
