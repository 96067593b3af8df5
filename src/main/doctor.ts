/** `hikyaku doctor`: gathers what is to be examined, beside a running node or without one. */

import { join } from 'node:path'

import { remoteOperations } from '#door/cli'
import type { DoctorOptions } from '#door/cli'
import type { Config } from '#platform/config'
import { Resolver } from '#platform/dns'
import { examine } from '#product/diagnosis'
import type { NamedResolver, NodeState, Patient } from '#product/diagnosis'
import { OperationError } from '#product/operation'
import type { Operations } from '#product/operation'
import type { Finding } from '#product/verification'

import { configure } from './configure.ts'
import { CONTROL_SOCKET } from './control-socket.ts'
import { thisMachine } from './machine.ts'
import { loadRules } from './rule-files.ts'

type WithNode = <T>(config: Config, use: (operations: Operations) => Promise<T>) => Promise<T>

/** How long the node may take to say how it is, in ms. */
const PATIENCE = 5_000

export async function doctor(
  { config: named, probe }: DoctorOptions,
  version: string,
  withNode: WithNode,
): Promise<readonly Finding[]> {
  const { path = 'no file: defaults and environment', loaded } = configure(named)
  // Whatever else would be said, it would be about another configuration.
  if (!loaded.ok) return loaded.problems.map((text) => ({ level: 'problem', check: 'configuration', text }))
  const { config, warnings } = loaded
  const found = await examined({
    config,
    version,
    node: await nodeState(config),
    withDomains: (use) => withNode(config, use),
    ...(probe === undefined ? {} : { probe }),
  })
  const configuration: Finding[] =
    warnings.length === 0
      ? [{ level: 'ok', check: 'configuration', text: `${path} is good` }]
      : warnings.map((text) => ({ level: 'warning', check: 'configuration', text }))
  return [...configuration, ...found]
}

type Examined = Omit<Patient, 'machine' | 'resolvers'>

/** This machine with this configuration, which is good. */
async function examined(patient: Examined): Promise<readonly Finding[]> {
  const { config } = patient
  await using opened = new AsyncDisposableStack()
  const [first = SYSTEM, ...others] = config.dns.servers
  const resolver = (name: string): NamedResolver => ({ name, dns: opened.use(resolverOf(config, name)) })
  const resolvers = [resolver(first), ...others.map(resolver)] as const
  return [...ofRules(config), ...(await examine({ ...patient, machine: thisMachine(), resolvers }))]
}

/** The same of a node that asks about itself. */
export async function examineSelf(
  config: Config,
  version: string,
  operations: Operations,
): Promise<readonly Finding[]> {
  const node = { at: 'running', status: await operations.status() } as const
  return examined({ config, version, node, withDomains: (use) => use(operations) })
}

/** A running node keeps the rules that it has, and says so in its log alone. */
function ofRules(config: Config): readonly Finding[] {
  const read = loadRules(config)
  if (!read.ok) {
    const advice = 'a running node keeps the rules that it has, and none starts until they are corrected'
    return read.problems.map((text) => ({ level: 'problem', check: 'shaping', text, advice }))
  }
  if (read.warnings.length > 0)
    return read.warnings.map((text) => ({ level: 'warning', check: 'shaping', text }))
  return [{ level: 'ok', check: 'shaping', text: 'the rules and their samples are good' }]
}

const SYSTEM = '/etc/resolv.conf'

/** One server alone, so that each is seen to answer. */
function resolverOf({ dns, transportSecurity }: Config, name: string): Resolver {
  const { trustAd } = transportSecurity
  const servers = name === SYSTEM ? [] : [name]
  return new Resolver({ config: { ...dns, servers }, now: () => performance.now(), trustAd })
}

async function nodeState({ node }: Config): Promise<NodeState> {
  try {
    const operations = remoteOperations(join(node.data, CONTROL_SOCKET), PATIENCE)
    return { at: 'running', status: await operations.status() }
  } catch (error) {
    if (error instanceof OperationError && error.code === 'not-running') return { at: 'absent' }
    return { at: 'silent', why: error instanceof Error ? error.message : String(error) }
  }
}
