/**
 * A message as the queue carries it: its record, and its bytes while they are worth keeping.
 *
 * A fresh message goes from memory to the wire; one that waited is read back when its turn comes. What was made of
 * it for sending (converted, signed) is kept while deliveries of it are in memory, so that a message to fifty
 * recipients of one domain is signed once.
 */

import type { NotSendable } from '#engine/egress'
import { SpoolError } from '#engine/spool'
import type { Claimed, Content, Message } from '#engine/spool'

import type { Personaliser } from './personal.ts'
import { saysNothing } from './subscription.ts'

export type Peer = { readonly eightBit: boolean; readonly binary: boolean }

/** Makes what is sent of what was accepted: the right encoding for the peer, `fields` before it, then the signature. */
export type Prepare = (
  message: Message,
  content: Content,
  peer: Peer,
  fields?: Uint8Array,
) => Promise<Content | NotSendable>

/** How the bytes come about, of a message that may no longer be in memory. */
export type Making = {
  readonly read: () => Promise<Content>
  readonly prepare: Prepare
  readonly personaliser: Personaliser
  /** The List-Unsubscribe field for a message that has none, where it is to have one. */
  readonly unsubscribe?: ((claimed: Claimed) => Uint8Array | undefined) | undefined
}

export class Carried {
  readonly message: Message
  /** Whether each recipient is sent other octets, in a transaction of its own. */
  readonly isPersonal: boolean
  /** Deliveries of it in memory. */
  users = 0
  #bytes: Uint8Array | undefined
  #damage: string | undefined
  readonly #prepared = new Map<string, Promise<Content | NotSendable>>()
  #saysNothing: Promise<boolean> | undefined

  constructor(message: Message, isPersonal: boolean, bytes?: Uint8Array) {
    this.message = message
    this.isPersonal = isPersonal
    this.#bytes = bytes
  }

  /** What is held in memory, in octets. */
  get octets(): number {
    return this.#bytes?.length ?? 0
  }

  /** How the spool's content is not what was accepted, once an attempt has come upon it: no other can help. */
  get damage(): string | undefined {
    return this.#damage
  }

  /** What `claimed`, a delivery of this message, is sent: made for it alone where something in it is its own. */
  contentFor(claimed: Claimed, peer: Peer, making: Making): Promise<Content | NotSendable> {
    const field = making.unsubscribe?.(claimed)
    if (this.isPersonal) return this.#personal(claimed, peer, making, field)
    return field === undefined ? this.#content(peer, making) : this.#unsubscribable(peer, making, field)
  }

  #content(peer: Peer, { read, prepare }: Making): Promise<Content | NotSendable> {
    const variant = needsConversion(this.message, peer) ? `${peer.eightBit}` : 'as it is'
    const known = this.#prepared.get(variant)
    if (known !== undefined) return known
    const bytes = this.#bytes
    const prepared =
      bytes === undefined
        ? this.#watched(read).then((content) => prepare(this.message, content, peer))
        : prepare(this.message, { kind: 'whole', bytes }, peer)
    this.#prepared.set(variant, prepared)
    // A failure must not stick: the next attempt may find the store in better health.
    prepared.catch(() => this.#prepared.delete(variant))
    return prepared
  }

  /**
   * With the List-Unsubscribe field of one delivery, when the message has none of its own: then it is made and signed
   * for that delivery alone, and not kept.
   */
  async #unsubscribable(peer: Peer, making: Making, field: Uint8Array): Promise<Content | NotSendable> {
    this.#saysNothing ??= this.#source(making).then(saysNothing)
    this.#saysNothing.catch(() => (this.#saysNothing = undefined))
    if (!(await this.#saysNothing)) return this.#content(peer, making)
    return making.prepare(this.message, await this.#source(making), peer, field)
  }

  /** Made and signed for that delivery, and not kept; `field` as in `#unsubscribable`. */
  async #personal(
    claimed: Claimed,
    peer: Peer,
    making: Making,
    field: Uint8Array | undefined,
  ): Promise<Content | NotSendable> {
    const made = await making.personaliser.personalise(claimed, () => this.#source(making))
    if (made.kind === 'not-sendable') return made
    const offered = field !== undefined && (await saysNothing(made)) ? field : undefined
    return making.prepare(this.message, made, peer, offered)
  }

  async #source({ read }: Making): Promise<Content> {
    return this.#bytes === undefined ? this.#watched(read) : { kind: 'whole', bytes: this.#bytes }
  }

  /** Large content is damaged where it is read: while it is signed, or half-way to the peer. */
  async #watched(read: () => Promise<Content>): Promise<Content> {
    try {
      const content = await read()
      if (content.kind === 'whole') return content
      return { ...content, chunks: () => this.#watchedChunks(content.chunks()) }
    } catch (error) {
      this.#note(error)
      throw error
    }
  }

  async *#watchedChunks(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    try {
      yield* chunks
    } catch (error) {
      this.#note(error)
      throw error
    }
  }

  #note(error: unknown): void {
    const isLost = error instanceof SpoolError && (error.code === 'corrupt' || error.code === 'missing')
    if (isLost) this.#damage = error.message
  }

  /** Lets go of the bytes: no delivery of it is in memory any more, and the next attempt is minutes away. */
  forget(): void {
    this.#bytes = undefined
    this.#prepared.clear()
  }
}

/** Whether the peer may not be given the octets as they came. RFC 6152 §3, RFC 3030 §3 */
export function needsConversion(message: Message, peer: Peer): boolean {
  return !peer.eightBit || (message.body === 'binarymime' && !peer.binary)
}
