/**
 * What was foretold against what really happens: the same plan through the paths and connections that a node sends by,
 * octet by octet and in virtual time, to receivers like those of the sandbox.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createEgress } from '#engine/egress'
import type { Job, Pauses, Work } from '#engine/egress'
import { backoff } from '#engine/lifetime'
import { chooseBehaviour } from '#engine/receiver'
import type { Answer, Guest } from '#engine/receiver'
import { Shaping } from '#engine/shaping'
import { memoryLog } from '#platform/log'
import { MetricsRegistry } from '#platform/metrics'

import { CONFIG, jobOf, routeOf } from '../egress/rig.fixture.ts'
import { Receiver as Host, VirtualTime } from '../egress/virtual.fixture.ts'
import type { Mind } from '../egress/virtual.fixture.ts'

import { planOf, rulesOf, sharesOf, SHIPPED, withSources } from './plan.fixture.ts'
import { receiverFor } from './reception.ts'
import { rehearse } from './rehearse.ts'
import type { Plan } from './rehearse.ts'
import { generator } from './seed.ts'

const DAY = 86_400_000

type Came = {
  /** Until 95 of 100 had ended. */
  readonly nearly: number
  readonly delivered: number
  readonly bounced: number
  readonly deferrals: number
  readonly reactions: readonly string[]
}

/** Addresses of one plan, each tried until it is taken or refused for good, as the queue does. */
class Mailing implements Work {
  delivered = 0
  bounced = 0
  deferrals = 0
  nearly = 0
  readonly #fresh: string[]
  readonly #most: number
  readonly #again: { readonly to: string; readonly tries: number }[] = []
  readonly #time: VirtualTime
  readonly #plan: Plan
  readonly #random: () => number
  wake: () => void = () => {}

  constructor(addresses: readonly string[], plan: Plan, time: VirtualTime, random: () => number) {
    this.#fresh = [...addresses]
    this.#most = addresses.length * 0.95 - 1
    this.#plan = plan
    this.#time = time
    this.#random = random
  }

  hasWork(_source: string, pauses: Pauses): boolean {
    if (pauses.hasPaused && pauses.isPaused('acme', 'transactional')) return false
    return this.#fresh.length + this.#again.length > 0
  }

  next(source: string, _most: number, pauses: Pauses): Job | undefined {
    if (!this.hasWork(source, pauses)) return undefined
    const to = this.#fresh.shift()
    const taken = to === undefined ? this.#again.shift() : { to, tries: 0 }
    if (taken === undefined) return undefined
    const { job, done } = jobOf({ to: [taken.to] })
    void done.then(([tried]) => this.#ended(taken, tried?.outcome ?? 'deferred'))
    return job
  }

  #ended({ to, tries }: { readonly to: string; readonly tries: number }, outcome: string): void {
    this.nearly ||= this.delivered + this.bounced >= this.#most ? this.#time.now : 0
    if (outcome === 'delivered') this.delivered += 1
    else if (outcome === 'bounced') this.bounced += 1
    else {
      this.deferrals += 1
      this.#time.after(backoff(tries, this.#plan.retries, this.#random()), () => {
        this.#again.push({ to, tries: tries + 1 })
        this.wake()
      })
    }
  }

  domains(): string[] {
    return []
  }
  failed(): void {}
  suspended(): void {}
}

function line(answer: Answer | undefined): string | undefined {
  if (answer === undefined) return undefined
  assert(answer.kind !== 'reset')
  const { code, enhanced, lines } = answer.reply
  return [String(code), enhanced, lines.join(' ')].filter(Boolean).join(' ')
}

/** What the guest hears, and what addresses ask for. */
function mindOf(
  guest: Guest,
  words: Readonly<Record<string, string>>,
  time: VirtualTime,
  seen: Map<string, number>,
): Mind {
  const said = (local: string): string => {
    const does = chooseBehaviour(local, words)?.behaviour.does
    assert(does?.kind === 'refuse' || does?.kind === 'refuse for a while')
    const { code, enhanced, lines } = does.with
    return [String(code), enhanced, lines.join(' ')].filter(Boolean).join(' ')
  }
  return {
    greeting: () => line(guest.at('greeting') ?? guest.at('EHLO')),
    left: () => guest.left(),
    command(text) {
      if (text.startsWith('MAIL')) return line(guest.mail(time.now))
      if (!text.startsWith('RCPT')) return line(guest.at('end of data'))
      const [, local = ''] = /<([^@]+)@/.exec(text) ?? []
      const answer = line(guest.rcpt(local, 0, time.now))
      if (answer !== undefined) return answer
      if (local.startsWith('unknown')) return said('unknown')
      const since = seen.getOrInsert(local, time.now)
      return local.startsWith('grey') && time.now - since < 300_000 ? said('greylist') : undefined
    },
  }
}

