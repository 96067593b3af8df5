/** The shipped rules against the receivers that the sandbox plays: their limits are kept, and their words understood. */

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'

import type { Rehearsed } from '#engine/rehearsal'
import type { Live } from '#engine/shaping'

import { shippedPersonalities } from '../shipped-rules.ts'

import { DOMAIN, Rig } from './rig.ts'

const FROM = `alice@${DOMAIN}`

/** Reactions as shipped, but over within the patience of a test. */
const SHORT = `
[provider.google.reactions.blocked-for-rate]
for = "2s"
`

/** What nobody who knows this receiver would write. */
const RECKLESS = `
connections = 10
messages_per_connection = 100
shared.connections = 10
shared.messages_per_second = 0
`

function rules(rig: Rig, text: string): void {
  mkdirSync(join(rig.directory, 'shaping'), { recursive: true })
  writeFileSync(join(rig.directory, 'shaping', 'own.toml'), text)
}

async function prepared(): Promise<Rig> {
  const rig = await Rig.prepare({ sandbox: { personalities: shippedPersonalities() } })
  rules(rig, SHORT)
  rig.configure({ queue: 'retry = ["1s"]\njitter = 0' })
  await rig.run()
  await rig.seed()
  return rig
}

const submit = (rig: Rig, to: string): ReturnType<Rig['submit']> =>
  rig.submit({ from: FROM, to, content: `From: <${FROM}>\r\nTo: <${to}>\r\n\r\nx\r\n` })

async function submitAll(rig: Rig, addresses: readonly string[]): Promise<void> {
  for (const to of addresses) await submit(rig, to)
}

suite('personalities', { concurrency: false }, () => {
  let rig: Rig

  before(async () => {
    rig = await prepared()
  })
  after(() => rig[Symbol.asyncDispose]())

  test('with the shipped rules no receiver sees more than it bears, and all mail arrives', async () => {
    const domains = [
      'gmail.com',
      'docomo.ne.jp',
      'yahoo.co.jp',
      'outlook.com',
      'icloud.com',
      'softbank.ne.jp',
    ]
    const all = domains.flatMap((domain) => Array.from({ length: 25 }, (_, n) => `m${n}@${domain}`))
    await submitAll(rig, all)
    for (const to of all) await rig.delivered(to)
    assert.deepEqual(rig.sandbox.overruns(), [])
    const hosts = new Set(rig.sandbox.received().map(({ host }) => host))
    for (const name of ['gmail', 'docomo', 'yahoo-japan', 'outlook', 'icloud', 'softbank'])
      assert.ok(hosts.has(name), name)
    const [first] = rig.received('m0@gmail.com')
    assert.ok(first?.tls !== undefined, 'Gmail is sent to with TLS')
  })

  test('a rehearsal names the shipped rule that limits each of these receivers', async () => {
    const mix = 'gmail.com=50%,yahoo.co.jp=30%,nobody.example=20%'
    const { parts } = await rig.cli<Rehearsed>('rehearse', '--messages', '20000', '--to', mix)
    const found = new Map(
      parts.map(({ name, bound }) => {
        assert(bound.at === 'limit', name)
        const { key, provider, origin } = bound.limit
        return [name, [key, provider, origin?.file ?? origin?.layer]]
      }),
    )
    assert.deepEqual(found.get('google'), ['connections', 'google', 'shaping/google.toml'])
    assert.equal(found.get('yahoo-japan')?.[2], 'shaping/japan.toml')
    assert.deepEqual(found.get('nobody.example'), ['connections', undefined, 'configuration'])
  })

  test('unknown users are told in the words of each receiver, and bounce', async () => {
    await submit(rig, 'unknown@docomo.ne.jp')
    const docomo = await rig.log.until('delivery.bounced', { to: 'unknown@docomo.ne.jp' })
    assert.match(String(docomo['reply']), /^550 .*Unknown user$/)
    await submit(rig, 'unknown@gmail.com')
    const gmail = await rig.log.until('delivery.bounced', { to: 'unknown@gmail.com' })
    assert.match(String(gmail['reply']), /^550 5\.1\.1 The email account that you tried to reach/)
  })

  test('a receiver that says it has had enough is heard; the reaction ends, and the mail arrives', async () => {
    await submit(rig, 'react-blocked-for-rate@gmail.com')
    const started = await rig.log.until('reaction.started', { rule: 'provider google: blocked-for-rate' })
    assert.equal(started['does'], 'suspend')
    assert.match(String(started['reply']), /^550 5\.7\.28 .*unusual rate of unsolicited mail/)
    await submit(rig, 'after@gmail.com')
    await rig.log.until('reaction.ended', { rule: 'provider google: blocked-for-rate' })
    await rig.delivered('after@gmail.com')
    await rig.delivered('react-blocked-for-rate@gmail.com')
    const live = await rig.cli<readonly Live[]>('shaping', 'reactions')
    assert.ok(live.every(({ rule }) => rule !== 'provider google: blocked-for-rate'))
  })
})

// In a node of its own: what it provokes would hold up the mail of the others.
test('who sets higher limits than a receiver bears hears of it from the receiver', async () => {
  await using rig = await prepared()
  rules(rig, `[provider.yahoo-japan]${RECKLESS}${SHORT}`)
  assert.deepEqual((await rig.operations.reload()).problems, [])
  const already = rig.sandbox.overruns().length
  const all = Array.from({ length: 40 }, (_, n) => `reckless${n}@yahoo.co.jp`)
  await submitAll(rig, all)
  const started = await rig.log.until('reaction.started', { rule: 'provider yahoo-japan: blocked' })
  assert.equal(started['stage'], 'MAIL')
  assert.match(String(started['reply']), /^421 4\.7\.0 \[TSS04\]/)
  // It was to be foreseen: receivers bear what the shipped rules say, whatever one's own say.
  const { parts } = await rig.cli<Rehearsed>('rehearse', '--to', 'yahoo.co.jp=1000')
  assert.ok(parts[0]?.reactions.some(({ rule }) => rule === 'provider yahoo-japan: blocked'))
  const { out } = await rig.cliRun('queue', 'explain', 'yahoo.co.jp', '--lang', 'en')
  assert.match(out, /provider yahoo-japan: blocked, shaping\/japan\.toml:\d+\): 421 .*\[TSS04\]/)
  assert.match(out, /^ {2}done +20/m)
  const over = new Set(
    rig.sandbox
      .overruns()
      .slice(already)
      .map(({ limit }) => limit),
  )
  assert.ok(over.has('messages_per_second'), [...over].join())
})
