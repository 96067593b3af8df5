/** Hikyaku as an operator runs it: `bin/hikyaku serve` on a configuration file, with its defaults where it can be. */

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Sink } from './load.ts'
import { highWater, startGroup } from './process-group.ts'
import type { ProcessGroup } from './process-group.ts'
import type { Server } from './server.ts'

const PROGRAM = join(import.meta.dirname, '..', 'bin', 'hikyaku')

/** Mail from here is signed, with RSA-2048 only; mail from anywhere else is not. */
export const SIGNED_DOMAIN = 'signed.example'

export async function startHikyaku(directory: string, sink: Sink, env = process.env): Promise<Server> {
  const file = join(directory, 'hikyaku.toml')
  const log = join(directory, 'log')
  writeFileSync(file, configuration(directory, log, sink.port))
  addSignedDomain(file, directory)
  const group = startGroup({
    name: 'hikyaku',
    command: PROGRAM,
    args: ['--config', file, 'serve'],
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    const port = await portOf(log, group)
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

/** A domain gets an RSA and an Ed25519 key; what is measured is RSA alone, as everybody else signs. */
function addSignedDomain(file: string, directory: string): void {
  const added = spawnSync(PROGRAM, ['--config', file, 'domain', 'add', SIGNED_DOMAIN], { encoding: 'utf8' })
  if (added.status !== 0) throw new Error(`hikyaku domain add failed: ${added.stderr}`)
  using control = new DatabaseSync(join(directory, 'data', 'control.sqlite'))
  control.exec(`update dkim_key set state = 'retired' where algorithm = 'ed25519-sha256'`)
}

/** Reads where it listens from the log, as `node.started` says it. */
async function portOf(log: string, group: ProcessGroup): Promise<number> {
  let over = false
  group.ended.then(
    () => (over = true),
    () => (over = true),
  )
  for (let left = 400; left > 0 && !over; left -= 1) {
    const port = portIn(log)
    if (port !== undefined) return port
    await sleep(50)
  }
  throw new Error(`hikyaku serve ${over ? 'ended' : 'does not start'}`)
}

type Started = { readonly event?: string; readonly listeners?: readonly { readonly port: number }[] }

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
