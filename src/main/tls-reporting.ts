/** What the main thread does about TLS reports: takes what the transport thread counted, writes it down, sends. */

import { randomBytes } from 'node:crypto'

import { openBrokenTlsStore } from '#engine/egress'
import type { BrokenHost } from '#engine/egress'
import { openTlsReportStore, TlsReporter } from '#engine/tls-report'
import { parseMailbox } from '#grammar/address'
import { isPrivate } from '#platform/address-range'
import type { Config } from '#platform/config'
import { Resolver } from '#platform/dns'
import { createHttpClient } from '#platform/http-client'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'
import type { ServerKey } from '#platform/secret'
import type { Control } from '#platform/store'
import type { Remote } from '#platform/thread'
import { openDirectory } from '#product/domain'

import { monotonic } from './security.ts'
import type { TransportService } from './transport-thread.ts'

export type TlsReportingParts = {
  readonly config: Config
  readonly control: Control
  readonly key: ServerKey
  readonly transport: Pick<Remote<TransportService>, 'tlsCounted' | 'brokenTls' | 'submitOwn'>
  readonly log: Log
  readonly metrics: MetricsRegistry
}

/** Milliseconds between two takings, and takings between two looks for reports that are due. */
const EVERY = 60_000
const TURN = 5

/** Until it is disposed of: then what was counted is taken for the last time. */
export async function startTlsReporting(parts: TlsReportingParts): Promise<AsyncDisposable> {
  const { config, control, transport, log } = parts
  const dns = new Resolver({ config: config.dns, now: monotonic })
  const reporter = await openReporter(parts, dns)
  const broken = await openBrokenTlsStore(control, config.node.number)
  let saved: readonly BrokenHost[] = await broken.load()
  const take = async (): Promise<void> => {
    const counted = await transport.tlsCounted()
    if (config.tlsReport.send) await reporter.keep(counted)
    const hosts = await transport.brokenTls()
    if (JSON.stringify(hosts) !== JSON.stringify(saved)) await broken.save(hosts)
    saved = hosts
  }
  const guarded = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (cause) {
      // What was taken is lost to the report, and to nothing else; the next round finds a store that works, or not.
      log.error('tlsrpt.failed', { cause })
    }
  }
  let rounds = 0
  const go = async (): Promise<void> => {
    await guarded(take)
    if (config.tlsReport.send && rounds % TURN === 0) await guarded(() => reporter.turn())
    rounds += 1
  }
  let round = go()
  const timer = setInterval(() => void (round = round.then(go)), EVERY).unref()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await round
      await guarded(take)
      dns[Symbol.dispose]()
    },
  }
}

async function openReporter(parts: TlsReportingParts, dns: Resolver): Promise<TlsReporter> {
  const { config, control, key, transport, log, metrics } = parts
  const { organization, contact, spread, keep } = config.tlsReport
  const from = parseMailbox(config.tlsReport.from)
  if (!from.ok) throw new Error(`tls_report.from: ${from.expected}`)
  const directory = await openDirectory(control, key, Date.now)
  return new TlsReporter({
    store: await openTlsReportStore(control),
    dns,
    http: createHttpClient({
      dns,
      isForbidden: config.egress.allowPrivate ? () => false : isPrivate,
      userAgent: 'hikyaku',
    }),
    config: { organization, contact, from: from.value, spread, keep },
    submitter: config.node.name,
    async unsigned(domain) {
      const keys = await directory.keys(domain)
      return keys.length > 0
        ? undefined
        : `${domain} has no DKIM key here (tls_report.from): hikyaku domain add`
    },
    submit: (mail) => transport.submitOwn('tls-report', mail),
    log,
    metrics,
    now: Date.now,
    random: Math.random,
    newId: () => randomBytes(8).toString('hex'),
  })
}
