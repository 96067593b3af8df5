/** The parts of a message that have no parts themselves, decoded: for messages that are read by programs. */

import { asBuffer } from './header.ts'
import { Walk } from './walk.ts'
import type { Entity, MimeLimits } from './walk.ts'

export type Leaf = {
  /** `text/plain`, lower case. */
  readonly type: string
  /** Without its transfer encoding; an encoding that nobody knows is left. */
  readonly content: Buffer
}

/** Those of the types that are wanted, in their order. A message that goes beyond the limits has none beyond them. */
export function leavesOf(
  message: Uint8Array,
  limits: MimeLimits,
  isWanted: (type: string) => boolean,
): readonly Leaf[] {
  const found = new Map<Entity, Buffer[]>()
  const walk = new Walk(limits, {
    octets(entity, data) {
      if (entity.kind !== 'leaf' || !isWanted(entity.type.type)) return
      const pieces = found.get(entity)
      if (pieces === undefined) found.set(entity, [data])
      else pieces.push(data)
    },
  })
  walk.feed(asBuffer(message), true)
  return Array.from(found, ([{ type, encoding }, pieces]) => ({
    type: type.type,
    content: decoded(Buffer.concat(pieces), encoding),
  }))
}

/** Without its transfer encoding; one that nobody knows is left. RFC 2045 §6 */
export function decoded(octets: Buffer, encoding: string): Buffer {
  const text = octets.toString('latin1')
  // Node passes over whatever is not of the alphabet, as RFC 2045 §6.8 asks.
  if (encoding === 'base64') return Buffer.from(text, 'base64')
  if (encoding !== 'quoted-printable') return octets
  const joined = text.replace(/=[ \t]*\r?\n/g, '')
  const plain = joined.replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(plain, 'latin1')
}
