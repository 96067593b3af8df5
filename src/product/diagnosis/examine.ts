/** The whole examination, in the order in which one would repair. */

import type { Config } from '#platform/config'
import type { Finding } from '#product/verification'

import { checkCertificate } from './certificate.ts'
import { checkClock } from './clock.ts'
import { checkDirectory } from './directory.ts'
import { checkBroken, checkDomains } from './domain.ts'
import type { DomainBook } from './domain.ts'
import { checkPostmaster } from './postmaster.ts'
import type { PostmasterBook } from './postmaster.ts'
import { checkListeners } from './listener.ts'
import type { Machine } from './machine.ts'
import { checkNode } from './node.ts'
import type { NodeState } from './node.ts'
import { checkOutbound } from './outbound.ts'
import { checkResolvers, isDeaf } from './resolver.ts'
import type { NamedResolver } from './resolver.ts'
import { checkSources } from './source.ts'

export type Patient = {
  readonly config: Config
  /** Of this program. */
  readonly version: string
  readonly machine: Machine
  readonly node: NodeState
  /** The first is asked for everything else too. */
  readonly resolvers: readonly [NamedResolver, ...NamedResolver[]]
  /** Gives what the stores hold for as long as `use` takes; rejects when nobody can. */
  readonly withDomains: (
    use: (book: DomainBook & PostmasterBook) => Promise<readonly Finding[]>,
  ) => Promise<readonly Finding[]>
  /** A domain whose mail host and web server may be greeted. */
  readonly probe?: string
}

/** Changes nothing. Settles within the limits of the resolver and of the machine's functions; never rejects. */
export async function examine(patient: Patient): Promise<readonly Finding[]> {
  const { config, machine, node, resolvers, probe, version } = patient
  const [{ dns }] = resolvers
  const status = node.at === 'running' ? node.status : undefined
  const [directory, certificate, listeners, clock, resolver, sources, outbound] = await Promise.all([
    checkDirectory(machine, config),
    checkCertificate(machine, config),
    checkListeners(machine, config, status),
    checkClock(machine, dns, probe),
    checkResolvers(resolvers),
    checkSources(machine, dns, config.egress.sources),
    checkOutbound(machine, dns, config.egress, probe),
  ])
  const domains = await domainsOf(patient)
  return [
    ...directory,
    certificate,
    clock,
    ...resolver,
    ...sources,
    ...outbound,
    ...listeners,
    checkNode(node, version),
    ...domains,
  ]
}

type Found = Awaited<ReturnType<Machine['directory']>>

async function domainsOf(patient: Patient): Promise<readonly Finding[]> {
  const { withDomains, machine, config, node, resolvers } = patient
  if (await isDeaf(resolvers)) return skipped('not looked up: no resolver answers')
  const directory = await machine.directory(config.node.data)
  const closed = node.at === 'running' ? undefined : unopened(patient, directory)
  if (closed !== undefined) return skipped(closed)
  try {
    return await withDomains(async (book) => [
      ...(await checkDomains(book)),
      await checkBroken(book),
      ...(await checkPostmaster(book, config)),
    ])
  } catch (error) {
    return skipped(`not looked up: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Why the stores must not be opened here; `undefined` when they may. */
function unopened({ machine, config }: Patient, found: Found): string | undefined {
  if (found === undefined) return 'there is no data directory yet'
  const { data } = config.node
  if ('denied' in found) return `not looked up: ${data} cannot be read`
  // Opened by another user, SQLite would leave files behind that the node cannot write.
  const isForeign = machine.user !== undefined && found.owner !== machine.user
  return isForeign ? `not looked up: run this as user ${found.owner}, who owns ${data}` : undefined
}

function skipped(text: string): readonly Finding[] {
  return [{ level: 'skipped', check: 'domain', text }]
}
