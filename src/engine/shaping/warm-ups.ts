/** The warm-ups of all sources that are warmed up, by group of receivers; what they tell, and what is kept of them. */

import { OTHERS } from '#engine/rule'
import type { Instant } from '#engine/spool'
import type { EgressConfig } from '#platform/config'
import type { Log } from '#platform/log'

import type { ShapingMetrics } from './metrics.ts'
import type { Telling } from './telling.ts'
import { WarmUp } from './warm-up.ts'
import type { BadRate, Sign, WarmUpState } from './state.ts'
import type { Why, WarmUpKept, WarmUpTerms } from './warm-up.ts'

export type WarmUpsOptions = {
  readonly sources: () => EgressConfig['sources']
  readonly terms: () => WarmUpTerms
  readonly now: () => Instant
  readonly log: Log
  readonly metrics: ShapingMetrics
  readonly telling: Pick<Telling, 'stepped'>
  readonly want?: (() => void) | undefined
}

export class WarmUps {
  readonly #options: WarmUpsOptions
  readonly #all = new Map<string, WarmUp>()

  constructor(options: WarmUpsOptions) {
    this.#options = options
  }

  /** `undefined` where `source` is not warmed up. */
  of(source: string, provider = OTHERS, kept?: WarmUpKept): WarmUp | undefined {
    const { sources, terms, now, log, metrics, telling, want } = this.#options
    const since = sources().find(({ name }) => name === source)?.warmUp
    if (since === undefined) return undefined
    return this.#all.getOrInsertComputed(keyOf(source, provider), () => {
      const options = {
        source,
        provider,
        get terms() {
          return terms()
        },
        since: since === true ? undefined : since,
        now,
        want,
        stepped: (state: WarmUpState, why: Why, sign?: Sign) => {
          log.info('warmup.stepped', { ...fieldsOf(state), why, ...signFields(sign) })
          telling.stepped(state, why, sign)
        },
        filled: (state: WarmUpState) => {
          metrics.warmUpFull(source, provider)
          log.info('warmup.full', { ...fieldsOf(state), until: new Date(state.until).toISOString() })
        },
      }
      return new WarmUp(options, kept)
    })
  }

  /** These rates are bad as of now, and no others. */
  rated(bad: readonly BadRate[]): void {
    const signs = new Map(bad.map(({ source, provider, sign }) => [keyOf(source, provider), sign]))
    for (const [key, one] of this.#all) one.rated(signs.get(key))
  }

  list(): readonly WarmUpState[] {
    const now = this.#options.now()
    return Array.from(this.#all.values(), (one) => one.state(now)).toSorted((a, b) =>
      `${a.source} ${a.provider}` < `${b.source} ${b.provider}` ? -1 : 1,
    )
  }

  keep(isLast: boolean): readonly WarmUpKept[] {
    const now = this.#options.now()
    return Array.from(this.#all.values(), (one) => one.keep(now, isLast))
  }

  kept(): void {
    for (const one of this.#all.values()) one.kept()
  }

  restore(kept: readonly WarmUpKept[]): void {
    for (const one of kept) this.of(one.source, one.provider, one)
  }
}

function keyOf(source: string, provider: string): string {
  return `${source}\0${provider}`
}

function signFields(sign: Sign | undefined): { readonly [name: string]: unknown } {
  if (sign === undefined) return {}
  if (sign.kind === 'suspended') return { sign: sign.kind }
  const { kind, ...rate } = sign
  return { sign: kind, ...rate }
}

function fieldsOf({ source, provider, step, limit, steps }: WarmUpState): {
  readonly [name: string]: unknown
} {
  return { source, provider, steps, ...(step === undefined ? { done: true } : { step, limit }) }
}
