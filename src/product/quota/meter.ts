/**
 * What is used of each quota, in memory: asked before each message, so that no message asks the store. Holds no timer and
 * reads nothing; who made it tells it what was used before, and the caller brings the clock.
 *
 * Of each window it knows what this process took (`own`), how much of that is durable (`kept`), and what there was beside
 * it (`before`): of earlier processes, and of other nodes. All three only ever err upwards, so that nothing is exceeded.
 */

import type { Exhausted } from '#engine/queue'

import { SPANS, windowOf } from './quota.ts'
import type { Quota, Span, Traffic } from './quota.ts'
import type { Used } from './used.ts'

export type Wanted = { readonly recipients: number; readonly size?: number }

export type Taken =
  /** Counted. `over` says, once, whether the message was kept; absent where nothing is counted. */
  | { readonly ok: true; readonly over?: (isKept: boolean) => void }
  | { readonly ok: false; readonly exhausted: Exhausted }

/** A window that has come near its end, or to it. */
export type Crossing = Pick<Quota, 'organization' | 'stream'> & {
  readonly kind: 'quota-near' | 'quota-reached'
  readonly span: Span
  readonly begins: number
  readonly until: number
  readonly limit: number
  readonly used: number
}

export type SizeLimit = { readonly quota: 'size'; readonly limit: number; readonly stream?: string }

/** What is left of a window. */
export type Left = {
  readonly quota: Span
  /** Where it is the stream's own. */
  readonly stream?: string
  readonly limit: number
  readonly left: number
  /** Seconds: of the whole window, and until it ends. */
  readonly length: number
  readonly wait: number
}

/** The share of a window at which it is near its end. */
const NEAR = 0.8

type Slot = {
  begin: number
  end: number
  own: number
  kept: number
  before: number
  /** The limit at which each was told; absent: it was not. */
  near: number | undefined
  reached: number | undefined
}

type Metered = {
  quota: Quota
  readonly slots: { readonly [S in Span]: Slot }
  /** Since when all that this process takes is counted. */
  readonly since: number
  /** Nothing of this process was under way when what was used before was read. */
  isExact: boolean
}

type OfOrganization = { all: Metered | undefined; readonly streams: Map<string, Metered> }

/** Milliseconds after which nothing is under way any more that a new quota did not see begin. */
const UNDER_WAY = 60_000

const FREE: Taken = { ok: true }

export class Meter {
  readonly #organizations = new Map<string, OfOrganization>()
  readonly #crossed: (crossing: Crossing) => void

  constructor(crossed: (crossing: Crossing) => void) {
    this.#crossed = crossed
  }

