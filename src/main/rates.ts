/** Looks at the rates of the last day now and then, tells what became too high or recovered, and lets warm-ups know. */

import type { BadRate } from '#engine/shaping'
import { NO_ORGANIZATION } from '#grammar/event'
import type { NewEvent, Spool } from '#engine/spool'
import type { Config } from '#platform/config'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'
import type { Control } from '#platform/store'
import type { Remote } from '#platform/thread'
import { COUNTED_BY, openAlertStore, outcomesOf, partsOf, rateGauges, RateWatch } from '#product/reputation'
import type { Alert, AlertChange, AlertTerms, Outcomes, Within } from '#product/reputation'

import { noting } from './noting.ts'
import type { TransportService } from './transport-thread.ts'

export type RatesParts = {
  readonly config: Config
  readonly spool: Pick<Spool, 'counts' | 'append'>
  readonly control: Control
  readonly transport: Pick<Remote<TransportService>, 'rated'>
  readonly log: Log
  readonly metrics: MetricsRegistry
  readonly now: () => number
}

/** Hours that the store sums in one call, which commits wait for: a week at once would be seconds where sites are many. */
const AT_ONCE = 6

/** What was counted of the sources of this configuration: those of other nodes are theirs to watch. */
export async function outcomesWithin(
  { spool, config }: { readonly spool: Pick<Spool, 'counts'>; readonly config: Config },
  within: Within,
): Promise<readonly Outcomes[]> {
  const names = new Set(config.egress.sources.map(({ name }) => name))
  const outcomes: Outcomes[] = []
  for (const part of partsOf(within, AT_ONCE)) {
    const found = outcomesOf(await spool.counts({ ...part, by: COUNTED_BY }))
    outcomes.push(...found.filter(({ source }) => names.has(source)))
  }
  return outcomes
}

/** Until it is disposed of; the first look is over when it resolves. */
export async function watchRates(parts: RatesParts): Promise<AsyncDisposable> {
  const { config, control, transport, log, metrics, now } = parts
  const { rates, ratesEvery } = config.reputation
  const note = noting(parts)
  const watch = await RateWatch.open({
    outcomes: (within) => outcomesWithin(parts, within),
    store: await openAlertStore(control, config.node.number),
    terms: termsOf(rates),
    now,
  })
  rateGauges(metrics, watch)
  const look = async (): Promise<void> => {
    try {
      const changes = await watch.look()
      for (const change of changes) tell(log, change)
      await transport.rated(badRates(watch.alerts))
      await Promise.all(changes.map((change) => note(eventOf(change, now()))))
    } catch (cause) {
      log.error('source.rates-failed', { cause })
    }
  }
  let looking = look()
  await looking
  const timer = setInterval(() => void (looking = looking.then(look)), ratesEvery).unref()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await looking
    },
  }
}

function termsOf(rates: Config['reputation']['rates']): AlertTerms {
  return {
    minimum: rates.minimum,
    limits: {
      complained: { warn: rates.complainedWarn, bad: rates.complainedBad },
      refused: { warn: rates.refusedWarn, bad: rates.refusedBad },
      bounced: { warn: rates.bouncedWarn, bad: rates.bouncedBad },
      deferred: { warn: rates.deferredWarn, bad: rates.deferredBad },
    },
  }
}

/** What a warm-up goes back for. Unknown recipients are the list's fault, and the circuit breaker's; deferrals it counts. */
function badRates(alerts: readonly Alert[]): readonly BadRate[] {
  return alerts.flatMap(({ source, provider, measure, level, bad, of, most }) => {
    if (level !== 'bad' || (measure !== 'complained' && measure !== 'refused')) return []
    return [{ source, provider, sign: { kind: measure, bad, of, most } }]
  })
}

function tell(log: Log, change: AlertChange): void {
  const { source, provider, measure, level, most } = change.alert
  const fields = { source, provider, rate: measure, beyond: level, most }
  if (change.kind === 'raised') {
    const { alert, was } = change
    log.warn('source.rate-high', { ...fields, bad: alert.bad, of: alert.of, was })
  } else log.info('source.rate-recovered', { ...fields, bad: change.now.bad, of: change.now.of })
}

/** For those who follow events: a source is of no organization alone. */
function eventOf(change: AlertChange, at: number): NewEvent {
  const { source, provider, measure, level, most } = change.alert
  const { bad, of } = change.kind === 'raised' ? change.alert : change.now
  return {
    kind: change.kind === 'raised' ? 'alert-started' : 'alert-ended',
    at,
    organization: NO_ORGANIZATION,
    reason: `${bad} of ${of} ${measure}`,
    data: { source, provider, rate: measure, beyond: level, most, bad, of },
  }
}
