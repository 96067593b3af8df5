/** What a server session can be, what may happen to it and what it may ask: the words of session.ts, without their grammar. */

import type { ForwardPath, ReversePath } from '#grammar/address'
import type { ScramFirst, ScramVerifier, Waiting } from '#grammar/sasl'

import type { MailParameters } from './command.ts'
import type { Envelope, Recipient } from './envelope.ts'
import type { Line } from './line.ts'
import type { Reply } from './reply.ts'
import type { Terms } from './session-terms.ts'
import type { XclientAttributes } from './xclient.ts'

/** For whom a session sends: `login` only when a credential was proved. */
export type Identity = { readonly organization: string; readonly stream: string; readonly login?: string }

/** What holds for a session whatever place it is at. */
export type Peer = {
  readonly secure: boolean
  /** Where the address alone is trusted. It outlives STARTTLS, which an identity by AUTH does not. */
  readonly trusted?: Identity
  /** Who sends now: by AUTH, else by address. */
  readonly identity?: Identity
  /** What a proxy said the client calls itself; it goes before what EHLO says. */
  readonly proxiedHelo?: string
  readonly commands: number
  readonly errors: number
  readonly mails: number
}

/** How the client introduced itself. `extended`: by EHLO. */
export type Introduction = { readonly client: string; readonly extended: boolean }

/** A chain and not an array: an array copied at each RCPT is quadratic, and 10,000 are allowed to try. */
export type Recipients = { readonly last: Recipient; readonly before: Recipients | undefined }

export type Transaction = {
  readonly from: ReversePath
  readonly parameters: MailParameters
  readonly to: Recipients | undefined
  readonly count: number
  /** RCPT commands beyond the limit. */
  readonly overshoot: number
}

/**
 *   greeted ─EHLO─▶ ready ─MAIL─▶ opening ─▶ mail ─DATA─▶ data ─────────────▶ ready
 *                                             ⇅ addressing (RCPT)
 *      ▲             │ ▲                      └───BDAT─▶ chunk ⇄ chunks ────▶ ready
 *      │             │ └─ challenged ⇄ checking (AUTH)
 *      └─ upgrading ◀┘ STARTTLS, XCLIENT; back to ready when XCLIENT introduces the client
 *
 * In `checking`, `upgrading`, `opening`, `addressing`, `data` and `chunk` the driver owes an event and gives no line.
 */
export type Session =
  | { readonly at: 'greeted'; readonly peer: Peer }
  | { readonly at: 'ready'; readonly peer: Peer; readonly as: Introduction }
  | { readonly at: 'challenged'; readonly peer: Peer; readonly as: Introduction; readonly exchange: Waiting }
  /** `first` is there while the verifier of SCRAM is looked up. */
  | { readonly at: 'checking'; readonly peer: Peer; readonly as: Introduction; readonly first?: ScramFirst }
  | { readonly at: 'upgrading'; readonly peer: Peer }
  | InTransaction<'opening'>
  | InTransaction<'mail'>
  | (InTransaction<'addressing'> & { readonly recipient: Recipient })
  | InTransaction<'data'>
  | InTransaction<'chunk'>
  | InTransaction<'chunks'>
  | { readonly at: 'closed'; readonly peer: Peer }

export type InTransaction<At extends string> = {
  readonly at: At
  readonly peer: Peer
  readonly as: Introduction
  readonly transaction: Transaction
}

export type Event =
  | { readonly kind: 'line'; readonly line: Line }
  /** The handshake that `starttls` asked for ended well. */
  | { readonly kind: 'secured' }
  /**
   * XCLIENT was believed. `trusted` and `identity` are those of the client behind the proxy. `helo` and `protocol` are
   * how it introduced itself there; `null` takes back what was said before.
   */
  | {
      readonly kind: 'proxied'
      readonly trusted?: Identity
      readonly identity?: Identity
      readonly helo?: string | null
      readonly protocol?: 'SMTP' | 'ESMTP' | null
    }
  /** The answer to `open`. Without a reply the transaction begins. */
  | { readonly kind: 'opened'; readonly reply?: Reply }
  /** The answer to `recipient`. With a reply it is refused, which is no fault of the client's unless `fault` says so. */
  | { readonly kind: 'addressed'; readonly reply?: Reply; readonly fault?: boolean }
  /** The answers to `check`, `proved` and `failed`. */
  | { readonly kind: 'granted'; readonly identity: Identity }
  | { readonly kind: 'denied'; readonly reply: Reply }
  /** The answer to `lookup`, unless it is `denied`. */
  | { readonly kind: 'verifier'; readonly verifier: ScramVerifier }
  /** A chunk but the last was consumed. With a reply it was refused, and the transaction with it. */
  | { readonly kind: 'chunk'; readonly size: number; readonly reply?: Reply }
  /** The whole content was consumed, and taken or refused as the reply says; `close`: there is no trusting what follows. */
  | { readonly kind: 'content'; readonly reply: Reply; readonly close?: boolean }

export type Action =
  | { readonly kind: 'close' }
  /** Write the reply, then begin the handshake; what the peer sent ahead of it is an attack. RFC 3207 §6 */
  | { readonly kind: 'starttls' }
  | { readonly kind: 'xclient'; readonly attributes: XclientAttributes }
  | { readonly kind: 'login'; readonly question: LoginQuestion }
  | { readonly kind: 'open'; readonly identity: Identity; readonly from: ReversePath; readonly size?: number }
  /** May mail of this identity go to this recipient? */
  | {
      readonly kind: 'recipient'
      readonly identity: Identity
      readonly to: ForwardPath
      /** Recipients of the transaction before this one. */
      readonly before: number
    }
  /** Decode what follows as the content of DATA. */
  | { readonly kind: 'data'; readonly offer: Offer }
  /** Decode the next `size` octets as content. The same transaction's chunks are one content. */
  | { readonly kind: 'chunk'; readonly size: number; readonly last: boolean; readonly offer: Offer }
  /** Consume octets that belong to nothing, so that they are never read as commands. */
  | { readonly kind: 'skip'; readonly size: number }
  /** DATA was refused: whatever was sent ahead is content, never commands. */
  | { readonly kind: 'beware' }

/** What AUTH needs to know. */
export type LoginQuestion =
  | { readonly ask: 'check'; readonly login: string; readonly password: string }
  | { readonly ask: 'lookup'; readonly login: string }
  /** SCRAM ended in a proof; only the identity is missing. */
  | { readonly ask: 'proved'; readonly login: string }
  /** SCRAM ended without a proof; for the count of guesses. */
  | { readonly ask: 'failed'; readonly why: string }

/** What is known of a message before its first octet. */
export type Offer = {
  readonly identity: Identity
  readonly envelope: Envelope
  readonly client: string
  /** RFC 3848, e.g. `ESMTPSA`. */
  readonly protocol: string
}

/** `replies` are written in order, before the action. */
export type Step = { readonly session: Session; readonly replies: readonly Reply[]; readonly action?: Action }

/** What a step needs to know beside session and event. */
export type Surroundings = {
  readonly terms: Terms
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** A fresh nonce for SCRAM: printable ASCII without comma, at least 18 octets of chance. RFC 5802 §5.1 */
  readonly nonce: () => string
}
