/** What an operator sees of sources: their addresses and pools, how they are warmed up, what is thought of them. */

import type { Spool } from '#engine/spool'
import type { Config } from '#platform/config'
import type { Control } from '#platform/store'
import type { Remote } from '#platform/thread'
import type { Operations } from '#product/operation'
import { openAlertStore, rateRows, spanBefore } from '#product/reputation'
import type { RateRow, Span, Standing } from '#product/reputation'

import { DEFAULT_POOL } from './pools.ts'
import { outcomesWithin } from './rates.ts'
import type { TransportService } from './transport-thread.ts'

export type SourceParts = {
  readonly config: Config
  readonly spool: Pick<Spool, 'counts'>
  readonly control: Control
  /** Absent when no node runs. */
  readonly running?: {
    readonly transport: Pick<Remote<TransportService>, 'warmUps'>
    readonly standings: () => readonly Standing[]
  }
  readonly now: () => number
}

export async function sourceOperations(
  parts: SourceParts,
): Promise<Pick<Operations, 'reputation' | 'rates' | 'sources'>> {
  const { config, control, running, now } = parts
  const store = await openAlertStore(control, config.node.number)
  const rowsOf = async (span: Span): Promise<readonly RateRow[]> =>
    rateRows(await outcomesWithin(parts, spanBefore(now(), span)), await store.load())
  return {
    reputation: async () => running?.standings() ?? [],
    rates: async ({ span }) => ({ span, ...spanBefore(now(), span), rows: await rowsOf(span) }),
    async sources() {
      const [warmUps, rates, alerts] = await Promise.all([
        running?.transport.warmUps() ?? [],
        rowsOf('day'),
        store.load(),
      ])
      const standings = running?.standings() ?? []
      return config.egress.sources.map(({ name, address, ehlo, relay }) => {
        const isIts = ({ source }: { readonly source: string }): boolean => source === name
        return {
          name,
          ...(address === undefined ? {} : { address }),
          ehlo,
          relay: relay.map((one) => `${one.host}:${one.port}`),
          pools: poolsWith(config, name),
          warmUps: warmUps.filter(isIts),
          standings: standings.filter(isIts),
          rates: rates.filter(isIts),
          alerts: alerts.filter(isIts),
        }
      })
    },
  }
}

/** The pools that a source is in, and its weight there. */
function poolsWith(
  { egress: { pools } }: Config,
  name: string,
): readonly { readonly pool: string; readonly weight: number }[] {
  const said = pools.flatMap((pool) =>
    pool.sources.filter(({ source }) => source === name).map(({ weight }) => ({ pool: pool.name, weight })),
  )
  const hasDefault = pools.some((pool) => pool.name === DEFAULT_POOL)
  return hasDefault ? said : [{ pool: DEFAULT_POOL, weight: 1 }, ...said]
}
