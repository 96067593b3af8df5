/** A webhook: a place of the organization's own that is told what happens. How it is kept: `webhooks.ts`, `queue.ts`. */

import type { EventKind } from '#engine/spool'

export type WebhookState =
  | { readonly at: 'active' }
  /** What is next for it was not taken, and is tried again. */
  | { readonly at: 'failing'; readonly since: number; readonly failures: number; readonly next: number }
  /** Nothing is sent; nothing is lost either, as long as the log has it. */
  | { readonly at: 'paused'; readonly since: number; readonly why: string; readonly gaveUp: boolean }

export type Webhook = {
  readonly id: string
  readonly organization: string
  readonly url: string
  readonly note: string
  /** Empty: all. */
  readonly kinds: readonly EventKind[]
  /** Absent: all. */
  readonly stream?: string
  readonly state: WebhookState
  readonly createdAt: number
  /** Until when the secret before this one signs as well. */
  readonly oldSecretUntil?: number
}

export type NewWebhook = Pick<Webhook, 'organization' | 'url' | 'note' | 'kinds' | 'stream'> & {
  /** What was written down before is not sent. Absent: from now on. */
  readonly since?: number
}

/** What is absent stays. `stream: '*'` is every one. */
export type WebhookChange = Partial<Pick<Webhook, 'url' | 'note' | 'kinds' | 'stream'>>

export type WebhookAttempt = {
  readonly id: string
  readonly at: number
  /** Milliseconds. */
  readonly duration: number
  readonly what: 'events' | 'ping'
  /** The `webhook-id` of the request. */
  readonly request: string
  readonly events: number
  readonly ok: boolean
  /** 0 when there was no answer. */
  readonly status: number
  /** Of the answer, or why there was none: one line, without the secret. */
  readonly excerpt: string
}

/**
 * `malformed`: what cannot be one, in words for who asked. `organization`: there is none of that name. `full`: as many
 * as an organization may have.
 */
export class WebhookError extends Error {
  override readonly name = 'WebhookError'
  readonly code: 'malformed' | 'organization' | 'full'
  constructor(code: 'malformed' | 'organization' | 'full', message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Characters. */
const URL_LENGTH = 2_000
const NOTE = /^\P{Cc}{0,255}$/u
const STREAM = /^[a-z0-9][a-z0-9-]{0,62}$/

/** As it will be asked for. `plain`: whether receivers without TLS may be named, somewhere. @throws {WebhookError} */
export function urlOf(text: string, plain: boolean): string {
  const url = URL.parse(text)
  if (url === null || text.length > URL_LENGTH || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new WebhookError('malformed', 'the URL must be one of https:')
  if (url.protocol === 'http:' && !plain)
    throw new WebhookError(
      'malformed',
      'the URL must be one of https: without TLS anybody on the way reads and changes it',
    )
  if (url.username !== '' || url.password !== '')
    throw new WebhookError('malformed', 'no user and password in the URL: the signature says who sends')
  url.hash = ''
  return url.href
}

export function noteOf(text: string): string {
  if (!NOTE.test(text)) throw new WebhookError('malformed', 'a note is one line of at most 255 characters')
  return text
}

export function streamOf(text: string | undefined): string | null {
  if (text === undefined || text === '*') return null
  if (!STREAM.test(text)) throw new WebhookError('malformed', 'that is no name of a stream')
  return text
}
