/** The sandbox receiver beside a node, and what its configuration becomes, so that all mail ends there. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { startSandbox } from '#door/sandbox'
import type { Sandbox } from '#door/sandbox'
import type { Config, Loaded } from '#platform/config'
import { ensureSelfSigned } from '#platform/tls'

import { loadRules } from './rule-files.ts'

/** On the ports of `[sandbox]`. @throws what `net` says when one of them is taken */
export async function openSandbox(config: Config): Promise<Sandbox> {
  const { sandbox, node } = config
  const { personalities, ...ports } = sandbox
  const read = personalities ? loadRules(config) : undefined
  const pem = await readFile(await ensureSelfSigned(join(node.data, 'sandbox'), 'sandbox.test', Date.now))
  return startSandbox({
    tls: { cert: pem, key: pem },
    now: Date.now,
    ...ports,
    ...(read?.ok === true ? { personalities: { rules: read.rules, egress: config.egress } } : {}),
  })
}

/** Every domain leads to the sandbox by its DNS, and no route past it. */
export function intoSandbox(config: Config, sandbox: Pick<Sandbox, 'dnsPort' | 'smtpPort'>): Config {
  return {
    ...config,
    routes: [],
    dns: { ...config.dns, servers: [`127.0.0.1:${sandbox.dnsPort}`] },
    egress: { ...config.egress, port: sandbox.smtpPort, allowPrivate: true },
  }
}

/** `change` to what was loaded, if it could be. */
export function changed(loaded: Loaded, change: (config: Config) => Config): Loaded {
  return loaded.ok ? { ...loaded, config: change(loaded.config) } : loaded
}
