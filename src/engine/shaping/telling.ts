/**
 * What shaping sets off, as events of the log: in whose log each is, and when an end that has moved is news. Counts
 * nothing and decides nothing.
 *
 * A reaction to one stream or campaign was set off by replies to mail of that organization, and holds nobody else's: it
 * is told to the organization. What holds a whole path was set off by whoever sent by it: the reply may quote an address
 * of another organization, so only who runs the node is told.
 */

import { NO_ORGANIZATION } from '#grammar/event'
import type { EventData, Instant, NewEvent } from '#engine/spool'

import type { Live } from './live.ts'
import type { Sign, WarmUpState } from './state.ts'
import type { Why } from './warm-up.ts'

export type Tell = (event: NewEvent) => void

/** Milliseconds: replies move the end of a reaction many times a second, and by less than this it is no news. */
const NEWS = 60_000

export class Telling {
  readonly #tell: Tell
  readonly #now: () => Instant
  /** The end that was told last, by id: those of which the start was told and the end was not. */
  readonly #told = new Map<string, Instant>()

  constructor(tell: Tell, now: () => Instant) {
    this.#tell = tell
    this.#now = now
  }

  started(live: Live): void {
    this.#told.set(live.id, live.until)
    this.#reaction('reaction-started', live)
  }

  /** Set off again, by a further reply. */
  renewed(live: Live): void {
    if (live.until - (this.#told.get(live.id) ?? live.until) >= NEWS) this.#moved(live, 'reply')
  }

  extended(live: Live): void {
    this.#moved(live, 'operator')
  }

  /** Once: what several paths have is one reaction all the same. */
  ended(live: Live, by: 'time' | 'operator'): void {
    if (this.#told.delete(live.id)) this.#reaction('reaction-ended', live, { by })
  }

  /** Its start was told by an earlier process. */
  restored(live: Live): void {
    this.#told.set(live.id, live.until)
  }

  stepped(state: WarmUpState, why: Why, sign?: Sign): void {
    const { source, provider, step, limit, steps } = state
    const at = step === undefined ? { done: true } : { step, ...(limit !== undefined && { limit }) }
    const { kind, ...rate } = sign ?? { kind: undefined }
    const said = kind === undefined ? {} : { sign: kind, ...rate }
    const data = { source, provider, steps, ...at, why, ...said }
    this.#tell({ kind: 'warm-up-step', at: this.#now(), organization: NO_ORGANIZATION, data })
  }

  #moved(live: Live, by: 'reply' | 'operator'): void {
    this.#told.set(live.id, live.until)
    this.#reaction('reaction-extended', live, { by })
  }

  #reaction(
    kind: 'reaction-started' | 'reaction-extended' | 'reaction-ended',
    live: Live,
    more: EventData = {},
  ): void {
    const whose = live.campaign ?? live.stream
    const { attempt } = live.cause
    const words = [attempt.code === 0 ? '' : String(attempt.code), attempt.enhanced, attempt.text]
    this.#tell({
      kind,
      at: this.#now(),
      organization: whose?.organization ?? NO_ORGANIZATION,
      ...(whose && { stream: whose.stream }),
      reason: words.filter((word) => word !== '').join(' '),
      data: { ...dataOf(live), ...more },
    })
  }
}

function dataOf(live: Live): EventData {
  const { id, rule, act, source, site, campaign, from, until, again, cause, counted } = live
  const { stage, host } = cause.attempt
  return {
    reaction: id,
    rule,
    does: act.do,
    source,
    site,
    ...(campaign?.campaign !== undefined && { campaign: campaign.campaign }),
    began: new Date(from).toISOString(),
    until: new Date(until).toISOString(),
    again,
    ...(stage !== '' && { stage }),
    ...(host !== '' && { host }),
    ...(cause.delivery !== undefined && { delivery: cause.delivery }),
    ...(counted && { unknown: counted.unknown, tried: counted.tried }),
  }
}
