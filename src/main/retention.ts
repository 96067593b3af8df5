/** Removes what is old: records of deliveries that ended long ago, events and counts, a few at a time; mail that was kept. */

import { setTimeout as sleep } from 'node:timers/promises'

import { SpoolError } from '#engine/spool'
import type { Spool } from '#engine/spool'
import type { Config } from '#platform/config'
import type { Log } from '#platform/log'
import type { Control } from '#platform/store'
import { openBulkDeliveries } from '#product/bulk-delivery'
import { openAudit } from '#product/audit'
import { openPostmasterMail } from '#product/postmaster'
import { openQueue } from '#product/webhook'
import { openReceivedReports } from '#product/received-report'

/** Milliseconds between rounds, and messages a round: a backlog of a day is gone within minutes, and nobody waits. */
const EVERY = 60_000
const AT_ONCE = 2_000

/** Until it is disposed of. Ages are counted from the end of a message's last delivery. */
function forgetOld(spool: Spool, { retention, streams }: Config, log: Log): Disposable {
  const own = streams.flatMap((stream) =>
    stream.retention === undefined ? [] : [[stream.name, stream.retention] as const],
  )
  const round = async (): Promise<void> => {
    try {
      const now = Date.now()
      const before = new Map(own.map(([stream, age]) => [stream, now - age]))
      const count = await spool.forget(now - retention.deliveries, AT_ONCE, before)
      if (count > 0) log.info('retention.removed', { what: 'records of messages', count })
    } catch (cause) {
      // A broken spool has told the node already; everything else is worth another try.
      if (!(cause instanceof SpoolError)) throw cause
      log.warn('retention.failed', { what: 'records of messages', cause })
    }
  }
  const timer = setInterval(() => void round(), EVERY).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

/** Milliseconds between rounds for events and counts, which are looked through as a whole, and between the steps of one. */
const LEDGER_EVERY = 15 * 60_000
const BREATH = 20

type LedgerRetention = Pick<Config['retention'], 'events' | 'hourlyCounts' | 'dailyCounts'>

/** Until it is disposed of. */
function ageLedger(spool: Pick<Spool, 'age'>, retention: LedgerRetention, log: Log): Disposable {
  const ended = new AbortController()
  let isBusy = false
  const round = async (): Promise<void> => {
    if (isBusy) return
    isBusy = true
    const now = Date.now()
    const { events, hourlyCounts, dailyCounts } = retention
    const before = { events: now - events, hours: now - hourlyCounts, days: now - dailyCounts }
    try {
      while (!ended.signal.aborted && (await spool.age(before))) await sleep(BREATH)
    } catch (cause) {
      if (!(cause instanceof SpoolError)) throw cause
      if (!ended.signal.aborted) log.warn('retention.failed', { what: 'events and counts', cause })
    } finally {
      isBusy = false
    }
  }
  const timer = setInterval(() => void round(), LEDGER_EVERY).unref()
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer)
      ended.abort()
    },
  }
}

/** Milliseconds between two looks for what is days old. */
const HOURLY = 3_600_000

/** What is kept beside the records of messages for `age` ms, and removed by `tidy`, which gives how many. */
export type Aging = {
  readonly what: string
  readonly age: number
  tidy(before: number): Promise<number>
}

export type AgingParts = { readonly control: Control; readonly config: Config; readonly spool: Spool }

/** At once and each hour, until it is disposed of. */
function removeAged(all: readonly Aging[], log: Log): AsyncDisposable {
  const go = async (): Promise<void> => {
    for (const one of all) {
      const { what, age } = one
      try {
        const count = await one.tidy(Date.now() - age)
        if (count > 0) log.info('retention.removed', { what, count })
      } catch (cause) {
        log.warn('retention.failed', { what, cause })
      }
    }
  }
  let round = go()
  const timer = setInterval(() => void (round = round.then(go)), HOURLY).unref()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await round
    },
  }
}

/** They may be reserved for a year ahead, and are asked about after that. */
const BULK = 400 * 24 * 3_600_000

async function agingOf({ control, config, spool }: AgingParts): Promise<readonly Aging[]> {
  const { retention } = config
  const postmaster = await openPostmasterMail(control)
  const reports = await openReceivedReports(control)
  const bulk = await openBulkDeliveries(control, Date.now)
  const webhooks = await openQueue(control, config.node.number)
  const audit = await openAudit(control, Date.now)
  return [
    {
      what: 'attempts of webhooks',
      age: retention.webhookAttempts,
      tidy: (before) => webhooks.tidy(before),
    },
    { what: 'audit log', age: retention.audit, tidy: (before) => audit.tidy(before) },
    { what: 'mail for the postmaster', age: retention.postmaster, tidy: (before) => postmaster.tidy(before) },
    { what: 'reports of others', age: retention.reports, tidy: (before) => reports.tidy(before) },
    { what: 'bulk deliveries', age: BULK, tidy: (before) => bulk.tidy(before) },
    {
      what: 'idempotency keys',
      age: retention.idempotencyKeys,
      tidy: (before) => tidyKeys(spool, before),
    },
  ]
}

/** A few at a time: commits go on in between. */
async function tidyKeys({ keys }: Spool, before: number): Promise<number> {
  for (let gone = 0; ;) {
    const count = await keys.tidy(before, AT_ONCE)
    gone += count
    if (count < AT_ONCE) return gone
  }
}

/** All of it, until it is disposed of. */
export async function startForgetting(node: AgingParts, log: Log): Promise<AsyncDisposable> {
  await using begun = new AsyncDisposableStack()
  begun.use(forgetOld(node.spool, node.config, log))
  begun.use(ageLedger(node.spool, node.config.retention, log))
  begun.use(removeAged(await agingOf(node), log))
  return begun.move()
}
