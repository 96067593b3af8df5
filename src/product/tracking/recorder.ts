/**
 * Opens and clicks on their way into the log of events. A click waits a moment, until it is known what else was followed:
 * what is in memory when the process dies is lost, and what it led to was seen all the same. Events share the commits of
 * the spool: none is an fsync of its own.
 */

import type { Instant, NewEvent, Report, Spool } from '#engine/spool'
import { BURST, judge } from '#grammar/tracking'
import type { Click, Fetched, Judged, Patience, Tracked } from '#grammar/tracking'
import type { Log } from '#platform/log'
import type { Handles } from '#platform/metrics'

import { Deliveries } from './deliveries.ts'
import type { Known } from './deliveries.ts'
import type { TRACKING_METRICS } from './metrics.ts'

/** Who asks, as far as they say. */
export type Client = {
  readonly method: 'GET' | 'HEAD'
  readonly address: string
  readonly userAgent: string
  readonly purpose: string
}

export type RecorderOptions = {
  readonly spool: Pick<Spool, 'append' | 'list'>
  readonly patience: Patience
  /** Whether events say from where and with what. */
  readonly keepClient: boolean
  readonly counted: Handles<typeof TRACKING_METRICS>
  readonly log: Log
  now(): Instant
}

type Done =
  | { readonly kind: 'open'; readonly of: Tracked; readonly client: Client; readonly at: Instant }
  | { readonly kind: 'click'; readonly of: Click; readonly client: Client; readonly at: Instant }

/** Of one delivery within an hour; what is more tells nobody anything. */
const OFTEN = { times: 100, within: 3_600_000 } as const

/** Deliveries that are counted so, and events on their way at a time. */
const COUNTED = 50_000
const UNDER_WAY = 10_000

/** Characters of what a program calls itself. */
const AGENT = 300

export class TrackingRecorder implements AsyncDisposable {
  readonly #options: RecorderOptions
  readonly #deliveries: Deliveries
  /** Clicks that wait, in the order of their time. */
  #waiting: Extract<Done, { kind: 'click' }>[] = []
  readonly #followed = new Map<string, { readonly link: number; readonly at: Instant }[]>()
  readonly #often = new Map<string, { readonly since: Instant; times: number }>()
  readonly #underWay = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: RecorderOptions) {
    this.#options = options
    this.#deliveries = new Deliveries(options.spool)
  }

  opened(of: Tracked, client: Client): void {
    const at = this.#options.now()
    if (this.#mayTell(of, at)) this.#tell({ kind: 'open', of, client, at }, 1)
  }

  clicked(of: Click, client: Client): void {
    const at = this.#options.now()
    if (!this.#mayTell(of, at)) return
    this.#followed.getOrInsertComputed(nameOf(of), () => []).push({ link: of.link, at })
    this.#waiting.push({ kind: 'click', of, client, at })
    this.#timer ??= setTimeout(() => this.#look(), BURST.within).unref()
  }

  /** Resolves when all that was done until now is kept, or could not be. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const click of this.#waiting.splice(0)) this.#settle(click)
    this.#followed.clear()
    await Promise.all(this.#underWay)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush()
  }

  /** Tells those that have waited long enough. */
  #look(): void {
    const now = this.#options.now()
    const first = this.#waiting.findIndex(({ at }) => at + BURST.within > now && at <= now)
    for (const click of this.#waiting.splice(0, first < 0 ? this.#waiting.length : first)) this.#settle(click)
    for (const [name, links] of this.#followed)
      if ((links.at(-1)?.at ?? 0) + 2 * BURST.within <= now) this.#followed.delete(name)
    const isIdle = this.#waiting.length === 0 && this.#followed.size === 0
    this.#timer = isIdle ? undefined : setTimeout(() => this.#look(), BURST.within / 4).unref()
  }

  #settle(click: Extract<Done, { kind: 'click' }>): void {
    const near = (this.#followed.get(nameOf(click.of)) ?? []).filter(
      ({ at }) => Math.abs(at - click.at) <= BURST.within,
    )
    this.#tell(click, new Set(near.map(({ link }) => link)).size)
  }

  #mayTell(of: Tracked, at: Instant): boolean {
    const name = nameOf(of)
    const known = this.#often.get(name)
    const isOver = known === undefined || at - known.since > OFTEN.within
    const often = isOver ? { since: at, times: 0 } : known
    if (isOver) this.#count(name, often)
    often.times += 1
    const why = often.times > OFTEN.times ? 'often' : this.#isFull() ? 'busy' : undefined
    if (why !== undefined) this.#options.counted.dropped({ why }).add()
    return why === undefined
  }

  #isFull(): boolean {
    return this.#underWay.size + this.#waiting.length >= UNDER_WAY
  }

  #count(name: string, often: { readonly since: Instant; times: number }): void {
    this.#often.delete(name)
    this.#often.set(name, often)
    if (this.#often.size <= COUNTED) return
    for (const oldest of this.#often.keys()) return void this.#often.delete(oldest)
  }

  #tell(done: Done, links: number): void {
    const work = this.#told(done, links).catch((cause: unknown) => {
      this.#options.counted.dropped({ why: 'not-kept' }).add()
      this.#options.log.error('tracking.not-kept', { message: done.of.message, n: done.of.n, cause })
    })
    this.#underWay.add(work)
    void work.finally(() => this.#underWay.delete(work))
  }

  async #told(done: Done, links: number): Promise<void> {
    const { spool, patience, keepClient, counted } = this.#options
    const found = await this.#deliveries.find(done.of)
    const judged = judge(fetchedOf(done, found, links), patience)
    await spool.append(eventOf(done, found, judged, keepClient))
    counted.told({ kind: done.kind, class: judged.class }).add()
  }
}

function nameOf({ message, n }: Tracked): string {
  return `${message}.${n}`
}

function fetchedOf({ kind, client, at }: Done, found: Known | undefined, links: number): Fetched {
  const { method, userAgent, purpose } = client
  return { kind, method, userAgent, purpose, age: ageOf(found, at), links }
}

/** Negative while the receiver has not said that it takes the message. */
function ageOf(found: Known | undefined, at: Instant): number | undefined {
  if (found === undefined) return undefined
  const { endedAt } = found
  return endedAt === undefined ? -1 : Math.max(0, at - endedAt)
}

function eventOf(done: Done, found: Known | undefined, judged: Judged, keepClient: boolean): NewEvent {
  const { kind, of, at, client } = done
  const { organization, stream, message, n } = of
  const { author: _, endedAt: __, ...facts } = found ?? {}
  return {
    kind: kind === 'open' ? 'opened' : 'clicked',
    at,
    organization,
    stream,
    message,
    n,
    ...facts,
    class: judged.class,
    data: {
      class: judged.class,
      rule: judged.rule,
      ...(done.kind === 'click' && { url: done.of.url, link: done.of.link }),
      ...(keepClient && {
        address: client.address,
        user_agent: client.userAgent.slice(0, AGENT).toWellFormed(),
      }),
    },
    // A machine's is nobody's first.
    ...(judged.class !== 'machine' && { keep: reportOf(done, judged) }),
  }
}

function reportOf(done: Done, { class: what, rule }: Judged): Report {
  const text = done.kind === 'click' ? done.of.url.slice(0, 1_000) : ''
  return { kind: done.kind, at: done.at, host: '', status: '', text, reader: { class: what, rule } }
}
