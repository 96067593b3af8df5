/** Whether mail hosts can be reached from here: many networks block port 25 until asked. */

import { isIPv6 } from 'node:net'

import { isPrivate } from '#platform/address-range'
import type { Config, SourceConfig } from '#platform/config'
import type { Dns } from '#platform/dns'
import { lookUp, lookUpAddresses, quoted } from '#product/verification'
import type { Finding } from '#product/verification'

import type { Machine } from './machine.ts'

const CHECK = 'outbound'

/** Hosts that one source tries: each may take as long as a greeting does. */
const TRIES = 2

/** Greets an MX of `probe` from each source. Nothing is sent to it but the end of the connection. */
export async function checkOutbound(
  machine: Machine,
  dns: Dns,
  egress: Config['egress'],
  probe: string | undefined,
): Promise<readonly Finding[]> {
  if (probe === undefined)
    return [
      skipped(`port ${egress.port} is not tried`, '--probe example.com greets a mail host of that domain'),
    ]
  const hosts = await hostsOf(dns, probe, egress.allowPrivate)
  if (typeof hosts === 'string') return [skipped(hosts)]
  return Promise.all(egress.sources.map((source) => checkSource(machine, source, hosts, egress.port)))
}

type Host = { readonly name: string; readonly address: string }

/** In the order of preference; or why there is none. */
async function hostsOf(dns: Dns, probe: string, allowPrivate: boolean): Promise<readonly Host[] | string> {
  const found = await lookUp(dns, probe, 'MX')
  if (found.kind === 'unknown') return `${probe} cannot be looked up now: ${found.why}`
  const records = found.kind === 'found' ? found.records : [{ preference: 0, exchange: probe }]
  const names = records.toSorted((a, b) => a.preference - b.preference).map(({ exchange }) => exchange)
  const hosts: Host[] = []
  for (const name of names.slice(0, TRIES)) {
    const addresses = await lookUpAddresses(dns, name)
    if (addresses.kind === 'found') hosts.push(...addresses.records.map((address) => ({ name, address })))
  }
  const allowed = hosts.filter(({ address }) => allowPrivate || !isPrivate(address))
  return allowed.length === 0 ? `${probe} has no mail host with a public address` : allowed
}

async function checkSource(
  machine: Machine,
  { name, address: from }: SourceConfig,
  hosts: readonly Host[],
  port: number,
): Promise<Finding> {
  const fitting = hosts.filter(({ address }) => from === undefined || isIPv6(from) === isIPv6(address))
  const failures: string[] = []
  const codes = new Set<string>()
  for (const { name: host, address } of fitting.slice(0, TRIES)) {
    const said = await machine.greeting({ address, port, ...(from === undefined ? {} : { from }) })
    if (said.ok) return greeted(name, host, said.line)
    failures.push(`${host} [${address}] port ${port}: ${said.code}`)
    codes.add(said.code)
  }
  if (fitting.length === 0) return skipped(`${name}: no host has an address of the family of ${from ?? ''}`)
  if ([...codes].every((code) => code === 'ENETUNREACH'))
    return skipped(`${name}: there is no network to ${failures.join('; ')}`)
  const advice = `ask the provider of this machine to open outbound port ${port}, or send through a smart host: [[routes]]`
  return { level: 'problem', check: CHECK, text: `${name} reaches nobody: ${failures.join('; ')}`, advice }
}

/** A greeting that is not 220 is a host that does not want this address: the way to it is open all the same. */
function greeted(source: string, host: string, line: string): Finding {
  const text = `${source} reaches ${host}: ${quoted(line)}`
  return /^220[ -]/.test(line)
    ? { level: 'ok', check: CHECK, text }
    : {
        level: 'warning',
        check: CHECK,
        text,
        advice: 'the host refuses this address: look for it in blocklists',
      }
}

function skipped(text: string, advice?: string): Finding {
  return { level: 'skipped', check: CHECK, text, ...(advice === undefined ? {} : { advice }) }
}
