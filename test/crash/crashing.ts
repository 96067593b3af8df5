/** A node under load that is made to crash, again and again, on the same data directory; and the reckoning at the end. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { startChildNode } from '../scenario/child-node.ts'
import type { ChildNode } from '../scenario/child-node.ts'
import { EventLog } from '../scenario/event-log.ts'

import { reckon } from './account.ts'
import type { Account } from './account.ts'
import { Load } from './load.ts'
import { SENDER } from './load-mail.ts'
import { startSink } from './sink.ts'
import type { Sink } from './sink.ts'
import { crashStore } from './store.ts'
import type { CrashStore, StoreKind } from './store.ts'

export type CrashOptions = {
  readonly sessions: number
  /** Messages a second that come in. */
  readonly rate: number
  /** Connections out. */
  readonly connections: number
  /** Where the data directory is, when a file system of its own is under test. */
  readonly data?: string
  /** What it keeps everything in; absent: files. */
  readonly store?: StoreKind
}

/** How long the last node may take to send what is left, in ms. */
const DRAIN = 120_000

export class CrashRun implements AsyncDisposable {
  readonly load: Load
  readonly sink: Sink
  readonly data: string
  /** When the node was killed or died, in ms since the epoch. */
  readonly kills: number[] = []
  readonly #directory: string
  readonly #store: CrashStore
  #node: ChildNode | undefined
  #starts = 0
  #isSeeded = false

  private constructor(place: Place, sink: Sink, options: CrashOptions) {
    const { directory, data, store } = place
    this.#directory = directory
    this.#store = store
    this.sink = sink
    this.data = data
    writeFileSync(join(directory, 'hikyaku.toml'), configuration(place, sink.port, options))
    this.load = new Load({
      ...options,
      name: `m${Date.now().toString(36)}`,
      port: () => (this.#isSeeded ? this.#node?.port('load') : undefined),
    })
  }

  static async begin(options: CrashOptions): Promise<CrashRun> {
    // On a disk, where the machine has one: what survives is the question.
    const directory = mkdtempSync(join(tmpdir(), 'hikyaku-crash-'))
    const data = options.data ?? join(directory, 'data')
    const store = await crashStore(options.store ?? 'sqlite', data)
    return new CrashRun({ directory, data, store }, await startSink(), options)
  }

  get node(): ChildNode {
    if (this.#node === undefined) throw new Error('the node does not run')
    return this.#node
  }

  /** @throws when the node ends before it listens */
  async start(tracer: readonly string[] = []): Promise<ChildNode> {
    this.#starts += 1
    // A log for each run, so that nobody reads the earlier ones again.
    const log = new EventLog(join(this.#directory, `log-${this.#starts}`))
    const files = { configuration: join(this.#directory, 'hikyaku.toml'), data: this.data, log }
    this.#node = await startChildNode(files, { tracer, env: { HIKYAKU_LOG_FILE: log.path } })
    if (!this.#isSeeded) await this.#seed(this.#node)
    return this.#node
  }

  /** Mail is sent unsigned: signing would slow the load down, and what is stored and lost is the same. */
  async #seed({ operations }: ChildNode): Promise<void> {
    // A fault may have struck between the two.
    if ((await operations.domainShow({ name: SENDER })) === null)
      await operations.domainAdd({ name: SENDER, organization: 'default' })
    await this.#store.exec(`update dkim_key set state = 'retired'`)
    this.#isSeeded = true
  }

  /** The node is dead, or will be when this resolves. */
  async killed(how: 'kill' | 'by itself' = 'kill'): Promise<Awaited<ChildNode['ended']>> {
    const { node } = this
    this.#node = undefined
    this.kills.push(Date.now())
    return how === 'kill' ? node.kill() : node.ended
  }

  /** Resolves when so many more messages were acknowledged; after `patience` ms in any case. */
  async acked(more: number, patience = 10_000): Promise<void> {
    const wanted = this.load.count('acked') + more
    for (const end = Date.now() + patience; Date.now() < end && this.load.count('acked') < wanted;)
      await sleep(20)
  }

  /** Ends the load, lets the node send all it has, and counts. */
  async reckon(): Promise<Account & { readonly connections: number }> {
    await this.load.end()
    await this.#drained()
    await this.node.stop()
    this.#node = undefined
    const account = reckon(this.load, this.sink, this.kills)
    const violations = [...account.violations, ...(await this.#ledger())]
    return { ...account, violations, connections: this.sink.connections }
  }

  async #drained(): Promise<void> {
    for (const end = Date.now() + DRAIN; Date.now() < end; await sleep(50)) {
      const { waiting, onWire } = await this.node.operations.status()
      if (waiting + onWire === 0) return
    }
    throw new Error(
      `not all was sent within ${DRAIN / 1_000} s: ${JSON.stringify(await this.node.operations.status())}`,
    )
  }

  /** The spool's own record must agree: one delivered delivery for each message that came. */
  async #ledger(): Promise<readonly string[]> {
    const states = (await this.#store.states()).map(({ state, count }) => `${state} ${count}`).join(', ')
    const expected = this.sink.received.size === 0 ? '' : `delivered ${this.sink.received.size}`
    return states === expected ? [] : [`the spool has ${states}, the sink ${expected}`]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#node?.kill()
    this.#node = undefined
    await this.load.end()
    await this.sink[Symbol.asyncDispose]()
    await this.#store.drop()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

type Place = { readonly directory: string; readonly data: string; readonly store: CrashStore }

function configuration({ data, store }: Place, sink: number, { connections }: CrashOptions): string {
  return `
[node]
name = "mx.hikyaku.test"
data = "${data}"

[store]
url = "${store.url}"

[api]
port = 0

[http]
port = 0

[limits]
connections_per_address = 1000
disk_free = 0

[listeners.load]
address = "127.0.0.1"
port = 0
tls = "none"
auth = "none"
trusted = ["127.0.0.0/8"]

[queue]
retry = ["1s"]
jitter = 0

[egress]
connections_per_path = ${connections}

[[routes]]
domain = "*"
to = ["127.0.0.1:${sink}"]
tls = "none"
allow_private = true
`
}
