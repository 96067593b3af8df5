/** Leaves of a message that are to get other octets here and there: found, decoded, while all the rest stays as it was. */

import { parseContentType } from './content-type.ts'
import { rewriteHeader } from './downgrade.ts'
import type { Edit } from './downgrade.ts'
import { base64Lines, quotedBetween, quotedPrintable } from './encode.ts'
import { asBuffer, field } from './header.ts'
import type { Header } from './header.ts'
import { decoded, unquoted } from './leaves.ts'
import { feeder, LONGEST_LINE } from './mime.ts'
import { unfold } from './value.ts'
import { isIdentity, isSealed, Walk } from './walk.ts'
import type { Entity, MimeLimits } from './walk.ts'

export type EditableLeaf = {
  /** Lower case; empty when the part names none. */
  readonly charset: string
  /** Without its transfer encoding. */
  readonly content: Buffer
  /** What to do to the message so that this leaf has other octets in places of its content. They are in order, and apart. */
  readonly edits: (splices: readonly Splice[]) => readonly Edit[]
}

/** What is put in the place of octets `start` to `end` of a content; where they are the same, before that octet. */
export type Splice = { readonly start: number; readonly end: number; readonly by: Buffer }

export type EditableLimits = MimeLimits & {
  /** Octets of all wanted leaves together, as they are encoded; what is beyond is not found. */
  readonly leafBytes: number
}

export type EditableFinder = {
  write(chunk: Uint8Array): void
  end(): readonly EditableLeaf[]
  /** Of the message, once it has been read. */
  readonly header: Header | undefined
}

/**
 * Those of `type` that are shown with the message: no attachments, nothing in a message within, nothing that is signed or
 * encrypted (RFC 1847 §2.1), nothing of a message with a DKIM signature (RFC 6376 §3.5), whose body it covers.
 */
export function editableFinder(type: string, limits: EditableLimits): EditableFinder {
  const found = new Map<Entity, Buffer[]>()
  let octets = 0
  let isSigned = false
  let header: Header | undefined
  const walk = new Walk(limits, {
    entity(entity) {
      if (entity.depth === 0) {
        header = entity.header
        isSigned = field(header, 'dkim-signature') !== undefined
      }
      if (!isSigned && isShown(entity, type)) found.set(entity, [])
    },
    octets(entity, data) {
      const pieces = found.get(entity)
      if (pieces === undefined) return
      octets += data.length
      if (octets > limits.leafBytes) found.delete(entity)
      // The memory of a chunk is not ours to keep.
      else pieces.push(Buffer.from(data))
    },
  })
  const feed = feeder(walk)
  return {
    get header() {
      return header
    },
    write: (chunk) => feed.write(chunk),
    end() {
      feed.end()
      // What is not understood to its end may be cut anywhere.
      if (walk.stopped !== undefined) return []
      return Array.from(found, ([entity, pieces]) => leafOf(entity, Buffer.concat(pieces)))
    },
  }
}

/** The same of a message that is whole. */
export function editableLeaves(
  message: Uint8Array,
  type: string,
  limits: EditableLimits,
): readonly EditableLeaf[] {
  const finder = editableFinder(type, limits)
  finder.write(asBuffer(message))
  return finder.end()
}

const ENCODINGS: ReadonlySet<string> = new Set(['base64', 'quoted-printable'])

function isShown(entity: Entity, type: string): boolean {
  const { kind, header, encoding } = entity
  if (kind !== 'leaf' || entity.type.type !== type) return false
  if (!isIdentity(encoding) && !ENCODINGS.has(encoding)) return false
  if (isWithinMessage(entity) || isSealed(entity)) return false
  // A header section that ends without an empty line has its lines in the body.
  return header.body === header.bytes.length && dispositionOf(header) !== 'attachment'
}

/** RFC 2183 §2 */
function dispositionOf(header: Header): string | undefined {
  const said = field(header, 'content-disposition')
  return said && unfold(header, said).split(';', 1)[0]?.trim().toLowerCase()
}

function isWithinMessage(entity: Entity): boolean {
  for (let outer = entity.parent; outer !== undefined; outer = outer.parent)
    if (outer.kind === 'message') return true
  return false
}

function leafOf(entity: Entity, octets: Buffer): EditableLeaf {
  const { header, encoding } = entity
  const said = field(header, 'content-type')
  const charset = said && parseContentType(unfold(header, said)).parameters.get('charset')
  const of = { charset: charset?.toLowerCase() ?? '' }
  if (encoding === 'quoted-printable') return { ...of, ...quotedLeaf(entity, octets) }
  const content = decoded(octets, encoding)
  return { ...of, content, edits: (splices) => wholeEdits(entity, spliced(content, splices)) }
}

/** Lines that nothing is put into stay as they were written. */
function quotedLeaf({ body }: Entity, octets: Buffer): Pick<EditableLeaf, 'content' | 'edits'> {
  const plain = unquoted(octets)
  const { content } = plain
  return {
    content,
    edits: (splices) =>
      splices.map(({ start, end, by }) => ({
        start: body + plain.placeOf(start),
        end: body + plain.placeOf(end),
        by: quotedBetween(by, end === content.length),
      })),
  }
}

function wholeEdits(entity: Entity, content: Buffer): readonly Edit[] {
  const { encoding, body, end } = entity
  if (encoding === 'base64') return [{ start: body, end, by: base64Lines(content) }]
  const relabelled = hasLongLine(content) ? rewriteHeader(entity, 'quoted-printable') : undefined
  if (relabelled === undefined) return [{ start: body, end, by: content }]
  return [relabelled, { start: body, end, by: quotedPrintable(content) }]
}

/** `octets` with the splices in them. */
export function spliced(octets: Buffer, splices: readonly Splice[]): Buffer {
  const pieces: Buffer[] = []
  let at = 0
  for (const { start, end, by } of splices) {
    pieces.push(octets.subarray(at, start), by)
    at = end
  }
  return Buffer.concat([...pieces, octets.subarray(at)])
}

/** RFC 5322 §2.1.1 */
function hasLongLine(content: Buffer): boolean {
  let from = 0
  for (;;) {
    const end = content.indexOf('\r\n', from)
    if ((end < 0 ? content.length : end) - from > LONGEST_LINE) return true
    if (end < 0) return false
    from = end + 2
  }
}
