/**
 * Tells webhooks what happens: each by itself, in order, one request at a time, so that one that hangs holds up no
 * other. Where it stands is written down after each request: a process that dies sends that request again, and no
 * event is left out.
 */

import { randomBytes } from 'node:crypto'

import type { NewEvent } from '#engine/spool'
import type { HttpAnswer, HttpClient } from '#platform/http-client'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'
import type { ServerKey } from '#platform/secret'
import { formatPlace, parsePlace, readEvents } from '#product/event'
import type { EventPage, EventSource, LogPlace, PublishedEvent } from '#product/event'

import { WEBHOOK_METRICS } from './metrics.ts'
import type { Progress, WebhookQueue } from './queue.ts'
import { secretsOf, signed } from './signature.ts'
import { webhookOf } from './tables.ts'
import type { WebhookRow } from './tables.ts'
import type { Webhook, WebhookAttempt } from './webhook.ts'

export type DispatcherParts = {
  readonly queue: WebhookQueue
  readonly source: EventSource
  readonly http: HttpClient
  readonly key: ServerKey
  readonly log: Log
  readonly metrics: MetricsRegistry
  /** Into the log of events of the organization. */
  readonly tell: (event: NewEvent) => Promise<void>
  readonly settings: {
    /** Events of a request. */
    readonly batch: number
    /** Milliseconds for a request and its answer. */
    readonly timeout: number
    /** Milliseconds before the second try; each later one waits twice as long, up to `LONGEST`. */
    readonly retry: number
    /** Milliseconds after which a webhook is paused that takes nothing. */
    readonly giveUp: number
  }
  readonly now: () => number
  readonly random: () => number
}

/** How long we send for a webhook after we last said that we do, in ms. */
const LEASE = 60_000

/** Milliseconds between two tries, at most. */
const LONGEST = 2 * 3_600_000

/** Octets of an answer that are read, and characters that are kept. */
const ANSWER = 64 * 1024
const EXCERPT = 500

/** Milliseconds after which a place is written down that was reached without anything to send. */
const IDLE = 60_000

type Sent = { readonly answer: HttpAnswer; readonly attempt: WebhookAttempt }

export class WebhookDispatcher {
  readonly #parts: DispatcherParts
  readonly #busy = new Map<string, Promise<void>>()
  /** Where the log was read to behind the place that is written down, and when that was written. */
  readonly #passed = new Map<string, { written: string; place: LogPlace; writtenAt: number }>()
  readonly #count
  #ending = false

  constructor(parts: DispatcherParts) {
    this.#parts = parts
    this.#count = parts.metrics.register(WEBHOOK_METRICS)
  }

  /** Begins with all that have something to send. Settles before they have sent it. @throws what the store throws */
  async round(): Promise<void> {
    const { queue, now, log } = this.#parts
    const rows = await queue.take(now(), now() + LEASE)
    for (const row of rows) {
      if (this.#ending || this.#busy.has(row.id) || row.due > now()) continue
      const work = this.#work(row)
        .catch((cause: unknown) => log.error('webhook.dispatch-failed', { webhook: row.id, cause }))
        .finally(() => this.#busy.delete(row.id))
      this.#busy.set(row.id, work)
    }
    const known = new Set(rows.map(({ id }) => id))
    for (const id of this.#passed.keys()) if (!known.has(id)) this.#passed.delete(id)
  }

  /** Settles when nothing is under way. */
  async idle(): Promise<void> {
    await Promise.all(this.#busy.values())
  }

  /** Begins no request any more; settles when those under way have ended, and other nodes may send. */
  async end(): Promise<void> {
    this.#ending = true
    await this.idle()
    await this.#parts.queue.release()
  }

  /** One request with no event in it, now. `undefined` when there is no such webhook. */
  async ping({
    organization,
    id: name,
  }: Pick<Webhook, 'organization' | 'id'>): Promise<WebhookAttempt | undefined> {
    const { queue, now } = this.#parts
    const row = await queue.find(organization, name)
    if (row === undefined) return undefined
    const body = JSON.stringify({ type: 'ping', timestamp: isoTime(now()), data: { webhook: row.id } })
    const id = `ping_${randomBytes(12).toString('hex')}`
    const { attempt } = await this.#send(row, { id, body, what: 'ping', events: 0 })
    await queue.record(row, attempt)
    return attempt
  }

  async #work(first: WebhookRow): Promise<void> {
    for (let row: WebhookRow | undefined = first; row !== undefined && !this.#ending;) {
      const page = await this.#next(row)
      if (page.events.length > 0 && !(await this.#deliver(row, page))) return
      if (page.events.length === 0) await this.#pass(row, page.next)
      if (!page.more) return
      row = await this.#parts.queue.fresh(row.id)
    }
  }

  async #next(row: WebhookRow): Promise<EventPage> {
    const { source, settings } = this.#parts
    const { organization, kinds, stream } = webhookOf(row, 0)
    const query = {
      organization,
      limit: row.pending > 0 ? row.pending : settings.batch,
      ...(kinds.length > 0 && { kinds }),
      ...(stream !== undefined && { stream }),
    }
    const passed = this.#passed.get(row.id)
    // Another node, or a person, may have moved it.
    const place = passed?.written === row.place ? passed.place : parsePlace(row.place)
    return await readEvents(source, query, place ?? { after: '', since: row.created_at })
  }

  /** Nothing was for it: that is not worth a write each second, and not worth being read again after a restart. */
  async #pass(row: WebhookRow, place: LogPlace): Promise<void> {
    const { queue, now } = this.#parts
    const before = this.#passed.get(row.id)
    const writtenAt = before?.written === row.place ? before.writtenAt : now()
    const text = formatPlace(place)
    if (now() - writtenAt < IDLE || text === row.place) {
      this.#passed.set(row.id, { written: row.place, place, writtenAt })
      return
    }
    await queue.pass(row, text)
    this.#passed.set(row.id, { written: text, place, writtenAt: now() })
  }

  /** Whether it was taken. */
  async #deliver(row: WebhookRow, page: EventPage): Promise<boolean> {
    const { queue, now } = this.#parts
    const events = page.events.map(({ event }) => event)
    const body = JSON.stringify({ type: 'events', timestamp: isoTime(now()), data: { events } })
    const { answer, attempt } = await this.#send(row, {
      id: requestId(row, events),
      body,
      what: 'events',
      events: events.length,
    })
    const { id, organization } = row
    if (attempt.ok) {
      // With it the place behind what was left out.
      await queue.record(row, attempt, { at: 'sent', place: formatPlace(page.next) })
      this.#count.events.add(events.length)
      if (row.failing_since !== null) this.#parts.log.info('webhook.recovered', { webhook: id, organization })
      return true
    }
    const progress = this.#afterFailure(row, answer, events.length)
    await queue.record(row, attempt, progress)
    await this.#report(row, attempt, progress)
    return false
  }

