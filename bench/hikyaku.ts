/** Hikyaku as an operator runs it: `bin/hikyaku serve` on a configuration file, with its defaults where it can be. */

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import type { Sink } from './load.ts'
import { highWater, startGroup } from './process-group.ts'
import type { Server } from './server.ts'

const PROGRAM = join(import.meta.dirname, '..', 'bin', 'hikyaku')
const MAIN = join(import.meta.dirname, '..', 'src', 'main', 'cli.ts')

/** The organization's own domains. Mail from one is signed, with RSA-2048 only, as everybody else signs; from the other not. */
export const DOMAIN = { signed: 'signed.example', unsigned: 'unsigned.example' } as const

/** @param flags for Node itself, such as `--cpu-prof`: then it is not `bin/hikyaku` that is run but what it runs. */
export async function startHikyaku(
  directory: string,
  sink: Sink,
  flags: readonly string[] = [],
): Promise<Server> {
  const file = join(directory, 'hikyaku.toml')
  const log = join(directory, 'log')
  writeFileSync(file, configuration(directory, log, sink.port))
  const group = startGroup({
    name: 'hikyaku',
    command: flags.length === 0 ? PROGRAM : process.execPath,
    args: [...(flags.length === 0 ? [] : [...flags, MAIN]), '--config', file, 'serve'],
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    const port = await group.seen(() => portIn(log))
    addDomains(file, directory)
    return {
      name: 'hikyaku',
      port,
      sink,
      group,
      memory: () => highWater(group.pids()),
      [Symbol.asyncDispose]: () => group[Symbol.asyncDispose](),
    }
  } catch (error) {
    await group[Symbol.asyncDispose]()
    throw error
  }
}

/** As many connections out as Postfix may have; 50 sessions of one client are let in; the rest is default. */
function configuration(directory: string, log: string, sinkPort: number): string {
  return `
[node]
name = "hikyaku.bench.example"
data = "${directory}/data"

[log]
file = "${log}"

[api]
port = 0

[http]
port = 0

[limits]
connections_per_address = 1000

[listeners.relay]
address = "127.0.0.1"
port = 0
tls = "none"
auth = "none"
trusted = ["127.0.0.0/8"]

[egress]
connections_per_path = 50

[[routes]]
domain = "*"
to = ["127.0.0.1:${sinkPort}"]
allow_private = true
`
}

/** A new domain gets an RSA and an Ed25519 key, both active; all but the RSA key of the one are put aside. */
function addDomains(file: string, directory: string): void {
  for (const domain of Object.values(DOMAIN)) {
    const added = spawnSync(PROGRAM, ['--config', file, 'domain', 'add', domain], { encoding: 'utf8' })
    if (added.status !== 0) throw new Error(`hikyaku domain add failed: ${added.stderr}`)
  }
  using control = new DatabaseSync(join(directory, 'data', 'control.db'))
  control
    .prepare(`update dkim_key set state = 'retired' where domain = ? or algorithm = 'ed25519-sha256'`)
    .run(DOMAIN.unsigned)
}

type Started = { readonly event?: string; readonly listeners?: readonly { readonly port: number }[] }

/** Where it listens, as `node.started` in its log says. */
function portIn(log: string): number | undefined {
  let text = ''
  try {
    text = readFileSync(log, 'utf8')
  } catch {
    return undefined
  }
  const lines = text.split('\n').filter((line) => line.includes('node.started'))
  const started = lines[0] === undefined ? undefined : (JSON.parse(lines[0]) as Started)
  return started?.listeners?.[0]?.port
}
