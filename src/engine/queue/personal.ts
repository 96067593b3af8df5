/**
 * Messages of which each recipient is sent other octets: filled in for them, or with links of their own. What those are
 * is not known here: whoever makes them is given as a personaliser, and several of them work one after another.
 */

import type { NotSendable } from '#engine/egress'
import type { Claimed, Content, Message } from '#engine/spool'

export type Personaliser = {
  /**
   * Whether deliveries of it are to be personalised: then each has a transaction of its own. Asked of every message that
   * comes into memory, so it looks at the record and nothing else; the same answer for as long as the message waits.
   */
  concerns(message: Message): boolean
  /**
   * What the recipient is sent, before the List-Unsubscribe field of the stream and the signature. An attempt that is
   * made again must get the same octets, and they are of the body type that the record says. `content` reads what the
   * one before it made, or what was accepted: `whole` up to `WHOLE_LIMIT`, chunks beyond; it may be left alone where
   * the octets come about without it. A `not-sendable` bounces with its words; a rejection puts the delivery off.
   */
  personalise(claimed: Claimed, content: () => Promise<Content>): Promise<Content | NotSendable>
}

/** Those of `personalisers` that a message concerns, in their order: each gets what the one before it made. */
export function inTurn(personalisers: readonly Personaliser[]): Personaliser {
  return {
    concerns: (message) => personalisers.some((one) => one.concerns(message)),
    async personalise(claimed, content) {
      let source = content
      for (const one of personalisers) {
        if (!one.concerns(claimed.message)) continue
        // oxlint-disable-next-line no-await-in-loop -- each is to see what the one before it made
        const made = await one.personalise(claimed, source)
        if (made.kind === 'not-sendable') return made
        source = () => Promise.resolve(made)
      }
      return source()
    },
  }
}

/** Of ordinary mail: everybody is sent what was accepted. */
export const AS_ACCEPTED: Personaliser = inTurn([])
