/** Each thing that can hold mail back, on a real node, and the sentence that an operator reads of it in both languages. */

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'

import { tell } from '#product/explanation'

import { DOMAIN, Rig } from './rig.ts'

const FROM = `alice@${DOMAIN}`

const RULES = `
[domain."rate.example.com"]
messages_per_hour = 1
[domain."opening.example.com"]
connections_per_hour = 1
messages_per_connection = 1
[provider.big]
domains = ["shared.example.com"]
shared.connections = 1
[domain."touchy.example.com".reactions.not-now]
stage = ["RCPT"]
code = [421]
do = "suspend"
for = "1h"
[domain."other-way.example.com".reactions.not-here]
stage = ["RCPT"]
code = [421]
do = "reroute"
to = "second"
for = "1h"
[domain."slow.example.com".reactions.slower]
stage = ["RCPT"]
code = [451]
do = "slow"
per_minute = 1
for = "1h"
[domain."single.example.com".reactions.one]
stage = ["RCPT"]
code = [451]
do = "one-connection"
for = "1h"
[domain."guessed.example.com".unknown_users]
share = 0.5
count = 2
within = "1h"
pause = "1h"
`

type Case = {
  readonly name: string
  /** Local parts at the domain that come before, each ended or on the wire before the next. */
  readonly first: readonly string[]
  readonly domain: string
  readonly at: string
  readonly en: readonly RegExp[]
  readonly ja: readonly RegExp[]
}

const CASES: readonly Case[] = [
  {
    name: 'a rate',
    first: ['one'],
    domain: 'rate.example.com',
    at: 'paced',
    en: [
      /^No more than 1 message an hour may go from source default to mx\.sandbox\.test \(domain rate\.example\.com, .*own\.toml:3\)\.$/m,
      /^the next may go at [\d-]+ [\d:]+Z \(in 1h00m\)$/m,
      /\[domain\."rate\.example\.com"\] messages_per_hour = …/,
      /^what holds it back, as said above, is over$/m,
    ],
    ja: [/1 時間に 1 通までしか送りません/, /^次の 1 通は .*（1時間00分後）$/m, /と書いて増やせます/],
  },
  {
    name: 'a rate of connections',
    first: ['one'],
    domain: 'opening.example.com',
    at: 'opening-paced',
    en: [
      /^No more than 1 connection an hour may be opened from source default to mx/m,
      /connections_per_hour = …/,
    ],
    ja: [/1 時間に 1 本までしか新しく接続しません/],
  },
  {
    name: 'what a provider shares',
    first: ['tarpit-60'],
    domain: 'shared.example.com',
    at: 'connections',
    en: [
      /^The one connection from source default to all sites of big is in use \(provider big, /m,
      /^it is free$/m,
      /\[provider\.big\] shared\.connections = …/,
    ],
    ja: [/big 全体への接続は 1 本だけで、それが使われています/],
  },
  {
    name: 'a suspension',
    first: ['busy'],
    domain: 'touchy.example.com',
    at: 'suspended',
    en: [
      /^Because of the answer below, nothing goes from source default to mx\.sandbox\.test \(domain touchy\.example\.com: not-now, /m,
      /421 4\.3\.2 Service not available/,
      /hikyaku shaping cancel \w+/,
    ],
    ja: [/^下の応答により、送信元 default から mx\.sandbox\.test への送信を休んでいます/m],
  },
  {
    name: 'another source in place of a suspended one',
    first: ['busy'],
    domain: 'other-way.example.com',
    at: 'suspended',
    en: [/nothing goes from source default to mx\.sandbox\.test, and source second takes over/],
    ja: [/送信元 second から送ります/],
  },
  {
    name: 'a slowed path',
    first: ['defer-me', 'one'],
    domain: 'slow.example.com',
    at: 'slowed',
    en: [
      /^Because of the answer below, source default sends slowly to mx.*: now 1 messages? a minute/m,
      /451 4\.3\.0/,
    ],
    ja: [/送信を減らしています。今は毎分 1 通で、少しずつ元に戻します/],
  },
  {
    name: 'one connection only',
    first: ['defer-me', 'tarpit-60'],
    domain: 'single.example.com',
    at: 'single',
    en: [/^Because of the answer below, there is only one connection from source default to mx/m],
    ja: [/接続は 1 本だけで、それが使われています/],
  },
  {
    name: 'the circuit breaker',
    first: ['bounce-me+1', 'bounce-me+2'],
    domain: 'guessed.example.com',
    at: 'stream-paused',
    en: [
      /^No mail of stream transactional of organization default goes from source default to mx.*because 2 of 2 recipients do not exist there/m,
      /^Remove the addresses that do not exist from the list\./m,
    ],
    ja: [/組織 default のストリーム transactional のメールは/, /2 件の宛先のうち 2 件が存在しません/],
  },
]

suite('explained in words', () => {
  let rig: Rig

  before(async () => {
    rig = await Rig.prepare({ sandbox: { slowness: 60_000 } })
    mkdirSync(join(rig.directory, 'shaping'), { recursive: true })
    writeFileSync(join(rig.directory, 'shaping', 'own.toml'), RULES)
    rig.configure({ queue: 'retry = ["10m"]\njitter = 0', egress: 'idle = "200ms"' })
    await rig.run()
    await rig.seed()
  })
  after(() => rig[Symbol.asyncDispose]())

  const submit = (to: string): Promise<string> =>
    rig.submit({ from: FROM, to, content: `From: <${FROM}>\r\nTo: <${to}>\r\n\r\nx\r\n` })

  async function begun(local: string, domain: string): Promise<void> {
    const id = await submit(`${local}@${domain}`)
    for (;;) {
      const explained = await rig.operations.explain({ id: id as never })
      const [first] = explained?.deliveries ?? []
      if (first === undefined || first.delivery.attempts > 0 || first.delivery.state === 'bounced') return
      if (first.reasons.some(({ at }) => at === 'on-wire' || at === 'delivered')) return
    }
  }

  for (const { name, first, domain, at, en, ja } of CASES) {
    test(`${name} is named, with what would change it`, async () => {
      for (const local of first) await begun(local, domain)
      const id = await submit(`jane@${domain}`)
      const explained = await rig.operations.explain({ id: id as never })
      assert(explained !== null)
      const { deliveries } = explained
      for (const [language, expected] of [
        ['en', en],
        ['ja', ja],
      ] as const) {
        const reasons = deliveries[0]?.reasons ?? []
        const out = reasons
          .map((reason) =>
            Object.values(tell(reason, language, { name: `${id}.0`, now: Date.now() })).join('\n'),
          )
          .join('\n')
        for (const pattern of expected) assert.match(out, pattern)
      }
      assert.equal(deliveries[0]?.reasons[0]?.at, at)
    })
  }
})