/** Of one domain and one source. */
async function really(plan: Plan, distance: number): Promise<Came> {
  const [share] = plan.shares
  assert(share)
  const time = new VirtualTime()
  time.now = plan.start
  const random = generator(plan.seed + 1)
  const now = (): number => time.now
  const log = memoryLog()
  const metrics = new MetricsRegistry()
  const clock = { now, after: (ms: number, ring: () => void) => time.after(ms, ring) }
  const { rules, egress: config } = plan.rules
  const shaping = new Shaping({ rules, config, clock, log, metrics, warmUp: () => plan.warmUp })
  const { site } = share.way
  const group = shaping.groupOf(share.domain, share.way)
  const shapes = [{ source: 'main', shape: shaping.shapeOf('main', site, group) }]
  const receiver = receiverFor({ site, group, shapes }, plan.reception, plan.start)
  const seen = new Map<string, number>()
  const host = new Host(time, { random, distance, thinking: 0, moody: 0, shy: 0 }, () =>
    mindOf(receiver.arrived('main', time.now), receiver.personality.words, time, seen),
  )
  const egress = createEgress({
    routing: { addresses: () => assert.fail('asked for an address') },
    config: { ...CONFIG, sources: config.sources.map((one) => ({ ...one, name: 'main' })) },
    shaping,
    tls: {},
    log,
    metrics,
    now,
    random,
    isPrivate: () => false,
    timers: time,
    open: host.open,
  })
  const addresses = Array.from({ length: share.count }, (_, n) => {
    const name = random() < plan.unknown ? 'unknown' : random() < plan.greylisting ? 'grey' : 'user'
    return `${name}${n}@${share.domain}`
  })
  const mailing = new Mailing(addresses, plan, time, random)
  const path = egress.path('main', routeOf([25], { site, names: [...share.way.names] }), mailing, group)
  mailing.wake = () => path.wake()
  path.wake()
  await time.pass(5 * DAY, () => mailing.delivered + mailing.bounced === share.count)
  const started = log.lines.filter(({ event }) => event === 'reaction.started')
  shaping.close()
  const { delivered, bounced, deferrals, nearly } = mailing
  const reactions = [...new Set(started.map(({ fields }) => String(fields['rule'])))]
  return { nearly: nearly - plan.start, delivered, bounced, deferrals, reactions }
}

const RECKLESS = rulesOf(`[provider.yahoo-japan]
hosts = ["*.mail.yahoo.co.jp"]
connections = 8
messages_per_connection = 100
[provider.yahoo-japan.reactions.blocked]
code = [421]
text = ["[TSS04]"]
times = 2
within = "1h"
do = "suspend"
for = "1h"`)

type Case = {
  readonly name: string
  readonly plan: Parameters<typeof planOf>[0]
  /** Milliseconds one way; the receiver needs no time to think. */
  readonly distance?: number
  /** What sets in, both foretold and really. */
  readonly reactions?: readonly string[]
}

const PLANS: readonly Case[] = [
  { name: 'Gmail with the shipped rules', plan: { shares: sharesOf({ 'gmail.com': 600 }) } },
  { name: 'docomo with the shipped rules', plan: { shares: sharesOf({ 'docomo.ne.jp': 600 }) } },
  {
    name: 'Yahoo! JAPAN by rules that nobody should have',
    plan: { shares: sharesOf({ 'yahoo.co.jp': 150 }), rules: { rules: RECKLESS, egress: SHIPPED.egress } },
    distance: 20,
    reactions: ['provider yahoo-japan: blocked'],
  },
  {
    name: 'Gmail, stricter than the rules say',
    plan: { shares: sharesOf({ 'gmail.com': 600 }), reception: { bears: 0.4 } },
    reactions: ['provider google: busy'],
  },
  {
    name: 'docomo with many unknown users',
    plan: { shares: sharesOf({ 'docomo.ne.jp': 400 }), unknown: 0.2 },
    reactions: ['unknown-users'],
  },
  {
    name: 'somebody who greylists',
    plan: { shares: sharesOf({ 'nobody.example': 300 }), greylisting: 0.5 },
  },
  {
    name: 'Outlook from a source that it does not know',
    plan: {
      shares: sharesOf({ 'outlook.com': 70 }),
      reception: { strangers: new Set(['main']), schedule: [50, 100, 500] },
    },
    reactions: ['provider outlook: rate-limited'],
  },
  {
    name: 'Gmail from a source that is warmed up',
    plan: { shares: sharesOf({ 'gmail.com': 400 }), rules: withSources({ main: true }) },
  },
]

for (const { name, plan: given, distance = 100, reactions = [] } of PLANS) {
  test(`${name}: what was foretold is what happens, to within a half`, async () => {
    // From MAIL to the end of the content two ways there and back, and one to be let in.
    const plan = planOf({ ...given, pace: { transaction: 4 * distance, connecting: 2 * distance } })
    const [foretold, real] = [rehearse(plan), await really(plan, distance)]
    assert.equal(foretold.delivered + foretold.bounced, real.delivered + real.bounced)
    near(foretold.parts[0]?.nearly ?? 0, real.nearly, 'ms')
    near(foretold.bounced, real.bounced, 'bounced', 30)
    near(foretold.deferrals, real.deferrals, 'deferrals', 20)
    const [part] = foretold.parts
    assert.deepEqual(
      part?.reactions.map(({ rule }) => rule),
      reactions,
    )
    assert.deepEqual(real.reactions, reactions)
  })
}

/** `chance`: by so much it may be another in any case. What depends on the moment differs; what holds back does not. */
function near(foretold: number, real: number, what: string, chance = 0): void {
  const difference = Math.abs(foretold - real)
  assert.ok(
    difference <= Math.max(foretold, real) / 3 + chance,
    `foretold ${foretold} ${what}, and really ${real}`,
  )
}
