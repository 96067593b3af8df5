/** Shaping as one transport thread has it: rules from files that are watched, state that outlives the process. */

import { Shaping } from '#engine/shaping'
import type { ShapingOptions } from '#engine/shaping'
import type { Config } from '#platform/config'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'

import { loadRules, versionOfRules } from './rule-files.ts'
import { beginShapingState, readShapingState, shapingStateWriter } from './shaping-state.ts'

export type ShaperParts = {
  readonly log: Log
  readonly metrics: MetricsRegistry
  /** As it is now: it may be reloaded. */
  readonly config: () => Config
  /** Into the log of events. */
  readonly note: NonNullable<ShapingOptions['tell']>
  readonly suppress: NonNullable<ShapingOptions['suppress']>
  /** Who has the deliveries of campaigns that are held. */
  readonly holder: NonNullable<ShapingOptions['holder']>
  /** The rules are others: every queue is to find its way anew. */
  readonly changed: () => void
}

type Prepared = { readonly problems: readonly string[]; readonly apply: () => void }

export type Shaper = {
  readonly shaping: Shaping
  /** Reads the rules that `config` names. */
  prepare(config: Config): Prepared
  close(): Promise<void>
}

/** Milliseconds between looks at the files. */
const LOOK = 5_000

/** @throws {Error} when the rules have mistakes; `serve` has told them before */
export function openShaper(parts: ShaperParts): Shaper {
  const { log, config } = parts
  const read = loadRules(config())
  if (!read.ok) throw new Error(`the shaping rules have mistakes: ${read.problems.join('; ')}`)
  for (const warning of read.warnings) log.warn('shaping.warning', { warning })
  const steady = steadyClock()
  const { data } = config().node
  const shaping = new Shaping({
    rules: read.rules,
    get config() {
      return config().egress
    },
    clock: { now: steady, after: afterwards },
    log,
    metrics: parts.metrics,
    warmUp: () => config().warmUp,
    want: () => writer.want(),
    suppress: parts.suppress,
    holder: parts.holder,
    tell: parts.note,
  })
  const writer = shapingStateWriter(data, log, shaping)
  const kept = readShapingState(data, log)
  if (kept !== undefined) shaping.restore(kept)
  beginShapingState(data, log, shaping)
  let version = versionOfRules(config())
  const prepare = (changed: Config): Prepared => {
    version = versionOfRules(changed)
    const again = loadRules(changed)
    if (!again.ok) {
      log.error('shaping.refused', { problems: again.problems })
      return { problems: again.problems, apply: () => {} }
    }
    for (const warning of again.warnings) log.warn('shaping.warning', { warning })
    return { problems: [], apply: () => shaping.use(again.rules) }
  }
  const look = (): void => {
    if (versionOfRules(config()) === version) return
    const { problems, apply } = prepare(config())
    if (problems.length > 0) return
    apply()
    log.info('shaping.reloaded')
    parts.changed()
  }
  const timer = setInterval(look, LOOK).unref()
  return {
    shaping,
    prepare,
    async close() {
      clearInterval(timer)
      shaping.close()
      await writer.close()
    },
  }
}

/** The time of day as it was at the start, and from there without a step: what counts must neither wait nor hurry. */
function steadyClock(): () => number {
  const begin = Date.now() - performance.now()
  return () => Math.floor(begin + performance.now())
}

function afterwards(ms: number, ring: () => void): () => void {
  const timer = setTimeout(ring, ms).unref()
  return () => clearTimeout(timer)
}
