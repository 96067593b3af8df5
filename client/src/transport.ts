/** How requests go out and answers come back: again when that is safe, and page after page. Nothing here knows a route. */

import { HikyakuError } from './error.ts'
import { serverSentEvents } from './server-sent-events.ts'

export type HikyakuOptions = {
  /** Where the API is: `https://mail.example.org`. */
  readonly url: string
  /** An API key. Absent: who has signed in, in a browser at that address. */
  readonly key?: string | undefined
  /** How often a request is made at most that is safe to be made again. Default: 4. */
  readonly attempts?: number
  /** Milliseconds for each of them. Default: 60,000. */
  readonly timeout?: number
  /** Default: that of the platform. */
  readonly fetch?: typeof fetch
}

export type RequestOptions = {
  readonly signal?: AbortSignal | undefined
  /** Where the route takes one. Default: a new one for each call, so that its own tries make one message. */
  readonly idempotencyKey?: string | undefined
}

type Value = string | number | boolean | undefined

export type Query = { readonly [name: string]: Value | readonly Value[] }

export type Ask = {
  readonly method: string
  /** With each value encoded. */
  readonly path: string
  readonly query?: Query | undefined
  readonly body?: unknown
  /** What a body is that is text. */
  readonly textType?: string
  /** Whether the route takes an Idempotency-Key. */
  readonly takesKey?: boolean
  readonly accept?: string
  readonly headers?: Readonly<Record<string, string>>
}

const ATTEMPTS = 4
const TIMEOUT = 60_000

/** In ms: before the second try, twice as long before each other one, and no longer than that. */
const WAIT = { first: 250, longest: 30_000 }

export class Transport {
  readonly #options: HikyakuOptions

  constructor(options: HikyakuOptions) {
    this.#options = options
  }

  async json<T>(ask: Ask, options: RequestOptions = {}): Promise<T> {
    const response = await this.#done(ask, options)
    // What the description of the API says.
    return (await response.json()) as T
  }

  async text(ask: Ask, options: RequestOptions = {}): Promise<string> {
    return (await this.#done({ accept: '*/*', ...ask }, options)).text()
  }

  async nothing(ask: Ask, options: RequestOptions = {}): Promise<void> {
    await (await this.#done(ask, options)).body?.cancel()
  }

  /** Rows of all pages, each asked for when the one before has been read. */
  async *pages<T>(ask: Ask, options: RequestOptions = {}): AsyncGenerator<T, void, undefined> {
    let cursor = ask.query?.['cursor']
    for (;;) {
      const query = { ...ask.query, cursor }
      const page = await this.json<Page<T>>({ ...ask, query }, options)
      yield* page.data
      if (page.next === null || page.more === false) return
      cursor = page.next
    }
  }

  /** What happens, until the caller leaves the loop or the signal ends it; over lost connections, missing nothing. */
  async *follow<T>(ask: Ask, options: RequestOptions = {}): AsyncGenerator<T, void, undefined> {
    const reading = { place: '', failures: 0 }
    for (;;) {
      try {
        yield* this.#stream<T>(ask, options, reading)
      } catch (error) {
        options.signal?.throwIfAborted()
        if (error instanceof HikyakuError || error instanceof SyntaxError) throw error
      }
      await pause(waitOf(reading.failures, undefined), options.signal)
      reading.failures += 1
    }
  }

  /** One connection's worth. */
  async *#stream<T>(ask: Ask, options: RequestOptions, reading: Reading): AsyncGenerator<T, void, undefined> {
    const headers = reading.place === '' ? {} : { 'last-event-id': reading.place }
    const { body } = await this.#done({ ...ask, accept: 'text/event-stream', headers }, options, true)
    if (body === null) return
    for await (const { id, data } of serverSentEvents(body)) {
      reading.failures = 0
      if (id !== '') reading.place = id
      if (data !== undefined) yield JSON.parse(data) as T
    }
  }

  /** @throws {HikyakuError} what the API says, and what fetch throws when nobody answers */
  async #done(ask: Ask, options: RequestOptions, isEndless = false): Promise<Response> {
    const { attempts = ATTEMPTS } = this.#options
    const request = this.#request(ask, options)
    const isSafe = ask.method === 'GET' || request.headers.has('idempotency-key')
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#once(request, options.signal, isEndless)
      if (answer instanceof Response && answer.ok) return answer
      const error = answer instanceof Response ? await HikyakuError.of(answer) : answer
      options.signal?.throwIfAborted()
      if (attempt >= attempts || !mayAgain(error, isSafe)) throw error
      const after = error instanceof HikyakuError ? error.retryAfter : undefined
      await pause(waitOf(attempt - 1, after), options.signal)
    }
  }

  async #once(
    { url, method, headers, body }: Prepared,
    signal: AbortSignal | undefined,
    isEndless: boolean,
  ): Promise<Response | Error> {
    const { fetch = globalThis.fetch, timeout = TIMEOUT } = this.#options
    const signals = [...(signal ? [signal] : []), ...(isEndless ? [] : [AbortSignal.timeout(timeout)])]
    try {
      return await fetch(url, {
        method,
        headers,
        signal: AbortSignal.any(signals),
        ...(body !== undefined && { body }),
      })
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  #request(ask: Ask, options: RequestOptions): Prepared {
    const { method, path, query, takesKey, accept = 'application/json', headers } = ask
    const { url, key } = this.#options
    const all = new Headers({ accept, ...headers })
    if (key !== undefined) all.set('authorization', `Bearer ${key}`)
    if (takesKey === true) all.set('idempotency-key', options.idempotencyKey ?? crypto.randomUUID())
    const written = bodyOf(ask)
    if (written?.type !== undefined) all.set('content-type', written.type)
    const address = addressOf(url, path, query)
    return { url: address, method, headers: all, body: written?.body }
  }
}

