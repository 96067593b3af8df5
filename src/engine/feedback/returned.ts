/** What comes back, between the door and what is made of it. */

import type { MessageId } from '#engine/spool'
import type { Offer, Reply } from '#grammar/smtp'

/** A message as it came to the door, with its content whole. */
export type Returned = {
  readonly offer: Offer
  readonly client: { readonly address: string; readonly name?: string; readonly tls?: string }
  readonly bytes: Buffer
}

/** `id` is there when it was passed on. */
export type Taken = { readonly reply: Reply; readonly id?: MessageId }
