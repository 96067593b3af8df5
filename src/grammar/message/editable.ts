/** Leaves of a message that are to get other content: found, decoded, and put back, while all the rest stays as it was. */

import { parseContentType } from './content-type.ts'
import { rewriteHeader } from './downgrade.ts'
import type { Edit } from './downgrade.ts'
import { base64Lines, quotedPrintable } from './encode.ts'
import { asBuffer, field } from './header.ts'
import type { Header } from './header.ts'
import { decoded } from './leaves.ts'
import { feeder, LONGEST_LINE } from './mime.ts'
import { unfold } from './value.ts'
import { isIdentity, isSealed, Walk } from './walk.ts'
import type { Entity, MimeLimits } from './walk.ts'

export type EditableLeaf = {
  /** Lower case; empty when the part names none. */
  readonly charset: string
  /** Without its transfer encoding. */
  readonly content: Buffer
  /** What to do to the message so that this leaf has another content, of the same charset, in the encoding it had. */
  replacedBy(content: Buffer): readonly Edit[]
}

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
  const { header, encoding, body, end } = entity
  const said = field(header, 'content-type')
  const charset = said && parseContentType(unfold(header, said)).parameters.get('charset')
  return {
    charset: charset?.toLowerCase() ?? '',
    content: decoded(octets, encoding),
    replacedBy(content) {
      if (encoding === 'base64') return [{ start: body, end, by: base64Lines(content) }]
      if (encoding === 'quoted-printable') return [{ start: body, end, by: quotedPrintable(content) }]
      const relabelled = hasLongLine(content) ? rewriteHeader(entity, 'quoted-printable') : undefined
      if (relabelled === undefined) return [{ start: body, end, by: content }]
      return [relabelled, { start: body, end, by: quotedPrintable(content) }]
    },
  }
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
