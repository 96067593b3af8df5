/** Whether mail can come back to a domain: its MX hosts, or itself. RFC 5321 §5.1 */

import type { Dns, Mx } from '#platform/dns'

import type { Finding, Level } from './finding.ts'
import { lookUp, lookUpAddresses } from './lookup.ts'

export type ExchangeCheck = {
  readonly check: string
  readonly domain: string
  /** `problem` when bounces come here, `warning` when they go elsewhere. */
  readonly worst: Level
  /** The host to name when there is none; absent when any would do. */
  readonly host?: string
}

export async function checkExchanges(dns: Dns, exchange: ExchangeCheck): Promise<readonly Finding[]> {
  const { check, domain } = exchange
  const found = await lookUp(dns, domain, 'MX')
  switch (found.kind) {
    case 'unknown':
      return [{ level: 'warning', check, text: `${domain} cannot be looked up now: ${found.why}` }]
    case 'none':
      return [await withoutMx(dns, exchange)]
    case 'found':
      return isNullMx(found.records) ? [refusesAll(exchange)] : judge(dns, exchange, found.records)
  }
}

function isNullMx(records: readonly Mx[]): boolean {
  return records.length === 1 && (records[0]?.exchange === '.' || records[0]?.exchange === '')
}

/** RFC 7505 §4.2: receivers may refuse what comes from a domain that takes nothing back. */
function refusesAll({ check, domain, worst, host }: ExchangeCheck): Finding {
  const text = `${domain} takes no mail (null MX): bounces cannot come back, and receivers may refuse its mail`
  return { level: worst, check, text, ...publish(domain, host) }
}

async function withoutMx(dns: Dns, { check, domain, worst, host }: ExchangeCheck): Promise<Finding> {
  const own = await lookUpAddresses(dns, domain)
  if (own.kind === 'unknown')
    return { level: 'warning', check, text: `${domain} cannot be looked up now: ${own.why}` }
  if (own.kind === 'found')
    return {
      level: 'warning',
      check,
      text: `${domain} has no MX record; its own address ${own.records[0] ?? ''} is taken for its mail host`,
      ...publish(domain, host),
    }
  const text = `${domain} has neither MX nor address: bounces cannot come back, and receivers refuse its mail`
  return { level: worst, check, text, ...publish(domain, host) }
}

async function judge(
  dns: Dns,
  { check, domain, worst, host }: ExchangeCheck,
  records: readonly Mx[],
): Promise<readonly Finding[]> {
  const names = records.toSorted((a, b) => a.preference - b.preference).map((record) => record.exchange)
  const found = await Promise.all(names.map((name) => lookUpAddresses(dns, name)))
  const dead = names.filter((_, i) => found[i]?.kind === 'none')
  if (dead.length === names.length)
    return [
      {
        level: worst,
        check,
        text: `no MX of ${domain} has an address: ${dead.join(', ')}`,
        ...publish(domain, host),
      },
    ]
  const good: Finding = { level: 'ok', check, text: `${domain} takes mail at ${names.join(', ')}` }
  return dead.length === 0
    ? [good]
    : [good, { level: 'warning', check, text: `MX of ${domain} without an address: ${dead.join(', ')}` }]
}

function publish(domain: string, host: string | undefined): Pick<Finding, 'publish'> {
  return host === undefined ? {} : { publish: { name: domain, type: 'MX', value: `10 ${host}` } }
}
