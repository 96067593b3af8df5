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
  // Node passes over whatever is not of the alphabet, as RFC 2045 §6.8 asks.
  if (encoding === 'base64') return Buffer.from(octets.toString('latin1'), 'base64')
  return encoding === 'quoted-printable' ? unquoted(octets).content : octets
}

const TAB = 9
const LF = 10
const CR = 13
const SPACE = 32
const EQUALS = 61

export type Unquoted = {
  readonly content: Buffer
  /** Where an octet of the content begins in what it was decoded from; of its length: the end of that. */
  readonly placeOf: (offset: number) => number
}

/** Quoted-printable decoded. What is not quoted as it should be is taken for what it is. RFC 2045 §6.7 */
export function unquoted(octets: Buffer): Unquoted {
  const content = Buffer.allocUnsafe(octets.length)
  // Runs of octets that stand for themselves, and octets that are quoted: where each begins, here and there.
  const starts: number[] = []
  const places: number[] = []
  let length = 0
  for (let at = 0; at < octets.length;) {
    const equals = octets[at] === EQUALS ? at : octets.indexOf(EQUALS, at)
    const quoted = equals < 0 ? undefined : quotedAt(octets, equals)
    // An `=` that begins nothing belongs to the run.
    const end = equals < 0 ? octets.length : quoted === undefined ? equals + 1 : equals
    if (end > at) {
      starts.push(length)
      places.push(at)
      length += octets.copy(content, length, at, end)
    }
    if (quoted?.octet !== undefined) {
      starts.push(length)
      places.push(end)
      content[length] = quoted.octet
      length += 1
    }
    at = quoted?.next ?? end
  }
  return {
    content: content.subarray(0, length),
    placeOf: (offset) => (offset >= length ? octets.length : placeIn(starts, places, offset)),
  }
}

/** The last run that begins at or before `offset` has it. */
function placeIn(starts: readonly number[], places: readonly number[], offset: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return (places[low] ?? 0) + offset - (starts[low] ?? 0)
}

/** What the `=` there begins: an octet, a soft line break, or nothing. */
function quotedAt(
  octets: Buffer,
  at: number,
): { readonly octet?: number; readonly next: number } | undefined {
  const high = digit(octets[at + 1])
  const low = digit(octets[at + 2])
  if (high >= 0 && low >= 0) return { octet: high * 16 + low, next: at + 3 }
  let end = at + 1
  while (octets[end] === SPACE || octets[end] === TAB) end += 1
  if (octets[end] === CR && octets[end + 1] === LF) return { next: end + 2 }
  return octets[end] === LF ? { next: end + 1 } : undefined
}

/** Of a hexadecimal digit in either case; -1 of anything else. */
function digit(octet = 0): number {
  if (octet >= 48 && octet <= 57) return octet - 48
  const letter = octet | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}
