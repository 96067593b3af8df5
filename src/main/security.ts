/** What one transport thread knows of what receivers demand: their MTA-STS policies, their TLSA records. */

import { createMtaSts, findDane, openStsStore } from '#engine/transport-security'
import type { Dane, MtaSts } from '#engine/transport-security'
import { isPrivate } from '#platform/address-range'
import type { Config } from '#platform/config'
import { Resolver } from '#platform/dns'
import { createHttpClient } from '#platform/http-client'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'
import type { Control } from '#platform/store'

export type Security = {
  readonly dns: Resolver
  readonly mtaSts: MtaSts
  readonly dane: (host: string, port: number) => Promise<Dane>
  close(): void
}

export type SecurityParts = {
  readonly config: Config
  readonly control: Control
  readonly log: Log
  readonly metrics: MetricsRegistry
}

/** How often policies are looked through for those that are to be fetched anew, in ms; and how many at a time. */
const REFRESH = 3_600_000
const REFRESHED = 500

export async function openSecurity({ config, control, log, metrics }: SecurityParts): Promise<Security> {
  const { trustAd, mtaStsPort } = config.transportSecurity
  const dns = new Resolver({ config: config.dns, now: monotonic, trustAd })
  const http = createHttpClient({
    dns,
    // A laboratory that lets mail go to private addresses has its policies there too.
    isForbidden: config.egress.allowPrivate ? () => false : isPrivate,
    port: mtaStsPort,
    userAgent: 'hikyaku',
  })
  const store = await openStsStore(control)
  const mtaSts = createMtaSts({
    dns,
    http,
    store,
    log,
    metrics,
    now: Date.now,
    clock: monotonic,
    cacheEntries: config.dns.cacheEntries,
  })
  const timer = setInterval(() => void mtaSts.refresh(REFRESHED), REFRESH).unref()
  return {
    dns,
    mtaSts,
    dane: (host, port) => findDane(host, port, dns),
    close: () => clearInterval(timer),
  }
}

/** A step of the time of day must not empty the caches. */
export function monotonic(): number {
  return performance.now()
}
