/** Rules of an operator on a running node: limits that the receiver sees kept, reactions, and an operator's word on them. */

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'

import type { Live } from '#engine/shaping'
import type { Explained, QueueRow } from '#product/operation'

import type { MessageId } from '#engine/spool'

import { DOMAIN, Rig } from './rig.ts'

const FROM = `alice@${DOMAIN}`

const RULES = `
[domain."limited.example.com"]
connections = 1
messages_per_connection = 2
messages_per_second = 4
[domain."touchy.example.com"]
[domain."touchy.example.com".reactions.not-now]
stage = ["RCPT"]
code = [421]
do = "suspend"
for = "1h"
[domain."patient.example.com"]
messages_per_hour = 1
[domain."guessed.example.com".unknown_users]
share = 0.5
count = 3
within = "1h"
pause = "1h"
`

suite('shaping', () => {
  let rig: Rig

  const route = (): string => `127.0.0.1:${rig.sandbox.smtpPort}`

  /** With the limit of the route's site, whatever a test adds. */
  function rules(text: string): void {
    mkdirSync(join(rig.directory, 'shaping'), { recursive: true })
    writeFileSync(
      join(rig.directory, 'shaping', 'own.toml'),
      `${text}\n[site."${route()}"]\nconnections = 1\nmessages_per_second = 4\n`,
    )
  }

  const submit = (to: string): ReturnType<Rig['submit']> =>
    rig.submit({ from: FROM, to, content: `From: <${FROM}>\r\nTo: <${to}>\r\n\r\nx\r\n` })

  before(async () => {
    rig = await Rig.prepare()
    rules(RULES)
    rig.configure({
      queue: 'retry = ["1s"]\njitter = 0',
      limits: 'deliver_by_minimum = "1s"',
      '': `[[routes]]\ndomain = "routed.example.com"\nto = ["${route()}"]\nallow_private = true\ntls = "required"`,
    })
    await rig.run()
    await rig.seed()
  })
  after(() => rig[Symbol.asyncDispose]())

  async function sentAt(id: MessageId): Promise<number> {
    const shown = await rig.operations.message({ id })
    return shown?.deliveries[0]?.attempts.at(-1)?.at ?? assert.fail('there was no attempt')
  }

  /** What a limit of four a second makes of 13 messages. */
  async function isLimited(domain: string): Promise<void> {
    const addresses = Array.from({ length: 13 }, (_, n) => `m${n}@${domain}`)
    const ids: MessageId[] = []
    for (const to of addresses) ids.push(await submit(to))
    for (const to of addresses) await rig.delivered(to)
    // When the node took it up, on its one connection; a receiver that waits for the processor sees several at once.
    const came = (await Promise.all(ids.map(sentAt))).toSorted((x, y) => x - y)
    for (const [i, at] of came.entries()) {
      const fifth = came[i + 4]
      assert.ok(
        fifth === undefined || fifth - at >= 1_000,
        `5 within ${fifth === undefined ? 0 : fifth - at} ms`,
      )
    }
  }

  test('no more than so many messages come within a second, and everything comes', () =>
    isLimited('limited.example.com'))

  test('the hosts of a route are limited by their site, and by nothing that holds for receivers in general', async () => {
    await isLimited('routed.example.com')
    const { out } = await rig.cliRun('shaping', 'resolve', 'routed.example.com')
    assert.match(out, /^messages_per_second +4 +site 127\.0\.0\.1:\d+ /m)
    assert.match(out, /^tls +required +configuration +routes\.tls$/m)
    assert.match(out, /Rules of your own may limit it, as \[site\."127\.0\.0\.1:\d+"\]/)
    assert.doesNotMatch(out, /connections_per_minute/)
    assert.match((await rig.cliRun('shaping', 'resolve', 'else.example.com')).out, /connections_per_minute/)
  })

  test('a reply suspends the path; explained, listed, kept over a crash, and ended by an operator', async () => {
    const busy = await submit('busy@touchy.example.com')
    const { reaction, rule, reply } = await rig.log.until('reaction.started', { does: 'suspend' })
    assert.equal(rule, 'domain touchy.example.com: not-now')
    assert.match(String(reply), /^421 /)
    const waiting = await submit('jane@touchy.example.com')
    const reasons = async (): Promise<readonly { readonly at: string }[]> => {
      const { deliveries } = await rig.cli<Explained>('message', 'explain', waiting)
      return deliveries[0]?.reasons ?? []
    }
    const [first] = await reasons()
    assert.equal(first?.at, 'suspended')
    const told = await rig.cliRun('message', 'explain', waiting, '--lang', 'en')
    assert.match(told.out, /domain touchy\.example\.com: not-now, .*own\.toml:7/)
    assert.match(told.out, new RegExp(`hikyaku shaping cancel ${String(reaction)}`))
    const rows = await rig.cli<readonly QueueRow[]>('queue', '--match', 'touchy')
    assert.ok(rows.some((row) => row.reasons.some(({ at }) => at === 'suspended')))

    await rig.restart('kill')
    /** Those of this test: others may have theirs at the same time. */
    const live = async (): Promise<readonly string[]> => {
      const all = await rig.cli<readonly Live[]>('shaping', 'reactions')
      return all.filter((one) => one.rule === rule).map(({ id }) => id)
    }
    assert.deepEqual(await live(), [reaction])
    assert.deepEqual(rig.received('jane@touchy.example.com'), [])
    await rig.cli('message', 'cancel', busy)
    await rig.cli('shaping', 'extend', String(reaction), '1h')
    await rig.cli('shaping', 'cancel', String(reaction))
    await rig.delivered('jane@touchy.example.com')
    await rig.log.until('reaction.cancelled', { reaction })
    assert.deepEqual(await live(), [])
  })

  test('what is paced past the time of its sender is told of, or comes back, at that time', async () => {
    await submit('first@patient.example.com')
    await rig.delivered('first@patient.example.com')
    const late = (from: string, by: string): ReturnType<Rig['submit']> => {
      const to = `${from}@patient.example.com`
      const content = `From: <${FROM}>\r\nTo: <${to}>\r\n\r\nx\r\n`
      return rig.submit({ from: `${from}@${DOMAIN}`, to, mail: by, content })
    }
    const [told, returned] = [await late('told', 'BY=2;N'), await late('returned', 'BY=2;R')]
    await rig.log.until('notice.sent', { about: told, kind: 'delayed' })
    await rig.log.until('notice.sent', { about: returned, kind: 'failed' })
    const { raw } = await rig.delivered(`told@${DOMAIN}`)
    assert.match(raw.toString(), /^Action: delayed\r\nStatus: 4\.4\.7\r$/m)
    assert.match((await rig.delivered(`returned@${DOMAIN}`)).raw.toString(), /^Status: 5\.4\.7\r$/m)
    const { deliveries } = await rig.cli<Explained>('message', 'explain', told)
    assert.equal(deliveries[0]?.reasons[0]?.at, 'paced')
    await rig.log.until('delivery.expired', { message: returned })
    assert.equal(rig.log.count('delivery.expired', { message: told }), 0)
    await rig.operations.change({ filter: { message: told }, change: 'cancel', reason: 'enough' })
  })

  test('a stream that guesses addresses is paused, and other domains are not', async () => {
    for (let n = 0; n < 3; n += 1) await submit(`bounce-me+${n}@guessed.example.com`)
    const { does, stream } = await rig.log.until('reaction.started', { rule: 'unknown-users' })
    assert.deepEqual([does, stream], ['pause-stream', 'transactional'])
    const waiting = await submit('jane@guessed.example.com')
    const { deliveries } = await rig.cli<Explained>('message', 'explain', waiting)
    assert.equal(deliveries[0]?.reasons[0]?.at, 'stream-paused')
    await submit('jane@elsewhere.example.com')
    await rig.delivered('jane@elsewhere.example.com')
  })

  test('rules with mistakes are refused, and those that were stay', async () => {
    rules('[default]\nconections = 1')
    const { problems } = await rig.operations.reload()
    assert.match(
      problems.join(),
      /own\.toml:2: default\.conections: there is no such key; did you mean connections\?/,
    )
    const checked = await rig.cliRun('shaping', 'check')
    assert.equal(checked.code, 78)
    rules(RULES)
    assert.deepEqual((await rig.operations.reload()).problems, [])
    const { out } = await rig.cliRun('shaping', 'resolve', 'limited.example.com')
    assert.match(out, /messages_per_second +4 +domain limited\.example\.com +.*own\.toml:5/)
  })
})
