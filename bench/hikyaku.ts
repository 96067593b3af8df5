/** Hikyaku as an operator runs it: `bin/hikyaku serve` on a configuration file, with its defaults where it can be. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { DnsServer } from '#platform/dns'

import type { Sink } from './load.ts'
import { highWater, startGroup } from './process-group.ts'
import type { ProcessGroup } from './process-group.ts'
import type { Server } from './server.ts'

const PROGRAM = join(import.meta.dirname, '..', 'bin', 'hikyaku')
const MAIN = join(import.meta.dirname, '..', 'src', 'main', 'cli.ts')

/** The organization's own domains. Mail from one is signed, with RSA-2048 only, as everybody else signs; from the other not. */
export const DOMAIN = { signed: 'signed.example', unsigned: 'unsigned.example' } as const

export type Manner = {
  /** For Node itself, such as `--cpu-prof`: then it is not `bin/hikyaku` that is run but what it runs. */
  readonly flags?: readonly string[]
  /**
   * How it knows where mail goes. `route`: a static route for everything. `mx`: the DNS, so that shaping counts; its
   * limits for the one site are as an operator would raise them for a receiver that bears much.
   */
  readonly by?: 'route' | 'mx'
  /** The ports of its HTTP API and of its tracking; absent: any, and none. */
  readonly api?: { readonly port: number; readonly tracking?: number }
}

const ANY: NonNullable<Manner['api']> = { port: 0 }

export async function startHikyaku(
  directory: string,
  sink: Sink,
  { flags = [], by = 'route', api = ANY }: Manner = {},
): Promise<Server> {
  const file = join(directory, 'hikyaku.toml')
  const log = join(directory, 'log')
  const dns = by === 'mx' ? await startDns() : undefined
  const way = dns === undefined ? routeTo(sink.port) : mxWay(directory, dns.port, sink.port)
  writeFileSync(file, `${configuration(directory, log, api.port)}${way}${trackingAt(api.tracking)}`)
  const name = by === 'mx' ? 'hikyaku-mx' : 'hikyaku'
  const group = serve(name, file, flags)
  const end = async (): Promise<void> => {
    await group[Symbol.asyncDispose]()
    await dns?.[Symbol.asyncDispose]()
  }
  try {
    const port = await group.seen(() => portIn(log))
    addDomains(file, directory)
    return {
      name,
      port,
      sink,
      group,
      memory: () => highWater(group.pids()),
      [Symbol.asyncDispose]: end,
    }
  } catch (error) {
    await end()
    throw error
  }
}

function serve(name: string, file: string, flags: readonly string[]): ProcessGroup {
  return startGroup({
    name,
    command: flags.length === 0 ? PROGRAM : process.execPath,
    args: [...(flags.length === 0 ? [] : [...flags, MAIN]), '--config', file, 'serve'],
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** As many connections out as Postfix may have; 50 sessions of one client are let in; the rest is default. */
function configuration(directory: string, log: string, api: number): string {
  return `
[node]
name = "hikyaku.bench.example"
data = "${directory}/data"

[log]
file = "${log}"

[api]
port = ${api}

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
`
}

/** What is tracked is said by who sends. */
function trackingAt(port: number | undefined): string {
  if (port === undefined) return ''
  return `
[tracking]
enabled = true
port = ${port}
url = "https://click.bench.example"
`
}

function routeTo(port: number): string {
  return `
[[routes]]
domain = "*"
to = ["127.0.0.1:${port}"]
allow_private = true
`
}

const MX = 'mx.receiver.example'

/** Continues the section `[egress]`. */
function mxWay(directory: string, dns: number, port: number): string {
  mkdirSync(join(directory, 'shaping'))
  writeFileSync(
    join(directory, 'shaping', 'receiver.toml'),
    `[site."${MX}"]
connections = 50
connections_per_minute = 6000
messages_per_minute = 600000
messages_per_hour = 20000000
`,
  )
  return `port = ${port}
allow_private = true

[dns]
servers = ["127.0.0.1:${dns}"]
`
}

/** Of the one domain that `smtp-source` is told to send to. */
function startDns(): Promise<DnsServer> {
  const ttl = 3600
  return DnsServer.on({
    answer: [
      { name: 'receiver.example', type: 'MX', ttl, data: { preference: 10, exchange: MX } },
      { name: MX, type: 'A', ttl, data: '127.0.0.1' },
    ],
  })
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
