/** Makes what is sent of what was accepted: the encoding this peer can take, then the signature over exactly that, with what we add. */

import type { NotSendable } from '#engine/egress'
import type { Signer } from '#engine/signing'
import type { Content, Instant, Message } from '#engine/spool'
import { planRepair, repaired, repairer, repairPlanner } from '#grammar/message'
import type { Edit, Encoder, MimeLimits, Repair, Target } from '#grammar/message'

import { needsConversion } from './carried.ts'
import type { Peer, Prepare } from './carried.ts'

export type PrepareOptions = {
  readonly signer: Signer
  readonly limits: MimeLimits
  now(): Instant
}

export function createPrepare(options: PrepareOptions): Prepare {
  return async (message, content, peer, fields) => {
    const fitted = await fit(options.limits, message, content, peer)
    if (fitted.kind === 'not-sendable') return fitted
    // Before the sender's own, as the signature is that covers them: nothing of the message is moved or cut.
    const fitting = fields === undefined ? fitted : prefixed(fields, fitted)
    const domain = authorDomain(message)
    const signature =
      domain === undefined ? undefined : await options.signer.sign(fitting, domain, options.now())
    return signature === undefined ? fitting : prefixed(signature, fitting)
  }
}

/** The domain that DMARC looks at is the author's; mail without one is signed for its reverse-path. RFC 7489 §3.1 */
function authorDomain({ headerFrom, from }: Message): string | undefined {
  const at = headerFrom?.lastIndexOf('@') ?? -1
  return at >= 0 ? headerFrom?.slice(at + 1).toLowerCase() : from?.domain
}

/** RFC 6152 §3: to a peer without 8BITMIME the message is converted or returned, never sent as it is. */
async function fit(
  limits: MimeLimits,
  message: Message,
  content: Content,
  peer: Peer,
): Promise<Content | NotSendable> {
  if (!needsConversion(message, peer)) return content
  const repair = await planFor(content, peer.eightBit ? '8bit' : '7bit', limits)
  switch (repair.kind) {
    case 'none':
      return content
    case 'possible':
      return edited(content, repair.edits)
    case 'impossible':
      return { kind: 'not-sendable', enhanced: repair.enhanced, text: repair.why }
  }
}

async function planFor(content: Content, target: Target, limits: MimeLimits): Promise<Repair> {
  if (content.kind === 'whole') return planRepair(content.bytes, target, limits)
  const planner = repairPlanner(target, limits)
  for await (const chunk of content.chunks()) planner.write(chunk)
  return planner.end()
}

/** In chunks where `content` is, which is then read once more. */
export async function edited(content: Content, edits: readonly Edit[]): Promise<Content> {
  if (content.kind === 'whole') return { kind: 'whole', bytes: repaired(content.bytes, edits) }
  const chunks = (): AsyncIterable<Uint8Array> => encode(content.chunks(), repairer(edits))
  // The size is told to the peer before the first octet, so it is counted in a pass of its own.
  let size = 0
  for await (const chunk of chunks()) size += chunk.length
  return { kind: 'chunked', size, chunks }
}

async function* encode(source: AsyncIterable<Uint8Array>, encoder: Encoder): AsyncIterable<Uint8Array> {
  for await (const chunk of source) yield encoder.write(chunk)
  yield encoder.end()
}

function prefixed(head: Uint8Array, content: Content): Content {
  if (content.kind === 'whole') return { kind: 'whole', bytes: Buffer.concat([head, content.bytes]) }
  return {
    kind: 'chunked',
    size: head.length + content.size,
    async *chunks() {
      yield head
      yield* content.chunks()
    },
  }
}
