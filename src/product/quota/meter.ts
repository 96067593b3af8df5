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
  readonly span: Span
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
  /** Of each span, the longest first. */
  readonly slots: readonly [Slot, Slot, Slot]
  /** Windows that have begun: while there is no other, what was taken is in the windows that are here. */
  turns: number
  /** Since when all that this process takes is counted. */
  readonly since: number
  /** Nothing of this process was under way when what was used before was read. */
  isExact: boolean
}

type OfOrganization = {
  /** For streams without limits of their own: that of the organization, if any. */
  others: readonly Metered[]
  /** That of the organization before that of the stream. */
  readonly streams: Map<string, readonly Metered[]>
}

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
    const metered = (quota: Quota): Metered => {
      const one = before.get(keyOf(quota)) ?? fresh(quota, now, isFirst)
      one.quota = quota
      return one
    }
    for (const [organization, ofOne] of Map.groupBy(quotas, (quota) => quota.organization)) {
      const others = ofOne.filter(({ stream }) => stream === undefined).map(metered)
      const streams = ofOne.flatMap((quota) => {
        const { stream } = quota
        return stream === undefined ? [] : [[stream, [...others, metered(quota)]] as const]
      })
      this.#organizations.set(organization, { others, streams: new Map(streams) })
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
    const noted = this.#of(organization).map((metered) => {
      turn(metered, now)
      return { metered, seen: metered.slots.map((slot) => ({ ...slot })) }
    })
    const used = await read(now)
    for (const { metered, seen } of noted) {
      const isQuiet = metered.slots.every((slot, i) => isQuietSince(slot, seen[i]))
      metered.isExact ||= isQuiet && now - metered.since >= UNDER_WAY
      for (const [i, slot] of metered.slots.entries()) {
        const before = seen[i]
        // The window has ended meanwhile: the next one has its own numbers.
        if (before === undefined || slot.begin !== before.begin) continue
        slot.before = Math.max(0, used(slot.span, metered.quota.stream) - before.kept)
        this.#look(metered, slot)
      }
    }
  }

  /** Why so much would not be taken now; nothing is counted. */
  refusal(traffic: Traffic, wanted: Wanted, now: number): Exhausted | undefined {
    return refusalOf(this.#for(traffic), wanted, now)
  }

  /** All of it or nothing. `now` is when the message counts as accepted. */
  take(traffic: Traffic, wanted: Wanted, now: number): Taken {
    const all = this.#for(traffic)
    if (all.length === 0) return FREE
    const exhausted = refusalOf(all, wanted, now)
    if (exhausted !== undefined) return { ok: false, exhausted }
    const { recipients } = wanted
    let turns = 0
    for (const metered of all) {
      for (const slot of metered.slots) slot.own += recipients
      turns += metered.turns
    }
    return { ok: true, over: (isKept) => this.#over(all, { recipients, now, turns, isKept }) }
  }

  #over(
    all: readonly Metered[],
    taken: { recipients: number; now: number; turns: number; isKept: boolean },
  ): void {
    const { recipients, now, isKept } = taken
    const isSame = all.reduce((turns, metered) => turns + metered.turns, 0) === taken.turns
    for (const metered of all)
      for (const slot of metered.slots) {
        // It was taken from a window that has ended since.
        if (!isSame && slot.begin > now) continue
        if (isKept) {
          slot.kept += recipients
          this.#look(metered, slot)
        } else slot.own -= recipients
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
    return this.#for(traffic).flatMap((metered) => {
      turn(metered, now)
      const { stream, limits } = metered.quota
      return metered.slots.toReversed().flatMap(({ span, begin, end, before, own }) => {
        const limit = limits[span]
        if (limit === undefined) return []
        return {
          quota: span,
          ...(stream !== undefined && { stream }),
          limit,
          left: Math.max(0, limit - before - own),
          length: (end - begin) / 1000,
          wait: Math.ceil((end - now) / 1000),
        }
      })
    })
  }

  /** Whether a limit is near or reached by what is durable. */
  #look({ quota }: Metered, slot: Slot): void {
    const { organization, stream, limits } = quota
    const { span, begin: begins, end: until } = slot
    const limit = limits[span]
    const used = slot.before + slot.kept
    if (limit === undefined || limit === 0 || used < limit * NEAR) return
    const window = { span, begins, until, limit, used }
    const whose = { organization, ...(stream !== undefined && { stream }) }
    if (slot.near !== limit) {
      slot.near = limit
      this.#crossed({ kind: 'quota-near', ...whose, ...window })
    }
    if (used >= limit && slot.reached !== limit) {
      slot.reached = limit
      this.#crossed({ kind: 'quota-reached', ...whose, ...window })
    }
  }

  #for({ organization, stream }: Traffic): readonly Metered[] {
    const of = this.#organizations.get(organization)
    return of === undefined ? NONE : (of.streams.get(stream) ?? of.others)
  }

  /** Each once. */
  #of(organization: string): readonly Metered[] {
    const of = this.#organizations.get(organization)
    if (of === undefined) return NONE
    return [...new Set([...of.others, ...[...of.streams.values()].flat()])]
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
  const slots = [empty('month', now), empty('day', now), empty('hour', now)] as const
  return { quota, slots, turns: 0, since: isFirst ? -Infinity : now, isExact: false }
}

function empty(span: Span, at: number): Slot {
  const { begin, end } = windowOf(span, at)
  return { span, begin, end, own: 0, kept: 0, before: 0, near: undefined, reached: undefined }
}

/** To the windows of now. A clock that steps back stays in those it was in. */
function turn(metered: Metered, now: number): void {
  for (const slot of metered.slots) {
    if (now < slot.end) continue
    Object.assign(slot, empty(slot.span, now))
    metered.turns += 1
  }
}

function isQuietSince(slot: Slot, then: Slot | undefined): boolean {
  return then !== undefined && slot.begin === then.begin && slot.own === then.kept && slot.kept === then.kept
}

function refusalOf(all: readonly Metered[], wanted: Wanted, now: number): Exhausted | undefined {
  for (const metered of all) {
    turn(metered, now)
    const exhausted = messageOver(metered.quota, wanted) ?? windowOver(metered, wanted.recipients)
    if (exhausted !== undefined) return exhausted
  }
  return undefined
}

function messageOver({ stream, limits }: Quota, { recipients, size = 0 }: Wanted): Exhausted | undefined {
  const whose = stream === undefined ? {} : { stream }
  if (limits.size !== undefined && size > limits.size) return { quota: 'size', limit: limits.size, ...whose }
  if (limits.recipients !== undefined && recipients > limits.recipients)
    return { quota: 'recipients', limit: limits.recipients, ...whose }
  return undefined
}

/** Of several that are used up, the one that is so for longest: before it ends nothing is taken. */
function windowOver({ quota: { stream, limits }, slots }: Metered, wanted: number): Exhausted | undefined {
  for (const { span: quota, before, own, end: until } of slots) {
    const limit = limits[quota]
    if (limit === undefined || before + own + wanted <= limit) continue
    const whose = stream === undefined ? {} : { stream }
    return { quota, limit, used: Math.min(before + own, limit), wanted, until, ...whose }
  }
  return undefined
}
