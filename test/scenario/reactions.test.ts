/** Every reaction there is, set off by what a receiver does, listed with it, and ended or prolonged by an operator. */

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'

import type { Live } from '#engine/shaping'
import type { DeliveryFilter, MessageId } from '#engine/spool'

import { Client } from './client.ts'
import type { LogEvent } from './event-log.ts'
import { DOMAIN, Rig } from './rig.ts'

const FROM = `alice@${DOMAIN}`
const HOUR = 3_600_000

const RULES = `
[domain."reroute.example.com".source.one.reactions.away]
stage = ["RCPT"]
code = [421]
do = "reroute"
to = "two"
for = "1h"

[domain."never.example.com".reactions.no-use]
code = [451]
text = ["try again later"]
do = "bounce"

[domain."quiet.example.com".reactions.not-them]
code = [451]
do = "suppress"
delivery = "bounce"

[domain."single.example.com"]
connections = 5
[domain."single.example.com".reactions.one]
code = [450]
do = "one-connection"
for = "1h"

[domain."slow.example.com"]
connections = 1
[domain."slow.example.com".reactions.slower]
code = [450]
do = "slow"
share = 0.5
for = "5s"

[domain."resets.example.com".reactions.firewall]
failure = ["reset", "closed"]
times = 3
within = "1m"
do = "suspend"
for = "1h"

[domain."timeouts.example.com".timeouts]
mail = "1s"
[domain."timeouts.example.com".reactions.firewall]
failure = ["timeout"]
times = 2
within = "1m"
do = "suspend"
for = "1h"

[domain."silent.example.com".timeouts]
greeting = "1s"
[domain."silent.example.com".reactions.firewall]
failure = ["timeout"]
do = "suspend"
for = "1h"
`

const TRUSTED =
  'address = "127.0.0.1"\nport = 0\ntls = "none"\nauth = "none"\ntrusted = ["127.0.0.0/8"]\norganization = "default"\n'

function letter(to: string): Parameters<Rig['submit']>[0] {
  return { from: FROM, to, content: `From: <${FROM}>\r\nTo: <${to}>\r\n\r\nx\r\n` }
}

function sum(all: readonly number[]): number {
  return all.reduce((total, one) => total + one, 0)
}

