/** What became of a message that was handed in. */

import type { Exhausted } from '#engine/queue'
import type { MessageId } from '#engine/spool'
import type { Left } from '#product/quota'

export type SkippedRecipient = { readonly to: string; readonly why: string }

/**
 * `address`: what is none, or no recipient at all. `domain`: not one that the organization sends from. `suppressed`:
 * nobody is left to send to. `content`: the message itself. `unavailable`: nothing is taken in now, try later.
 * `reused`: its key is that of another request. `quota`: more than the organization may send.
 */
export type HandInRefusal =
  | 'address'
  | 'domain'
  | 'suppressed'
  | 'content'
  | 'unavailable'
  | 'reused'
  | 'quota'

export type HandedIn =
  | {
      readonly ok: true
      readonly id: MessageId
      readonly skipped: readonly SkippedRecipient[]
      /** It was kept before, for a request with the same key. */
      readonly again?: true
      /** Of the windows of the organization and the stream, after it. */
      readonly left?: readonly Left[]
    }
  /** `text` says what is wrong, for the sender; `skipped` are all that a letter was for, when each is suppressed. */
  | {
      readonly ok: false
      readonly why: Exclude<HandInRefusal, 'quota'>
      readonly text: string
      readonly skipped?: readonly SkippedRecipient[]
    }
  | {
      readonly ok: false
      readonly why: 'quota'
      readonly text: string
      readonly exhausted: Exhausted
      readonly left: readonly Left[]
    }
