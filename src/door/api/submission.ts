/** How the API hands a message on: what it says of it, and what it hears. */

import type { Mailbox } from '#grammar/address'

import type { Principal } from './principal.ts'

export type Submission = {
  readonly key: Pick<Principal, 'id' | 'organization'>
  readonly stream: string
  readonly from: Mailbox
  readonly to: readonly Mailbox[]
  readonly content: Uint8Array
  /** Milliseconds since the epoch. */
  readonly holdUntil?: number
  /** Of the client, and how it came: `HTTP`, `HTTPS`. */
  readonly address: string
  readonly protocol: string
}

export type Submitted =
  | { readonly ok: true; readonly id: string; readonly skipped: readonly { to: string; why: string }[] }
  | {
      readonly ok: false
      readonly why: 'address' | 'domain' | 'suppressed' | 'content' | 'unavailable'
      readonly text: string
    }

/** Resolves when the message is kept, or was refused. */
export type Submit = (submission: Submission) => Promise<Submitted>