  #afterFailure(row: WebhookRow, answer: HttpAnswer, pending: number): Progress {
    const { settings, now, random } = this.#parts
    const since = row.failing_since ?? now()
    // The specification: whoever answers 410 wants no more.
    if (answer.ok && answer.status === 410)
      return { at: 'given-up', since: now(), why: 'the receiver answered 410: it is gone', pending }
    if (now() - since >= settings.giveUp)
      return { at: 'given-up', since: now(), why: `nothing was taken since ${isoTime(since)}`, pending }
    const wait = Math.min(settings.retry * 2 ** row.failures, LONGEST)
    const due = now() + Math.max(wait * (0.75 + random() / 2), retryAfter(answer))
    return { at: 'failed', since, due: Math.ceil(due), pending }
  }

  async #report(row: WebhookRow, attempt: WebhookAttempt, progress: Progress): Promise<void> {
    const { log, tell, now } = this.#parts
    const { id: webhook, organization, url } = row
    const { status, excerpt } = attempt
    if (progress.at === 'failed') {
      const next = isoTime(progress.due)
      log.info('webhook.deferred', { webhook, organization, status, text: excerpt, next })
    }
    if (progress.at !== 'given-up') return
    const { why } = progress
    this.#count.paused.add(1)
    log.warn('webhook.given-up', { webhook, organization, url, why, status, text: excerpt })
    const data = { alert: 'webhook', webhook, url, why }
    await tell({ kind: 'alert-started', at: now(), organization, reason: why, data })
  }

  async #send(
    row: WebhookRow,
    { id, body, what, events }: { id: string; body: string; what: WebhookAttempt['what']; events: number },
  ): Promise<Sent> {
    const { http, key, now, settings } = this.#parts
    const at = now()
    const secrets = secretsOf(key, row, at)
    const answer = await http.request({
      url: row.url,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...signed(secrets, id, at, body) },
      body: Buffer.from(body),
      timeout: settings.timeout,
      most: ANSWER,
    })
    const ok = answer.ok && answer.status >= 200 && answer.status < 300
    this.#count.requests({ result: ok ? 'ok' : answer.ok ? 'refused' : 'failed' }).add(1)
    const attempt: WebhookAttempt = {
      id: `${at.toString(36).padStart(9, '0')}${randomBytes(6).toString('hex')}`,
      at,
      duration: Math.max(0, now() - at),
      what,
      request: id,
      events,
      ok,
      status: answer.ok ? answer.status : 0,
      excerpt: excerptOf(answer.ok ? answer.body.toString() : answer.text, secrets),
    }
    return { answer, attempt }
  }
}

/** The same for the same events: what is sent again is known again. */
function requestId(row: WebhookRow, events: readonly PublishedEvent[]): string {
  return `evt_${row.id}_${row.generation}_${events[0]?.id ?? ''}_${events.length}`
}

/** Milliseconds; RFC 9110 §10.2.3. A date is not worth its clock. */
function retryAfter(answer: HttpAnswer): number {
  const seconds = answer.ok ? (answer.headers.get('retry-after') ?? '') : ''
  return /^\d{1,5}$/.test(seconds) ? Math.min(Number(seconds) * 1000, LONGEST) : 0
}

/** Some receivers answer with what they were asked. */
function excerptOf(text: string, secrets: readonly string[]): string {
  const told = secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text)
  return told.replaceAll(/\p{Cc}+/gu, ' ').slice(0, EXCERPT)
}

function isoTime(at: number): string {
  return new Date(at).toISOString()
}
