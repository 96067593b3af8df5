/**
 * Server-sent events: the log of an organization told to one reader, at the reader's pace. A reader that is behind
 * costs a page in memory and one place in the log; one that takes nothing is cut, and comes back to that place.
 */

import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

import type { EventPage, LogPlace } from '#product/event'
import { formatPlace } from '#product/event'

import { Problem } from './problem.ts'

export type StreamParts = {
  /** Of the whole server's end. */
  readonly signal: AbortSignal
  readonly read: (from: LogPlace, limit: number) => Promise<EventPage>
  readonly place: LogPlace
  /** Throws when the reader may read no more. */
  readonly check: () => Promise<void>
  readonly now: () => number
  /** Settles after so many milliseconds, or rejects with the signal. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
}

/** `left`: by the reader, or because the server ends. */
export type StreamEnd = 'left' | 'slow' | 'forbidden' | 'failed'

/** Events that are in memory for one reader. */
const AT_ONCE = 100

/** Milliseconds between two looks at a log in which nothing is new. */
const LOOK = 500

/** Proxies forget connections on which nothing passes for a minute, or half of one. */
const HEARTBEAT = 15_000

/** How long a reader may take nothing, in ms. */
const PATIENCE = 30_000

/** Of one organization, and of all. */
const STREAMS = { organization: 10, all: 200 }

/** Settles when the stream has ended; never rejects. */
export async function tellEvents(response: ServerResponse, parts: StreamParts): Promise<StreamEnd> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  // Whoever reset the connection is gone: `close` follows.
  response.on('error', () => {})
  const signal = AbortSignal.any([parts.signal, gone.signal])
  try {
    return await tell(response, parts, signal)
  } catch {
    return signal.aborted ? 'left' : 'failed'
  } finally {
    response.destroy()
  }
}

async function tell(response: ServerResponse, parts: StreamParts, signal: AbortSignal): Promise<StreamEnd> {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // What nginx would keep back until it has enough.
    'x-accel-buffering': 'no',
  })
  let { place } = parts
  let toldAt = parts.now()
  if (!(await written(response, beat(place), parts, signal))) return 'slow'
  for (;;) {
    const page = await parts.read(place, AT_ONCE)
    place = page.next
    const isTime = parts.now() - toldAt >= HEARTBEAT
    const text = page.events.length > 0 ? frames(page) : isTime ? beat(place) : ''
    if (text !== '') {
      if (!(await written(response, text, parts, signal))) return 'slow'
      toldAt = parts.now()
    }
    if (isTime && !(await isAllowed(parts))) return 'forbidden'
    signal.throwIfAborted()
    if (!page.more) await parts.wait(LOOK, signal)
  }
}

/** `false` when the reader takes nothing for too long. */
async function written(
  response: ServerResponse,
  text: string,
  { wait }: StreamParts,
  signal: AbortSignal,
): Promise<boolean> {
  if (response.write(text)) return true
  const either = new AbortController()
  const until = AbortSignal.any([signal, either.signal])
  const drained = once(response, 'drain', { signal: until }).then(() => true)
  const late = wait(PATIENCE, until).then(() => false)
  try {
    return await Promise.race([drained, late])
  } finally {
    either.abort()
    await Promise.allSettled([drained, late])
  }
}

async function isAllowed({ check }: StreamParts): Promise<boolean> {
  try {
    await check()
    return true
  } catch {
    return false
  }
}

/** A comment that also says how far the log was read, so that what was left out is not looked at again. */
function beat(place: LogPlace): string {
  return `: heartbeat\nid: ${formatPlace(place)}\n\n`
}

function frames({ events }: EventPage): string {
  return events
    .map(
      ({ event, place }) =>
        `id: ${formatPlace(place)}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`,
    )
    .join('')
}

/** Who follows now: some of each organization, and not too many of all. */
export class EventStreams {
  readonly #end = new AbortController()
  readonly #open = new Map<string, number>()
  #all = 0

  /** @throws {Problem} `too-many` */
  begin(organization: string): Disposable & { readonly signal: AbortSignal } {
    const ours = this.#open.get(organization) ?? 0
    if (ours >= STREAMS.organization || this.#all >= STREAMS.all)
      throw new Problem('too-many', 'As many streams as may be are open.', { retryAfter: 30 })
    this.#open.set(organization, ours + 1)
    this.#all += 1
    return { signal: this.#end.signal, [Symbol.dispose]: () => this.#left(organization) }
  }

  end(): void {
    this.#end.abort()
  }

  #left(organization: string): void {
    const ours = this.#open.get(organization) ?? 1
    if (ours > 1) this.#open.set(organization, ours - 1)
    else this.#open.delete(organization)
    this.#all -= 1
  }
}
