/**
 * Campaigns that replies have held, on all paths: which, why, until when. Whose deliveries those are, the queue knows; it
 * is told when something is held, and is asked to let go when that is over.
 *
 * None of them holds anything before it is written down, and none is forgotten before what it held has been let go: what is
 * held in the store must never be without somebody who will release it.
 */

import type { Claimed, Instant, Message } from '#engine/spool'

import { untilFirstEnd } from './live.ts'
import type { Live } from './live.ts'
import { campaignKey } from './reactor.ts'
import type { Hold } from './reactor.ts'
import type { Clock } from './shared-shape.ts'

/** Who has the deliveries. */
export type Holder = {
  /** Something more is held: what is ready may be of it. */
  hold(): void
  /** Lets wait again what `live` held. Rejects when that is not sure; it is asked again. */
  release(live: Live): Promise<void>
}

export type HoldsOptions = {
  readonly clock: Clock
  readonly newId: () => string
  /** Absent where nothing is written down: then all holds at once. */
  readonly want?: (() => void) | undefined
  /** Absent where nobody has any deliveries. */
  readonly holder?: Holder | undefined
  readonly happened: (at: 'started' | 'renewed' | 'ended', live: Live) => void
}

/** Held at a time; beyond it the oldest is let go. */
const MOST = 100

/** Milliseconds until what could not be released is tried again. */
const RETRY = 5_000

export class Holds {
  readonly #options: HoldsOptions
  /** By rule and campaign. */
  readonly #live = new Map<string, Live>()
  /** Ids of those that are written down. */
  readonly #durable = new Set<string>()
  /** Ids in what was given last to be written down. */
  #offered: readonly string[] = []
  /** Over, but for what is still held in the store. */
  readonly #releasing = new Map<string, Live>()
  readonly #retries = new Set<() => void>()
  #cancelSweep: (() => void) | undefined

  constructor(options: HoldsOptions) {
    this.#options = options
  }

  get live(): Iterable<Live> {
    return this.#live.values()
  }

  /** What holds a delivery back; not when an operator has released it from just that. */
  heldBy({ message, delivery }: Claimed): Live | undefined {
    if (this.#live.size === 0) return undefined
    for (const live of this.#live.values())
      if (this.#durable.has(live.id) && isOf(live, message) && !isHeldBy(live, delivery)) return live
    return undefined
  }

  begin(hold: Hold): void {
    const now = this.#options.clock.now()
    const key = campaignKey(hold.rule, hold.campaign)
    const before = this.#live.get(key)
    const until = now + hold.act.for
    if (before === undefined) {
      const started = { ...hold, id: this.#options.newId(), from: now, until, again: 0 }
      this.#makeRoom()
      this.#live.set(key, started)
      this.#options.happened('started', started)
      if (this.#options.want === undefined) this.#becameDurable([started.id])
    } else {
      const { cause } = hold
      const renewed = { ...before, cause, until: Math.max(before.until, until), again: before.again + 1 }
      this.#live.set(key, renewed)
      this.#options.happened('renewed', renewed)
    }
    this.#arm()
  }

  cancel(id: string): Live | undefined {
    for (const [key, live] of this.#live) {
      if (live.id !== id) continue
      this.#end(key, live)
      return live
    }
    return undefined
  }

  extend(id: string, by: number): Live | undefined {
    for (const [key, live] of this.#live) {
      if (live.id !== id) continue
      const extended = { ...live, until: live.until + by }
      this.#live.set(key, extended)
      this.#arm()
      return extended
    }
    return undefined
  }

  /** What is to outlive the process: also what is over, until it has let go of everything. */
  keep(now: Instant): readonly Live[] {
    this.#offered = [...this.#live.values()].map(({ id }) => id)
    const over = [...this.#releasing.values()].map((live) => ({ ...live, until: Math.min(live.until, now) }))
    return [...this.#live.values(), ...over]
  }

  /** What `keep` gave last is durable. */
  kept(): void {
    this.#becameDurable(this.#offered.filter((id) => !this.#durable.has(id)))
  }

  /** Takes up what another process began, and what it could not let go. */
  restore(all: readonly Live[]): void {
    for (const live of all) {
      if (live.campaign === undefined) continue
      this.#live.set(campaignKey(live.rule, live.campaign), live)
      this.#durable.add(live.id)
    }
    this.#arm()
  }

  close(): void {
    this.#cancelSweep?.()
    for (const cancel of this.#retries) cancel()
  }

  #becameDurable(ids: readonly string[]): void {
    if (ids.length === 0) return
    for (const id of ids) this.#durable.add(id)
    this.#options.holder?.hold()
  }

  #makeRoom(): void {
    const [oldest] = this.#live
    if (oldest === undefined || this.#live.size < MOST) return
    const [key, live] = oldest
    this.#options.happened('ended', live)
    this.#end(key, live)
  }

  #arm(): void {
    this.#cancelSweep?.()
    this.#cancelSweep = undefined
    if (this.#live.size === 0) return
    const { clock } = this.#options
    const wait = untilFirstEnd([...this.#live.values()], clock.now())
    this.#cancelSweep = clock.after(wait, () => this.#sweep())
  }

  #sweep(): void {
    const now = this.#options.clock.now()
    for (const [key, live] of this.#live) {
      if (live.until > now) continue
      this.#options.happened('ended', live)
      this.#end(key, live)
    }
    this.#arm()
  }

  #end(key: string, live: Live): void {
    this.#live.delete(key)
    this.#releasing.set(live.id, live)
    this.#arm()
    void this.#release(live)
  }

  async #release(live: Live): Promise<void> {
    const { holder, clock, want } = this.#options
    try {
      await holder?.release(live)
    } catch {
      // The store has said why; what it holds must not be forgotten over it.
      const cancel = clock.after(RETRY, () => {
        this.#retries.delete(cancel)
        void this.#release(live)
      })
      this.#retries.add(cancel)
      return
    }
    this.#releasing.delete(live.id)
    this.#durable.delete(live.id)
    want?.()
  }
}

/** Whether it belongs to the campaign that is held. */
export function isOf({ campaign: held }: Live, { organization, stream, campaign }: Message): boolean {
  return held?.organization === organization && held.stream === stream && held.campaign === campaign
}

/** How the reasons of all begin that it holds. */
export function holdName({ id }: Pick<Live, 'id'>): string {
  return `held by shaping reaction ${id}: `
}

/** Why a delivery is held, for its record: with the reply that is to blame. */
export function holdReason(live: Live): string {
  const { attempt } = live.cause
  const said = [attempt.code === 0 ? '' : String(attempt.code), attempt.enhanced, attempt.text]
  return `${holdName(live)}${live.rule}: ${said.filter((part) => part !== '').join(' ')}`
}

/** Whether the last that was said of the delivery is that this holds it: it is held, or was, and somebody released it. */
export function isHeldBy(live: Live, { lastReply }: { readonly lastReply?: string }): boolean {
  return lastReply?.startsWith(holdName(live)) === true
}
