/** The order of the runs, and how long each is. */

import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { DOMAIN } from './hikyaku.ts'
import type { PostfixPackage } from './postfix-package.ts'
import { quiet, startGroup } from './process-group.ts'
import { relay } from './relay.ts'
import type { Relayed } from './relay.ts'
import type { RelayName, Round, Signing } from './rows.ts'
import type { Server } from './server.ts'

/** Messages before the first run of each kind: they warm up, and tell how many a run needs. */
const WARM_UP = { hikyaku: 2000, 'hikyaku-mx': 2000, postfix: 300 } as const

/**
 * No run is shorter. Postfix begins each with 5 connections and opens more as they prove good: 700 messages were
 * measured at 274/s, 2,000 at 387/s, 4,000 at 436/s.
 */
const AT_LEAST = 2000

/** Rounds of all rows, and the seconds that one run shall take, and may wait for other programs to be quiet. */
export type Effort = {
  readonly rounds: number
  readonly seconds: number
  readonly patience: number
  /** Messages before everything else, for what is compiled just in time: a relay runs for weeks, and not for seconds. */
  readonly compiling: number
}

/** The runs of a round one after the other, each long enough for the rate that was seen before. */
export class Course {
  readonly #from: PostfixPackage
  readonly #servers: Readonly<Record<Server['name'], Server>>
  readonly #effort: Effort
  readonly #rates = new Map<string, number>()

  constructor(from: PostfixPackage, servers: Readonly<Record<Server['name'], Server>>, effort: Effort) {
    this.#from = from
    this.#servers = servers
    this.#effort = effort
  }

  /** Every second round the peer goes last, so that what changes during a round does not favour one. */
  async round(hikyakuFirst: boolean): Promise<Round> {
    const reuse = await this.#pair('relay-reuse', hikyakuFirst)
    const mx = await this.#run('hikyaku-mx', 'relay-mx')
    const fresh = await this.#pair('relay-fresh', hikyakuFirst)
    const before = await this.#signAlone()
    const signedReuse = await this.#run('hikyaku', 'relay-reuse-dkim')
    const signedFresh = await this.#run('hikyaku', 'relay-fresh-dkim')
    const after = await this.#signAlone()
    return {
      hikyaku: {
        'relay-reuse': reuse.hikyaku,
        'relay-fresh': fresh.hikyaku,
        'relay-mx': mx,
        'relay-reuse-dkim': signedReuse,
        'relay-fresh-dkim': signedFresh,
      },
      postfix: { 'relay-reuse': reuse.postfix, 'relay-fresh': fresh.postfix },
      signAlone: faster(before.parsed, after.parsed),
      signAlonePem: faster(before.pem, after.pem),
    }
  }

  async #pair(name: RelayName, hikyakuFirst: boolean): Promise<Record<'hikyaku' | 'postfix', Relayed>> {
    const first = hikyakuFirst ? await this.#run('hikyaku', name) : undefined
    const postfix = await this.#run('postfix', name)
    return { hikyaku: first ?? (await this.#run('hikyaku', name)), postfix }
  }

  async #run(server: Server['name'], name: RelayName): Promise<Relayed> {
    const key = `${server} ${name}`
    await quiet(this.#effort.patience)
    const rate = this.#rates.get(key) ?? (await this.#warmUp(server, name))
    const relayed = await this.#relay(
      server,
      name,
      Math.max(AT_LEAST, Math.ceil(rate * this.#effort.seconds)),
    )
    this.#rates.set(key, relayed.messagesPerSecond)
    console.error(`${key}: ${Math.round(relayed.messagesPerSecond)}/s`)
    return relayed
  }

  async #warmUp(server: Server['name'], name: RelayName): Promise<number> {
    const isFirst = !this.#rates.keys().some((key) => key.startsWith(`${server} `))
    const messages = isFirst && server !== 'postfix' ? this.#effort.compiling : WARM_UP[server]
    const { messagesPerSecond } = await this.#relay(server, name, messages)
    return messagesPerSecond
  }

  async #signAlone(): Promise<{ readonly parsed: Signing; readonly pem: Signing }> {
    await quiet(this.#effort.patience)
    const seconds = this.#effort.seconds / 4
    return { parsed: await signAlone(seconds), pem: await signAlone(seconds, 'pem') }
  }

  #relay(server: Server['name'], name: RelayName, messages: number): Promise<Relayed> {
    return relay(this.#from, this.#servers[server], {
      messages,
      connections: name.startsWith('relay-fresh') ? 'fresh' : 'reuse',
      from: `someone@${name.endsWith('-dkim') ? DOMAIN.signed : DOMAIN.unsigned}`,
    })
  }
}

/** A ceiling must not be lowered by what else ran at that moment. */
function faster(a: Signing, b: Signing): Signing {
  return a.messagesPerSecond > b.messagesPerSecond ? a : b
}

async function signAlone(seconds: number, ...form: readonly 'pem'[]): Promise<Signing> {
  await using program = startGroup({
    name: 'sign-alone',
    command: process.execPath,
    args: [join(import.meta.dirname, 'sign-alone.ts'), String(seconds), ...form],
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const { stdout } = program.child
  return JSON.parse(stdout === null ? '' : await text(stdout)) as Signing
}