  /** These and no others, from now on; what was counted of those that stay is. `isFirst`: nothing is under way. */
  use(quotas: readonly Quota[], now: number, isFirst = false): void {
    const before = new Map([...this.#all()].map((metered) => [keyOf(metered.quota), metered]))
    this.#organizations.clear()
    for (const quota of quotas) {
      const { organization, stream } = quota
      const of = this.#organizations.getOrInsertComputed(organization, () => ({
        all: undefined,
        streams: new Map(),
      }))
      const metered = before.get(keyOf(quota)) ?? fresh(quota, now, isFirst)
      metered.quota = quota
      if (stream === undefined) of.all = metered
      else of.streams.set(stream, metered)
    }
  }

  /** Organizations of which is to be read what was used: those that are not sure, or all that have windows. */
  wanting(isShared: boolean): readonly string[] {
    const names = [...this.#all()]
      .filter(
        ({ quota, isExact }) =>
          (isShared || !isExact) && SPANS.some((span) => quota.limits[span] !== undefined),
      )
      .map(({ quota }) => quota.organization)
    return [...new Set(names)]
  }

  /** Reads what was used of an organization by `read`, and counts from there. @throws what `read` throws */
  async recount(organization: string, now: number, read: (at: number) => Promise<Used>): Promise<void> {
    const all = this.#of(organization)
    const noted = all.map((metered) => ({
      metered,
      kept: SPANS.map((span) => ({ ...slotOf(metered, span, now) })),
    }))
    const used = await read(now)
    for (const { metered, kept } of noted) {
      const isQuiet = SPANS.every((span, i) => isSame(metered.slots[span], kept[i]))
      metered.isExact ||= isQuiet && now - metered.since >= UNDER_WAY
      for (const [i, span] of SPANS.entries()) {
        const slot = metered.slots[span]
        const then = kept[i]
        // The window has ended meanwhile: the next one has its own numbers.
        if (then === undefined || slot.begin !== then.begin) continue
        slot.before = Math.max(0, used(span, metered.quota.stream) - then.kept)
        this.#look(metered, span)
      }
    }
  }

  /** Why so much would not be taken now; nothing is counted. */
  refusal(traffic: Traffic, wanted: Wanted, now: number): Exhausted | undefined {
    for (const metered of this.#for(traffic)) {
      const exhausted = exhaustedOf(metered, wanted, now)
      if (exhausted !== undefined) return exhausted
    }
    return undefined
  }

  /** All of it or nothing. `now` is when the message counts as accepted. */
  take(traffic: Traffic, wanted: Wanted, now: number): Taken {
    const all = this.#for(traffic)
    if (all.length === 0) return FREE
    const exhausted = this.refusal(traffic, wanted, now)
    if (exhausted !== undefined) return { ok: false, exhausted }
    const { recipients } = wanted
    const taken = all.flatMap((metered) =>
      SPANS.map((span) => ({ metered, span, slot: slotOf(metered, span, now) })),
    )
    const begins = taken.map(({ slot }) => slot.begin)
    for (const { slot } of taken) slot.own += recipients
    return {
      ok: true,
      over: (isKept) => {
        for (const [i, { metered, span, slot }] of taken.entries()) {
          if (slot.begin !== begins[i]) continue
          if (isKept) {
            slot.kept += recipients
            this.#look(metered, span)
          } else slot.own -= recipients
        }
      },
    }
  }

  /** Octets that a message may have, where there is such a limit: the smaller one. */
  size(traffic: Traffic): SizeLimit | undefined {
    const all = this.#for(traffic).flatMap(({ quota: { stream, limits } }) =>
      limits.size === undefined
        ? []
        : [{ quota: 'size' as const, limit: limits.size, ...(stream !== undefined && { stream }) }],
    )
    return all.toSorted((a, b) => a.limit - b.limit)[0]
  }

  left(traffic: Traffic, now: number): readonly Left[] {
    return this.#for(traffic).flatMap((metered) =>
      SPANS.flatMap((span) => {
        const { stream, limits } = metered.quota
        const limit = limits[span]
        if (limit === undefined) return []
        const slot = slotOf(metered, span, now)
        return {
          quota: span,
          ...(stream !== undefined && { stream }),
          limit,
          left: Math.max(0, limit - slot.before - slot.own),
          length: (slot.end - slot.begin) / 1000,
          wait: Math.ceil((slot.end - now) / 1000),
        }
      }),
    )
  }

  /** Whether a limit is near or reached by what is durable. */
  #look({ quota, slots }: Metered, span: Span): void {
    const { organization, stream, limits } = quota
    const limit = limits[span]
    if (limit === undefined || limit === 0) return
    const slot = slots[span]
    const used = slot.before + slot.kept
    const whose = { organization, ...(stream !== undefined && { stream }) }
    const window = { span, begins: slot.begin, until: slot.end, limit, used }
    if (used >= limit * NEAR && slot.near !== limit) {
      slot.near = limit
      this.#crossed({ kind: 'quota-near', ...whose, ...window })
    }
    if (used >= limit && slot.reached !== limit) {
      slot.reached = limit
      this.#crossed({ kind: 'quota-reached', ...whose, ...window })
    }
  }

  /** The organization's own before that of the stream. */
  #for({ organization, stream }: Traffic): readonly Metered[] {
    const of = this.#organizations.get(organization)
    if (of === undefined) return NONE
    const own = of.streams.get(stream)
    if (own === undefined) return of.all === undefined ? NONE : [of.all]
    return of.all === undefined ? [own] : [of.all, own]
  }

  #of(organization: string): readonly Metered[] {
    const of = this.#organizations.get(organization)
    return of === undefined ? NONE : [...(of.all === undefined ? [] : [of.all]), ...of.streams.values()]
  }

  *#all(): Iterable<Metered> {
    for (const organization of this.#organizations.keys()) yield* this.#of(organization)
  }
}

const NONE: readonly Metered[] = []

function keyOf({ organization, stream = '' }: Quota): string {
  return `${organization}\n${stream}`
}

function fresh(quota: Quota, now: number, isFirst: boolean): Metered {
  const slot = (span: Span): Slot => empty(windowOf(span, now))
  const slots = { hour: slot('hour'), day: slot('day'), month: slot('month') }
  return { quota, slots, since: isFirst ? -Infinity : now, isExact: false }
}

function empty({ begin, end }: { readonly begin: number; readonly end: number }): Slot {
  return { begin, end, own: 0, kept: 0, before: 0, near: undefined, reached: undefined }
}

/** The window of now. A clock that steps back stays in the one it was in. */
function slotOf({ slots }: Metered, span: Span, now: number): Slot {
  const slot = slots[span]
  if (now >= slot.end) Object.assign(slot, empty(windowOf(span, now)))
  return slot
}

function isSame(slot: Slot, then: Slot | undefined): boolean {
  return then !== undefined && slot.begin === then.begin && slot.own === then.kept && slot.kept === then.kept
}

function exhaustedOf(metered: Metered, { recipients, size = 0 }: Wanted, now: number): Exhausted | undefined {
  const { stream, limits } = metered.quota
  const whose = stream === undefined ? {} : { stream }
  if (limits.size !== undefined && size > limits.size) return { quota: 'size', limit: limits.size, ...whose }
  if (limits.recipients !== undefined && recipients > limits.recipients)
    return { quota: 'recipients', limit: limits.recipients, ...whose }
  return windowOver(metered, recipients, now)
}

/** Of several that are used up, the one that is so for longest: before it ends nothing is taken. */
function windowOver(metered: Metered, recipients: number, now: number): Exhausted | undefined {
  const { stream, limits } = metered.quota
  for (const span of ['month', 'day', 'hour'] as const) {
    const limit = limits[span]
    if (limit === undefined) continue
    const slot = slotOf(metered, span, now)
    const used = slot.before + slot.own
    if (used + recipients <= limit) continue
    const whose = stream === undefined ? {} : { stream }
    return { quota: span, limit, used: Math.min(used, limit), wanted: recipients, until: slot.end, ...whose }
  }
  return undefined
}