/** Where a stream is, and how often in a row it could not be opened. */
type Reading = { place: string; failures: number }

type Page<T> = { readonly data: readonly T[]; readonly next: string | null; readonly more?: boolean }

type Body = NonNullable<RequestInit['body']>

type Prepared = {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: Body | undefined
}

function addressOf(url: string, path: string, query: Query = {}): string {
  const address = new URL(url.replace(/\/$/, '') + path)
  for (const [name, value] of Object.entries(query))
    for (const each of Array.isArray(value) ? (value as readonly Value[]) : [value as Value])
      if (each !== undefined) address.searchParams.append(name, String(each))
  return address.href
}

/** A form says its own type; octets are a message. */
function bodyOf({ body, textType }: Ask): { readonly body: Body; readonly type?: string } | undefined {
  if (body === undefined) return undefined
  if (body instanceof FormData) return { body }
  if (body instanceof Uint8Array) return { body: new Uint8Array(body), type: 'message/rfc822' }
  if (typeof body === 'string' && textType !== undefined) return { body, type: textType }
  return { body: JSON.stringify(body), type: 'application/json' }
}

/** After 429 nothing was done. Whether it was after anything else, only what may be done twice need not know. */
function mayAgain(error: Error, isSafe: boolean): boolean {
  if (!(error instanceof HikyakuError)) return isSafe
  return error.status === 429 || (isSafe && [502, 503, 504].includes(error.status))
}

/** With jitter, so that many who failed together do not come again together. */
function waitOf(failures: number, after: number | undefined): number {
  const wait = after === undefined ? WAIT.first * 2 ** Math.min(failures, 10) : after * 1000
  return Math.min(wait, WAIT.longest) * (1 + Math.random() / 4)
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, ms)
    function done(): void {
      signal?.removeEventListener('abort', ended)
      resolve()
    }
    function ended(): void {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    if (signal?.aborted === true) ended()
    else signal?.addEventListener('abort', ended, { once: true })
  })
}