suite('reactions', { concurrency: true }, () => {
  let rig: Rig

  before(async () => {
    rig = await Rig.prepare()
    mkdirSync(join(rig.directory, 'shaping'), { recursive: true })
    writeFileSync(join(rig.directory, 'shaping', 'own.toml'), RULES)
    rig.configure({
      queue: 'retry = ["1s"]\njitter = 0',
      'egress.sources.one': 'address = "127.0.0.2"\nehlo = "one.hikyaku.test"',
      'egress.sources.two': 'address = "127.0.0.3"\nehlo = "two.hikyaku.test"',
      'egress.pools.default': 'sources = ["one", "two"]',
      'egress.pools.lone': 'sources = ["one"]',
      'streams.lone': 'pool = "lone"',
      'listeners.lone': `${TRUSTED}stream = "lone"`,
    })
    await rig.run()
    await rig.seed()
  })
  after(() => rig[Symbol.asyncDispose]())

  const submit = (to: string): ReturnType<Rig['submit']> => rig.submit(letter(to))

  /** What was only to set something off. */
  const enough = async (filter: DeliveryFilter): Promise<void> => {
    await rig.operations.change({ filter, change: 'cancel', reason: 'enough' })
  }

  const started = (rule: string): Promise<LogEvent> => rig.log.until('reaction.started', { rule })

  async function listed(rule: string): Promise<Live> {
    const [live] = (await rig.operations.reactions()).filter((one) => one.rule === rule)
    return live ?? assert.fail(`${rule} is not listed`)
  }

  /** What is asked of each that lasts: that it is listed with its cause and its end, prolonged, and ended. */
  async function operated(
    rule: string,
    cause: RegExp,
    meanwhile = async (): Promise<void> => {},
  ): Promise<Live> {
    const live = await listed(rule)
    const { code, enhanced, text, stage } = live.cause.attempt
    assert.match(`${stage}: ${code} ${enhanced} ${text}`, cause)
    const longer = await rig.operations.reactionExtend({ id: live.id, by: HOUR })
    assert.equal(longer?.until, live.until + HOUR)
    await meanwhile()
    assert.equal((await rig.operations.reactionCancel({ id: live.id }))?.id, live.id)
    await rig.log.until('reaction.cancelled', { reaction: live.id })
    assert.ok(!(await rig.operations.reactions()).some(({ id }) => id === live.id))
    return live
  }

  test('reroute: what one source may not send another takes over', async () => {
    const rule = 'domain reroute.example.com from one: away'
    const busy = await submit('busy@reroute.example.com')
    await started(rule)
    await enough({ message: busy })
    const sources = async (name: string): Promise<ReadonlySet<string>> => {
      const all = Array.from({ length: 6 }, (_, n) => `${name}${n}@reroute.example.com`)
      for (const to of all) await submit(to)
      const came = await Promise.all(all.map((to) => rig.delivered(to)))
      return new Set(came.map(({ client }) => client.address))
    }
    const live = await operated(rule, /^RCPT: 421 /, async () => {
      assert.deepEqual(await sources('away'), new Set(['127.0.0.3']))
    })
    assert.deepEqual([live.source, live.act.do === 'reroute' && live.act.to], ['one', 'two'])
    assert.ok((await sources('back')).has('127.0.0.2'))
  })

  test('bounce: a temporary answer that will never be another is taken as final', async () => {
    const message = await submit('defer-me@never.example.com')
    const { reply, attempts } = await rig.log.until('delivery.bounced', { message })
    assert.deepEqual([reply, attempts], ['451 4.3.0 Try again later', 1])
  })

  test('suppress: the recipient is put on the suppression list, and refused from then on', async () => {
    const to = 'defer-me@quiet.example.com'
    await submit(to)
    const added = await rig.log.until('suppression.added', { to })
    assert.match(String(added['evidence']), /^451 4\.3\.0 .* \(rule domain quiet\.example\.com: not-them\)$/)
    await rig.log.until('delivery.bounced', { to })
    const [entry] = await rig.operations.suppressionShow({ organization: 'default', address: to })
    assert.equal(entry?.reason, 'bounce')
  })

  test('one-connection: whatever waits goes over one connection', async () => {
    const rule = 'domain single.example.com: one'
    await submit('rate-limited@single.example.com')
    const { source } = await started(rule)
    const all = Array.from({ length: 6 }, (_, n) => `tarpit-1+${n}@single.example.com`)
    const connections: number[] = []
    await operated(rule, /^RCPT: 450 /, async () => {
      await Promise.all(all.map((to) => submit(to)))
      while (rig.log.named('delivery.delivered').filter(({ to }) => all.includes(String(to))).length < 3) {
        const { rows } = await rig.operations.queues({ match: '/single.', limit: 9 })
        const paths = rows.flatMap((row) => row.paths ?? []).filter((path) => path.source === source)
        connections.push(...paths.map((path) => path.connections))
      }
      assert.equal(Math.max(...connections), 1)
    })
    for (const to of all) await rig.delivered(to)
  })

  async function sentAt(id: MessageId): Promise<number> {
    const shown = await rig.operations.message({ id })
    return shown?.deliveries[0]?.attempts.at(-1)?.at ?? assert.fail(`there was no attempt of ${id}`)
  }

  test('slow: half the rate at first, rising to what it was, and free afterwards', async () => {
    const rule = 'domain slow.example.com: slower'
    using client = await Client.ready(rig.node.port('lone'))
    const burst = async (name: string, count: number): Promise<readonly number[]> => {
      const all = Array.from({ length: count }, (_, n) => `${name}${n}@slow.example.com`)
      const ids: MessageId[] = []
      for (const to of all) {
        const [, id] = /^250 .* (\w+)$/m.exec(await client.submit(letter(to))) ?? []
        ids.push(id as MessageId)
      }
      for (const to of all) await rig.delivered(to)
      // When the node sent it: a receiver that is kept waiting for the processor sees it later, and the next at once.
      return (await Promise.all(ids.map(sentAt))).toSorted((a, b) => a - b)
    }
    await burst('before', 240)
    assert.match(await client.submit(letter('rate-limited@slow.example.com')), /^250/)
    await started(rule)
    await enough({ recipient: 'rate-limited@slow.example.com' })
    const live = await listed(rule)
    const { low, high } = live.slope ?? assert.fail('it has no slope')
    assert.equal(low, high / 2)
    const times = (await burst('slowed', 30)).filter((at) => at < live.until)
    const gaps = times.slice(1).map((at, i) => at - (times[i] ?? at))
    // One a time by its rate then, which rises to twice what it was at the beginning.
    for (const [i, gap] of gaps.entries()) assert.ok(gap >= 60_000 / high - 30, `${i}: ${gap} ms`)
    const half = Math.floor(gaps.length / 2)
    assert.ok(sum(gaps.slice(0, half)) > sum(gaps.slice(half)) * 1.1 || gaps.length < 4, gaps.join(' '))
    const { again } = await rig.log.until('reaction.ended', { rule })
    assert.equal(typeof again, 'number')
  })

  test('resets, and answers that do not come, set reactions off as bursts', async () => {
    const [resets, timeouts] = [
      'domain resets.example.com: firewall',
      'domain timeouts.example.com: firewall',
    ]
    const ids: MessageId[] = []
    for (let n = 0; n < 3; n += 1) ids.push(await submit(`reset+${n}@resets.example.com`))
    for (let n = 0; n < 2; n += 1) ids.push(await submit(`tarpit-3+${n}@timeouts.example.com`))
    const { stage, reply } = await started(resets)
    assert.equal(stage, 'RCPT', String(reply))
    await started(timeouts)
    for (const message of ids) await enough({ message })
    await operated(resets, /^RCPT: 0 4\.4\.2 /)
    await operated(timeouts, /^MAIL: 0 4\.4\.[12] /)
  })

  test('a host that says nothing sets its reaction off before there is any message', async () => {
    const rule = 'domain silent.example.com: firewall'
    const message = await submit('jane@silent.example.com')
    const { delivery } = await started(rule)
    assert.equal(delivery, undefined)
    const { deliveries } = (await rig.operations.explain({ id: message })) ?? assert.fail()
    assert.ok(deliveries[0]?.reasons.some(({ at }) => at === 'suspended'))
    await enough({ message })
    await operated(rule, /^greeting: 0 4\.4\.[12] /)
  })
})
