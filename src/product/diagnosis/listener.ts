/** Whether the ports of the listeners are ours, or can be. */

import type { Config, ListenerConfig } from '#platform/config'
import type { NodeStatus } from '#product/operation'
import type { Finding } from '#product/verification'

import type { Machine } from './machine.ts'

/** With the status of a running node nothing is tried: it has the ports, or it would not run. */
export async function checkListeners(
  machine: Machine,
  { listeners }: Config,
  status: NodeStatus | undefined,
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  // One after the other: two on one port must not be in each other's way unless they will be.
  for (const listener of listeners)
    findings.push(status === undefined ? await tryToListen(machine, listener) : listening(listener, status))
  return findings
}

function listening(listener: ListenerConfig, { listeners }: NodeStatus): Finding {
  const found = listeners.find(({ name }) => name === listener.name)
  if (found === undefined)
    return finding(listener, 'warning', 'the running node does not have it', 'hikyaku reload, or a restart')
  return finding(listener, 'ok', `the node listens on ${written(found)}`)
}

async function tryToListen(machine: Machine, listener: ListenerConfig): Promise<Finding> {
  const code = await machine.bind(listener.address, listener.port)
  if (code === undefined) return finding(listener, 'ok', `${written(listener)} is free`)
  return finding(listener, 'problem', `cannot listen on ${written(listener)}: ${code}`, ADVICE.get(code))
}

const ADVICE: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'another program has the port: ss -ltnp shows which'],
  [
    'EACCES',
    'ports below 1024: AmbientCapabilities=CAP_NET_BIND_SERVICE, or net.ipv4.ip_unprivileged_port_start',
  ],
  [
    'EPERM',
    'ports below 1024: AmbientCapabilities=CAP_NET_BIND_SERVICE, or net.ipv4.ip_unprivileged_port_start',
  ],
  ['EADDRNOTAVAIL', 'the address is not one of this machine'],
  ['EAFNOSUPPORT', 'this machine has no IPv6: set the address to 0.0.0.0'],
])

function written({ address, port }: { readonly address: string; readonly port: number }): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`
}

function finding({ name }: ListenerConfig, level: Finding['level'], text: string, advice?: string): Finding {
  return { level, check: `listener ${name}`, text, ...(advice === undefined ? {} : { advice }) }
}
