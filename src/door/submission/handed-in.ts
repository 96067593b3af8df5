/** What became of a message that was handed in. */

import type { MessageId } from '#engine/spool'

export type SkippedRecipient = { readonly to: string; readonly why: string }

/**
 * `address`: what is none, or no recipient at all. `domain`: not one that the organization sends from. `suppressed`:
 * nobody is left to send to. `content`: the message itself. `unavailable`: nothing is taken in now, try later.
 * `reused`: its key is that of another request.
 */
export type HandInRefusal = 'address' | 'domain' | 'suppressed' | 'content' | 'unavailable' | 'reused'

export type HandedIn =
  | {
      readonly ok: true
      readonly id: MessageId
      readonly skipped: readonly SkippedRecipient[]
      /** It was kept before, for a request with the same key. */
      readonly again?: true
    }
  /** `text` says what is wrong, for the sender; `skipped` are all that a letter was for, when each is suppressed. */
  | {
      readonly ok: false
      readonly why: HandInRefusal
      readonly text: string
      readonly skipped?: readonly SkippedRecipient[]
    }
