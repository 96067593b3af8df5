/** Removes what is old: records of deliveries that ended long ago, a few at a time; mail that was kept. */

import { SpoolError } from '#engine/spool'
import type { Spool } from '#engine/spool'
import type { Config } from '#platform/config'
import type { Log } from '#platform/log'
import type { Control } from '#platform/store'
import { openAudit } from '#product/audit'
import { openPostmasterMail } from '#product/postmaster'
import { openReceivedReports } from '#product/received-report'

/** Milliseconds between rounds, and messages a round: a backlog of a day is gone within minutes, and nobody waits. */
const EVERY = 60_000
const AT_ONCE = 2_000

/** Until it is disposed of. `age` in ms, counted from the end of a message's last delivery. */
export function forgetOld(spool: Spool, age: number, log: Log): Disposable {
  const round = async (): Promise<void> => {
    try {
      const count = await spool.forget(Date.now() - age, AT_ONCE)
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

/** Milliseconds between two looks for what is days old. */
const HOURLY = 3_600_000

/** What is kept in the control database for `age` ms, and removed by `tidy`, which gives how many. */
export type Aging = {
  readonly what: string
  readonly age: number
  tidy(before: number): Promise<number>
}

export type AgingParts = { readonly control: Control; readonly config: Config }

/** At once and each hour, until it is disposed of. */
export function removeAged(all: readonly Aging[], log: Log): AsyncDisposable {
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

export async function agingOf({ control, config }: AgingParts): Promise<readonly Aging[]> {
  const { retention } = config
  const postmaster = await openPostmasterMail(control)
  const reports = await openReceivedReports(control)
  const audit = await openAudit(control, Date.now)
  return [
    { what: 'audit log', age: retention.audit, tidy: (before) => audit.tidy(before) },
    { what: 'mail for the postmaster', age: retention.postmaster, tidy: (before) => postmaster.tidy(before) },
    { what: 'reports of others', age: retention.reports, tidy: (before) => reports.tidy(before) },
  ]
}
