/** Answers of the tracking door, as values. None repeats anything of what was asked. */

import { createHash } from 'node:crypto'

import { STYLE } from './page.ts'

export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** A picture of one transparent point, of 43 octets. GIF89a */
export const PICTURE = Buffer.from('R0lGODlhAQABAPAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==', 'base64')

/** What all have in common: nobody keeps them, and none tells another server where it was asked. */
const ALWAYS = {
  'cache-control': 'no-store, private, max-age=0',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex, nofollow',
}

/** Forms to ourselves and our own style; no script, no picture, no frame. W3C CSP 3 §6.1 */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

export function picture(): Answer {
  return { status: 200, headers: { ...ALWAYS, 'content-type': 'image/gif' }, body: PICTURE }
}

/** `url` came out of a token of ours, and is ASCII. RFC 9110 §15.4.3 */
export function elsewhere(url: string): Answer {
  return { status: 302, headers: { ...ALWAYS, location: url }, body: Buffer.alloc(0) }
}

export function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status,
    headers: { ...ALWAYS, 'content-type': 'text/plain; charset=utf-8', ...headers },
    body: Buffer.from(`${text}\n`),
  }
}

export function page(status: number, html: string, language: string): Answer {
  const headers = {
    ...ALWAYS,
    'content-type': 'text/html; charset=utf-8',
    'content-language': language,
    'content-security-policy': POLICY,
    vary: 'accept-language',
  }
  return { status, headers, body: Buffer.from(html) }
}
