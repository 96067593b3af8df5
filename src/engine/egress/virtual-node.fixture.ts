/**
 * For tests: shaping and egress as a process that is stopped, killed and started again in virtual time, with a disk
 * that keeps what was written in time, and a clock of each life that no later one hears.
 */

import assert from 'node:assert/strict'

import { readRules } from '#engine/rule'
import type { Ruleset } from '#engine/rule'
import { Shaping } from '#engine/shaping'
import type { Kept } from '#engine/shaping'
import { memoryLog } from '#platform/log'
import { MetricsRegistry } from '#platform/metrics'

import { createEgress } from './egress.ts'
import type { Egress } from './egress.ts'
import type { Job, Work } from './job.ts'
import type { openConnection } from './opening.ts'
import { CONFIG, jobOf, routeOf } from './rig.fixture.ts'
import type { Timers } from './timers.ts'
import type { Receiver, VirtualTime } from './virtual.fixture.ts'

/** Messages by their number of recipients; those deferred count as done: the queue would bring them again. */
export class Arrivals implements Work {
  readonly waiting: number[] = []
  expected = 0
  done = 0
  readonly #underWay = new Set<{ readonly recipients: number }>()

  /** What a process that died had under way comes again. */
  recover(): void {
    for (const { recipients } of this.#underWay) this.waiting.unshift(recipients)
    this.#underWay.clear()
  }

  hasWork(): boolean {
    return this.waiting.length > 0
  }

  next(_source: string, most: number): Job | undefined {
    const recipients = this.waiting.shift()
    if (recipients === undefined) return undefined
    const taken = Math.min(most, recipients)
    if (taken < recipients) this.waiting.unshift(recipients - taken)
    const to = Array.from({ length: taken }, (_, n) => `r${n}@example.com`)
    const { job, done } = jobOf({ to })
    const begun = { recipients: taken }
    this.#underWay.add(begun)
    void this.#end(begun, done)
    return job
  }

  async #end(begun: { readonly recipients: number }, done: Promise<readonly unknown[]>): Promise<void> {
    const { length } = await done
    if (this.#underWay.delete(begun)) this.done += length
  }

  domains(): string[] {
    return []
  }

  failed(): void {}
  suspended(): void {}
}

/** What a process that is gone had planned does not happen. */
class Life implements Timers {
  readonly #time: VirtualTime
  isOver = false

  constructor(time: VirtualTime) {
    this.#time = time
  }

  monotonic(): number {
    return this.#time.now
  }

  after(ms: number, act: () => void): () => void {
    return this.#time.after(ms, () => {
      if (!this.isOver) act()
    })
  }
}

export type NodeOptions = {
  readonly time: VirtualTime
  readonly random: () => number
  /** `mx0.big.net`, `mx1.big.net` …, all of the provider `big`. */
  readonly receivers: readonly Receiver[]
  readonly works: readonly Arrivals[]
  readonly rules: string
  /** Milliseconds to write to the disk. */
  readonly disk: number
}

export class VirtualNode {
  readonly #options: NodeOptions
  #rules: Ruleset
  #life: Life
  #shaping: Shaping
  #egress: Egress
  #paths: readonly { wake(): void }[] = []
  #disk: string | undefined
  #isWriting = false
  #isWanted = false

  constructor(options: NodeOptions) {
    this.#options = options
    this.#rules = rulesOf(options.rules)
    this.#life = new Life(options.time)
    this.#shaping = this.#shape()
    this.#egress = this.#send()
  }

  wake(site: number): void {
    if (!this.#life.isOver) this.#paths[site]?.wake()
  }

  reload(rules: string): void {
    this.#rules = rulesOf(rules)
    if (!this.#life.isOver) this.#shaping.use(this.#rules)
  }

  /** And back after `pause` milliseconds. */
  kill(pause: number): void {
    if (this.#life.isOver) return
    this.#end()
    for (const receiver of this.#options.receivers) receiver.dropAll()
    for (const work of this.#options.works) work.recover()
    this.#options.time.after(pause, () => this.#start())
  }

  /** Lets what is under way come to an end, and is back `pause` milliseconds after that. */
  async stop(pause: number): Promise<void> {
    const life = this.#life
    if (life.isOver) return
    await this.#egress.close(500)
    // Killed meanwhile.
    if (life.isOver) return
    this.#disk = JSON.stringify(this.#shaping.keep(true))
    this.#end()
    for (const work of this.#options.works) work.recover()
    this.#options.time.after(pause, () => this.#start())
  }

  /** For good. */
  close(): void {
    this.#end()
  }

  #end(): void {
    this.#life.isOver = true
    this.#shaping.close()
  }

  #start(): void {
    this.#life = new Life(this.#options.time)
    this.#isWriting = false
    this.#shaping = this.#shape()
    this.#egress = this.#send()
    for (const path of this.#paths) path.wake()
  }

  #shape(): Shaping {
    const { time } = this.#options
    const life = this.#life
    const shaping = new Shaping({
      rules: this.#rules,
      config: CONFIG,
      clock: { now: () => time.now, after: (ms, ring) => life.after(ms, ring) },
      log: memoryLog(),
      metrics: new MetricsRegistry(),
      want: () => this.#want(life),
    })
    if (this.#disk !== undefined) shaping.restore(JSON.parse(this.#disk) as Kept)
    // As a node does before it sends anything.
    this.#disk = JSON.stringify(shaping.keep())
    shaping.kept()
    return shaping
  }

  /** What is wanted while one writing is under way shares the next. */
  #want(life: Life): void {
    this.#isWanted = true
    if (this.#isWriting || life.isOver) return
    this.#isWriting = true
    life.after(0, () => {
      this.#isWanted = false
      const written = JSON.stringify(this.#shaping.keep())
      life.after(this.#options.disk, () => {
        this.#disk = written
        this.#shaping.kept()
        life.after(50, () => {
          this.#isWriting = false
          if (this.#isWanted) this.#want(life)
        })
      })
    })
  }

  #send(): Egress {
    const { time, random, works } = this.#options
    const life = this.#life
    const egress = createEgress({
      routing: { addresses: () => assert.fail('asked for an address') },
      config: CONFIG,
      shaping: this.#shaping,
      tls: {},
      log: memoryLog(),
      metrics: new MetricsRegistry(),
      now: () => time.now,
      random,
      isPrivate: () => false,
      timers: life,
      open: this.#opener(life),
    })
    this.#paths = works.map((work, n) => {
      const site = `mx${n}.big.net`
      return egress.path('main', routeOf([25], { site, names: [site] }), work, { provider: 'big' })
    })
    return egress
  }

  #opener(life: Life): typeof openConnection {
    return async (source, route, around, signal) => {
      const receiver = this.#options.receivers[Number(route.site.slice(2, -8))] ?? assert.fail(route.site)
      const another = (beside: boolean): boolean => !life.isOver && around.another?.(beside) === true
      const opened = await receiver.open(source, route, { ...around, another }, signal)
      // Whoever asked is gone, and hears nothing.
      return life.isOver ? await new Promise<never>(() => {}) : opened
    }
  }
}

function rulesOf(text: string): Ruleset {
  const rules = readRules([{ name: 'x.toml', by: 'operator', text }], ['main'])
  return rules.ok ? rules.rules : assert.fail(rules.problems.join('\n'))
}
