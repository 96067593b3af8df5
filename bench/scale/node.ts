/** A node of the scale benchmark: a process on a configuration of its own, which can be killed and started again. */

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { freePort } from '../load.ts'
import { startGroup } from '../process-group.ts'
import type { ProcessGroup } from '../process-group.ts'

import { SENDER } from './world.ts'
import type { World } from './world.ts'

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main', 'cli.ts')

/** Kept small, so that the failure of a site that never answers is seen within a run. */
const CONNECT_SECONDS = 5

type Ports = readonly [port: number, tls: number, monitoring: number, api: number]

export class ScaleNode implements AsyncDisposable {
  /** Where it takes mail in clear, and with TLS from the start, on 127.0.0.1. */
  readonly port: number
  readonly tlsPort: number
  /** Of the HTTP API. */
  readonly apiPort: number
  readonly #monitoring: number
  readonly #file: string
  #group: ProcessGroup | undefined

  private constructor(file: string, [port, tlsPort, monitoring, apiPort]: Ports) {
    this.#file = file
    this.port = port
    this.tlsPort = tlsPort
    this.#monitoring = monitoring
    this.apiPort = apiPort
  }

  /** In `directory`, with mail for the domains of `world`, and running. `store`: where it keeps it, if not there. */
  static async in(directory: string, world: World, store?: string): Promise<ScaleNode> {
    const ports = [await freePort(), await freePort(), await freePort(), await freePort()] as const
    const file = join(directory, 'hikyaku.toml')
    writeFileSync(file, configuration(directory, world, ports) + storeSection(store))
    const node = new ScaleNode(file, ports)
    await node.start()
    node.#addDomain()
    return node
  }

  /** Resolves when `/readyz` says so; gives the milliseconds that took. */
  async start(): Promise<number> {
    const began = performance.now()
    this.#group = startGroup({
      name: 'scale',
      command: process.execPath,
      args: [MAIN, '--config', this.#file, 'serve'],
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    await this.#group.seen(() => isReady(this.#monitoring))
    return performance.now() - began
  }

  #addDomain(): void {
    this.#cli('domain', 'add', SENDER)
  }

  /** A new key for the API, with the scopes that all have unless some are named. */
  apiKey(...scopes: readonly string[]): string {
    const named = scopes.flatMap((scope) => ['--scope', scope])
    return (JSON.parse(this.#cli('api-key', 'add', '--json', ...named)) as { token: string }).token
  }

  #cli(...args: readonly string[]): string {
    const all = [MAIN, '--config', this.#file, ...args]
    const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`hikyaku ${args.join(' ')} failed: ${stderr}`)
    return stdout
  }

  /** Milliseconds of CPU since it started. */
  cpu(): number {
    return this.#group?.cpu() ?? 0
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    const group = this.#group
    if (group === undefined) return
    process.kill(group.pid, 'SIGKILL')
    await group.ended
    await group[Symbol.asyncDispose]()
    this.#group = undefined
  }

  /** What the process has in memory now, in MiB. */
  memory(): number {
    return memoryOf(this.#group?.pid ?? 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}

/** What a process has in memory now, in MiB. */
export function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]) / 1024
}

/** A process needs a moment until it has done what it was given; then the least of some samples. */
export async function settledMemory(node: Pick<ScaleNode, 'memory'>): Promise<number> {
  await sleep(3_000)
  let least = Infinity
  for (let i = 0; i < 5; i += 1) {
    least = Math.min(least, node.memory())
    await sleep(200)
  }
  return least
}

function isReady(port: number): Promise<true | undefined> {
  const { promise, resolve } = Promise.withResolvers<true | undefined>()
  get({ host: '127.0.0.1', port, path: '/readyz', agent: false }, (response) => {
    response.resume()
    resolve(response.statusCode === 200 ? true : undefined)
  }).once('error', () => resolve(undefined))
  return promise
}

function storeSection(url: string | undefined): string {
  return url === undefined ? '' : `\n[store]\nurl = "${url}"\n`
}

/** Default, but for what a benchmark on loopback cannot do without. */
function configuration(
  directory: string,
  { dns, port: out }: World,
  [port, tlsPort, monitoring, apiPort]: Ports,
): string {
  const listener = 'address = "127.0.0.1"\nauth = "none"\ntrusted = ["127.0.0.0/8"]'
  return `
[node]
name = "hikyaku.bench.example"
data = "${directory}/data"

[log]
file = "${directory}/log"

[api]
port = ${apiPort}

[http]
port = ${monitoring}

[limits]
connections = 20000
connections_per_address = 20000
disk_free = 0

[listeners.clear]
${listener}
port = ${port}
tls = "none"

[listeners.tls]
${listener}
port = ${tlsPort}
tls = "implicit"

[dns]
servers = ["127.0.0.1:${dns}"]

[egress]
port = ${out}
allow_private = true
tls = "none"

[egress.timeouts]
connect = "${CONNECT_SECONDS}s"
`
}
