/** The tracking door: what mail leads to. Public, without cookies, without scripts; only a POST changes anything. */

import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'

import { formatMailbox } from '#grammar/address'
import { readClickToken, readOpenToken, readWishToken } from '#grammar/tracking'
import type { TokenKey, Wish } from '#grammar/tracking'
import type { Ranges } from '#platform/address-range'
import { serverOf } from '#platform/http-server'
import type { Listening } from '#platform/http-server'
import type { Log } from '#platform/log'
import type { Client, Preferences, TrackingRecorder } from '#product/tracking'

import { elsewhere, page, picture, plain } from './answer.ts'
import type { Answer } from './answer.ts'
import { FORM, formOf, placeOf } from './asked.ts'
import type { Place } from './asked.ts'
import { clientOf, limitedAs } from './client.ts'
import { messagePage, preferencePage } from './page.ts'
import type { Shown } from './page.ts'
import { AddressRate } from './rate.ts'
import { languageOf } from './words.ts'
import type { Language } from './words.ts'

export type TrackingParts = Listening & {
  readonly address: string
  readonly port: number
  /** Whose X-Forwarded-For is believed. */
  readonly trustedProxies: Ranges
  /** Of one address in a minute; 0: any number. */
  readonly requests: number
  readonly key: TokenKey
  readonly recorder: Pick<TrackingRecorder, 'opened' | 'clicked'>
  readonly preferences: Pick<Preferences, 'of' | 'ask'>
  readonly log: Log
  now(): number
}

export type TrackingServer = AsyncDisposable & { readonly address: string; readonly port: number }

/** Resolves when it listens. Disposal lets requests under way end. @throws what listening throws */
export async function serveTracking(parts: TrackingParts): Promise<TrackingServer> {
  const door = new Door(parts)
  const server = serverOf(parts, (request, response) => void door.serve(request, response))
  server.listen(parts.port, parts.address)
  await once(server, 'listening')
  const bound = server.address()
  return {
    address: parts.address,
    port: typeof bound === 'object' && bound !== null ? bound.port : parts.port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      await closed
    },
  }
}

const ROBOTS = 'User-agent: *\nDisallow: /'

class Door {
  readonly #parts: TrackingParts
  readonly #rate: AddressRate

  constructor(parts: TrackingParts) {
    this.#parts = parts
    this.#rate = new AddressRate(parts.requests, () => parts.now())
  }

