/** Content as the octets that go out: in one piece with the commands when small, a piece at a time when not. */

import type { Content } from '#engine/spool'
import { DataEncoder } from '#grammar/smtp'
import type { Encoded } from '#grammar/smtp'

import type { NotSendable } from './job.ts'

export type Framing = {
  readonly as: 'DATA' | 'BDAT'
  /** BODY=BINARYMIME was said: octets are not looked at. RFC 3030 §3 */
  readonly binary: boolean
}

export type Outgoing = {
  readonly kind: 'outgoing'
  readonly framing: Framing
  /** Octets of content, dots not stuffed. */
  readonly size: number
  readonly body: Small | Large
}

/** Encoded already, end included. */
export type Small = {
  readonly kind: 'small'
  readonly slices: readonly Uint8Array[]
  readonly length: number
}
type Large = { readonly kind: 'large'; readonly content: Content }

/** Up to this many octets of content leave in one write, beyond it piece by piece as the kernel takes them. */
const SMALL = 64 * 1024

export function sizeOf(content: Content): number {
  return content.kind === 'whole' ? content.bytes.length : content.size
}

/** Small content is judged and stuffed here, before anything is said of it; large content on its way. */
export function outgoing(content: Content, framing: Framing): Outgoing | NotSendable {
  const size = sizeOf(content)
  if (content.kind === 'chunked' || size > SMALL) {
    return { kind: 'outgoing', framing, size, body: { kind: 'large', content } }
  }
  const encoder = encoderOf(framing)
  const body = encoder.push(content.bytes)
  if (!body.ok) return notSendable(body)
  const end = encoder.end()
  if (!end.ok) return notSendable(end)
  const slices = [...body.slices, ...end.slices]
  const length = slices.reduce((sum, slice) => sum + slice.length, 0)
  return { kind: 'outgoing', framing, size, body: { kind: 'small', slices, length } }
}

/**
 * Commands and small content in one buffer: one system call, and no segment more than needed. With 5 KB a round trip
 * on loopback cost 14–16 µs of CPU this way and with `cork`, and 24 µs with two writes.
 */
export function oneWrite(say: string, { framing, size }: Outgoing, body: Small): Buffer {
  const head = withChunkCommand(say, framing, size)
  const headLength = Buffer.byteLength(head)
  const all = Buffer.allocUnsafe(headLength + body.length)
  all.write(head)
  let at = headLength
  for (const slice of body.slices) {
    all.set(slice, at)
    at += slice.length
  }
  return all
}

/**
 * Returns `undefined` when all was given out. Whatever stops it before, its end is not given out, so that the peer
 * cannot take the part for the whole. @throws when the content is not as long as it says, or cannot be read.
 */
export async function* pieces(
  say: string,
  { framing, size }: Outgoing,
  { content }: Large,
): AsyncGenerator<Uint8Array, NotSendable | undefined> {
  const head = withChunkCommand(say, framing, size)
  if (head !== '') yield Buffer.from(head)
  const encoder = encoderOf(framing)
  let seen = 0
  for await (const part of parts(content)) {
    seen += part.length
    if (seen > size) break
    const encoded = encoder.push(part)
    if (!encoded.ok) return notSendable(encoded)
    yield* encoded.slices
  }
  if (seen !== size) throw new Error(`content of ${size} octets has ${seen < size ? seen : 'more'}`)
  const end = encoder.end()
  if (!end.ok) return notSendable(end)
  yield* end.slices
  return undefined
}

/** RFC 3030 §2. The size is known, so that one chunk can carry all of it. */
function withChunkCommand(say: string, { as }: Framing, size: number): string {
  return as === 'BDAT' ? `${say}${chunkCommand(size)}` : say
}

export function chunkCommand(size: number): string {
  return `BDAT ${size} LAST\r\n`
}

async function* parts(content: Content): AsyncIterable<Uint8Array> {
  if (content.kind === 'chunked') return yield* content.chunks()
  for (let at = 0; at < content.bytes.length; at += SMALL) yield content.bytes.subarray(at, at + SMALL)
}

type Encoder = { push(bytes: Uint8Array): Encoded; end(): Encoded }

const AS_IS: Encoder = {
  push: (bytes) => ({ ok: true, slices: [bytes] }),
  end: () => ({ ok: true, slices: [] }),
}

function encoderOf({ as, binary }: Framing): Encoder {
  return as === 'BDAT' && binary ? AS_IS : new DataEncoder(as === 'DATA' ? 'dots' : 'octets')
}

/** RFC 5321 §2.3.8: bare CR and LF are never sent, and neither is NUL, which RFC 5322 §4 made obsolete. */
function notSendable({ fault }: Extract<Encoded, { ok: false }>): NotSendable {
  const what = { 'bare-cr': 'a bare CR', 'bare-lf': 'a bare LF', nul: 'a NUL' }[fault]
  return {
    kind: 'not-sendable',
    enhanced: '5.6.3',
    text: `the content has ${what}, which may not be sent to this peer`,
  }
}
