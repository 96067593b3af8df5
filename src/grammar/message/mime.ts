/** What has to be known of a message before it is taken: how deep its parts go, 8-bit octets, NUL, long lines. */

import { isAscii } from 'node:buffer'

import { asBuffer, field } from './header.ts'
import type { Header } from './header.ts'
import { unfold } from './value.ts'
import { Walk } from './walk.ts'
import type { MimeLimits, Stopped } from './walk.ts'

export type { MimeLimits, Stopped } from './walk.ts'

export type Structure = {
  /** 0 for a message without parts. */
  readonly depth: number
  /** Body parts and messages within; 0 for a message without any. */
  readonly parts: number
  /** An octet above 127, header section included. */
  readonly eightBit: boolean
  readonly nul: boolean
  /** A line of more than 998 octets. RFC 5322 §2.1.1 */
  readonly longLine: boolean
  /** The walk ended early: the message can be carried, but not understood. */
  readonly stopped?: Stopped
}

/** For a message in chunks. `write` takes each chunk once and keeps none of its memory. */
export type Inspector = { write(chunk: Uint8Array): void; end(): Structure }

/** Octets of a line, CRLF apart. RFC 5322 §2.1.1 */
export const LONGEST_LINE = 998

const LF = 10

/** `message` is whole: the bytes of its own parsed header. Most messages have no parts, and nothing is walked. */
export function inspect(message: Header, limits: MimeLimits): Structure {
  const { bytes } = message
  const lines = lineMeter()
  lines.write(bytes)
  const octets = { eightBit: !isAscii(bytes), nul: bytes.includes(0), longLine: lines.end() }
  const type = field(message, 'content-type')
  if (type === undefined || !/^\s*(?:multipart|message)\//i.test(unfold(message, type)))
    return { depth: 0, parts: 0, ...octets }
  const walk = new Walk(limits, {})
  walk.feedWhole(message)
  return structure(walk, octets)
}

type Octets = Pick<Structure, 'eightBit' | 'nul' | 'longLine'>

function structure({ depth, parts, stopped }: Walk, octets: Octets): Structure {
  return { depth, parts, ...octets, ...(stopped === undefined ? {} : { stopped }) }
}

export function inspector(limits: MimeLimits): Inspector {
  const walk = new Walk(limits, {})
  const feed = feeder(walk)
  const lines = lineMeter()
  let eightBit = false
  let nul = false
  return {
    write(chunk) {
      eightBit ||= !isAscii(chunk)
      nul ||= chunk.includes(0)
      lines.write(chunk)
      feed.write(chunk)
    },
    end() {
      feed.end()
      return structure(walk, { eightBit, nul, longLine: lines.end() })
    },
  }
}

/** Below this many octets pieces are gathered first: a million chunks of one octet are not a million walks. */
const PIECE = 16 * 1024

const NOTHING = Buffer.alloc(0)

/** Feeds a walk with chunks of any size; what it is not done with is kept for it, at most a header section or a line. */
export function feeder(walk: Walk): { write(chunk: Uint8Array): void; end(): void } {
  let held: Buffer = NOTHING
  let length = 0
  let due = PIECE
  const keep = (rest: Uint8Array): void => {
    if (length + rest.length > held.length) {
      // Most messages are one chunk and no more: room for a second is made with the second.
      const room = length === 0 ? rest.length : Math.max(PIECE, 2 * (length + rest.length))
      const larger = Buffer.allocUnsafe(room)
      held.copy(larger, 0, 0, length)
      held = larger
    }
    held.set(rest, length)
    length += rest.length
  }
  return {
    write(chunk) {
      if (length === 0 && chunk.length >= PIECE) {
        keep(chunk.subarray(walk.feed(asBuffer(chunk), false)))
      } else {
        keep(chunk)
        if (length < due) return
        const done = walk.feed(held.subarray(0, length), false)
        held.copyWithin(0, done, length)
        length -= done
      }
      // What was not enough once is not tried again before there is as much more.
      due = length + PIECE
    },
    end: () => void walk.feed(held.subarray(0, length), true),
  }
}

/** Sees whether any line is too long, in a few native searches backwards instead of one for each line. */
function lineMeter(): { write(chunk: Uint8Array): void; end(): boolean } {
  /** Octets of the unfinished line so far. */
  let open = 0
  let long = false
  return {
    write(chunk) {
      if (open > LONGEST_LINE + 1) long = true
      let start = -open
      while (!long && start + LONGEST_LINE + 2 <= chunk.length) {
        // The last line end within reach: it must be there, and every line before it is short too.
        const found = chunk.lastIndexOf(LF, start + LONGEST_LINE + 1)
        if (found < Math.max(0, start)) long = true
        else start = found + 1
      }
      const last = chunk.lastIndexOf(LF)
      open = last < 0 ? open + chunk.length : chunk.length - last - 1
    },
    end: () => long || open > LONGEST_LINE,
  }
}