  /** Never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { status, headers, body } = await this.#answer(request)
      response.writeHead(status, { ...headers, 'content-length': body.length })
      response.end(request.method === 'HEAD' ? undefined : body)
    } catch (cause) {
      // What a client breaks off is no news; it hears nothing either.
      if (response.headersSent || response.destroyed || request.errored !== null) response.destroy()
      else this.#failed(request, response, cause)
    }
  }

  #failed(request: IncomingMessage, response: ServerResponse, cause: unknown): void {
    this.#parts.log.error('tracking.failed', { method: request.method, cause })
    const language = languageOf(request.headers['accept-language'] ?? '')
    const { status, headers, body } = page(503, messagePage(language, 'failed'), language)
    response.writeHead(status, { ...headers, 'retry-after': '60', 'content-length': body.length }).end(body)
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const address = clientOf(request, this.#parts.trustedProxies)
    const place = placeOf(request.url ?? '')
    const preferred = languageOf(request.headers['accept-language'] ?? '')
    const language = 'language' in place ? (place.language ?? preferred) : preferred
    const asking: Asking = { request, address, language }
    // Never too often: services fetch for millions from a few addresses, and a reader is not to wait before a link.
    const followed = this.#followed(place, asking)
    if (followed !== undefined) return followed
    if (this.#rate.take(limitedAs(address))) return await this.#at(place, asking)
    const busy = page(429, messagePage(language, 'busy'), language)
    return { ...busy, headers: { ...busy.headers, 'retry-after': '60' } }
  }

  /** What was opened or followed, by a token of ours. */
  #followed(place: Place, asking: Asking): Answer | undefined {
    if (!isReading(asking)) return undefined
    if (place.at === 'open') return this.#open(place.token, asking)
    return place.at === 'click' ? this.#click(place.token, asking) : undefined
  }

  async #at(place: Place, asking: Asking): Promise<Answer> {
    const isRead = isReading(asking)
    switch (place.at) {
      case 'nowhere':
        return nowhere(asking)
      case 'preferences':
        if (asking.request.method === 'POST') return await this.#change(place.token, asking)
        return isRead ? await this.#show(place.token, asking) : notAllowed('GET, HEAD, POST')
      case 'robots':
        return isRead ? plain(200, ROBOTS) : notAllowed('GET, HEAD')
      case 'open':
      case 'click':
        return isRead ? nowhere(asking) : notAllowed('GET, HEAD')
    }
  }

  #open(token: string, asking: Asking): Answer | undefined {
    const tracked = readOpenToken(token, this.#parts.key)
    if (tracked === undefined) return undefined
    this.#parts.recorder.opened(tracked, clientIn(asking))
    return picture()
  }

  /** The URL was in the token: no other is ever led to. */
  #click(token: string, asking: Asking): Answer | undefined {
    const click = readClickToken(token, this.#parts.key)
    if (click === undefined) return undefined
    this.#parts.recorder.clicked(click, clientIn(asking))
    return elsewhere(click.url)
  }

  async #show(token: string, asking: Asking): Promise<Answer> {
    const wish = readWishToken(token, this.#parts.key)
    return wish === undefined ? nowhere(asking) : await this.#page(wish, asking.language)
  }

  async #change(token: string, { request, address, language }: Asking): Promise<Answer> {
    const wish = readWishToken(token, this.#parts.key)
    if (wish === undefined) return nowhere({ language })
    const body = await bodyOf(request)
    if (body === undefined) return plain(413, 'That is too much.', { connection: 'close' })
    const form = await formOf(request.headers['content-type'] ?? '', body)
    if (form === undefined) return page(400, messagePage(language, 'unreadable'), language)
    await this.#parts.preferences.ask(form.asked, wish, address)
    // RFC 8058 §3.1: a mail program is shown no page.
    if (form.asked === 'one-click') return plain(200, 'Unsubscribed.')
    return await this.#page(wish, form.language ?? language, form.asked)
  }

  async #page(wish: Wish, language: Language, done?: NonNullable<Shown['done']>): Promise<Answer> {
    const standing = await this.#parts.preferences.of(wish)
    const { stream } = wish
    const shown = { language, recipient: veiled(wish), stream, standing, ...(done !== undefined && { done }) }
    return page(200, preferencePage(shown), language)
  }
}

type Asking = { readonly request: IncomingMessage; readonly address: string; readonly language: Language }

function isReading({ request: { method } }: Asking): boolean {
  return method === 'GET' || method === 'HEAD'
}

function nowhere({ language }: Pick<Asking, 'language'>): Answer {
  return page(404, messagePage(language, 'unknown'), language)
}

/** RFC 9110 §15.5.6 */
function notAllowed(allow: string): Answer {
  return plain(405, 'That cannot be done here.', { allow })
}

function clientIn({ request, address }: Asking): Client {
  const { headers, method } = request
  const said = (name: string): string => [headers[name] ?? ''].flat().join(' ')
  return {
    method: method === 'HEAD' ? 'HEAD' : 'GET',
    address,
    userAgent: said('user-agent'),
    purpose: [said('sec-purpose'), said('purpose'), said('x-purpose'), said('x-moz')].join(' ').trim(),
  }
}

/** `undefined` when there is more than a form has. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Buffer[] = []
  let size = 0
  // What is too much is left unread: the answer goes out by the same connection.
  const read: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false })
  for await (const piece of read) {
    size += piece.length
    if (size > FORM) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** Enough to know oneself by: the link may have been passed on with the mail. */
function veiled(wish: Wish): string {
  const [first = ''] = wish.local
  return formatMailbox({ local: `${first}…`, domain: wish.domain })
}
