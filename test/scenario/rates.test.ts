/**
 * A source that is warmed up at receivers who complain and refuse, over real sockets: it is slowed, says why, and goes on
 * when the rates have recovered.
 */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import type { MessageId } from '#engine/spool'
import { formatMailbox } from '#grammar/address'
import type { RatesView } from '#product/operation'

import { shippedPersonalities } from '../shipped-rules.ts'

import { Client } from './client.ts'
import { DOMAIN, Rig } from './rig.ts'
import type { Sections } from './rig.ts'

const FROM = `shop@${DOMAIN}`
const BOUNCES = `bounce.${DOMAIN}`

const SECTIONS: Sections = {
  queue: `retry = ["1s"]\njitter = 0\nreturn_path_domain = "${BOUNCES}"`,
  'listeners.mx': 'address = "127.0.0.1"\nport = 0\nkind = "mx"',
  'egress.sources.fresh': 'address = "127.0.0.2"\nwarm_up = true',
  warm_up: 'schedule = [10, 20, 100]',
  reputation: 'blocklists = []\nrates_every = "100ms"',
  'reputation.rates': 'minimum = 10\ncomplained_warn = 0.1\ncomplained_bad = 0.1',
}

/** As a receiver tells of a recipient who said that it is spam. RFC 5965 §2 */
function complaint(): string {
  return report('feedback-report', 'Feedback-Type: abuse\r\nUser-Agent: ExampleFBL/1\r\nVersion: 1')
}

/** As a host tells that it would not have the message after all. */
function refusal(to: string): string {
  const fields = 'Status: 5.7.1\r\nDiagnostic-Code: smtp; 550 5.7.1 Client host blocked using a list of ours'
  const group = `Final-Recipient: rfc822; ${to}\r\nAction: failed\r\n${fields}`
  return report('delivery-status', `Reporting-MTA: dns; mx.example.net\r\n\r\n${group}`)
}

function report(type: string, fields: string): string {
  return [
    'From: robot@mx.example.net',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=${type}; boundary=b`,
    '',
    '--b',
    `Content-Type: message/${type}`,
    '',
    fields,
    '--b--',
    '',
  ].join('\r\n')
}

suite('rates of a source', () => {
  let rig: Rig

  before(async () => {
    rig = await Rig.start({ sections: SECTIONS, sandbox: { personalities: shippedPersonalities() } })
  })
  after(() => rig[Symbol.asyncDispose]())

  const submit = (to: string): Promise<MessageId> =>
    rig.submit({ from: FROM, to, content: `From: <${FROM}>\r\nTo: <${to}>\r\n\r\nx\r\n` })

  async function delivered(addresses: readonly string[]): Promise<void> {
    for (const to of addresses) await submit(to)
    for (const to of addresses) await rig.delivered(to)
  }

  /** To the return path that the message to `to` had. */
  async function comesBack(
    to: string,
    kind: 'complaint.received' | 'bounce.received',
    content: string,
  ): Promise<void> {
    const { envelope } = await rig.delivered(to)
    assert(envelope.from !== null)
    using client = await Client.ready(rig.node.port('mx'))
    assert.match(await client.submit({ from: '', to: formatMailbox(envelope.from), content }), /^250/)
    await rig.log.until(kind, { to })
  }

  async function reasonOf(id: MessageId): Promise<string | undefined> {
    return (await rig.operations.explain({ id }))?.deliveries[0]?.reasons[0]?.at
  }

  const rateHigh = (rate: string, provider: string): number =>
    rig.log.count('source.rate-high', { source: 'fresh', provider, rate })

  test('complaints beyond the limit take the warm-up a step back, which says so until they are few, over a restart', async () => {
    await rig.operations.warmUpSet({ source: 'fresh', provider: 'google', step: 2 })
    await delivered(letters(12, 'reader', 'gmail.com'))
    await comesBack('reader0@gmail.com', 'complaint.received', complaint())
    assert.equal(rateHigh('complained', 'google'), 0)
    await comesBack('reader1@gmail.com', 'complaint.received', complaint())
    const high = await rig.log.until('source.rate-high', { source: 'fresh', provider: 'google' })
    assert.deepEqual([high['rate'], high['beyond'], high['bad'], high['of']], ['complained', 'bad', 2, 12])
    const stepped = await rig.log.until('warmup.stepped', { provider: 'google', why: 'bad-signs' })
    assert.deepEqual(
      [stepped['step'], stepped['limit'], stepped['sign'], stepped['bad']],
      [1, 10, 'complained', 2],
    )

    const waiting = await submit('later@gmail.com')
    // At first it is on its way to a path that is found to be full.
    while ((await reasonOf(waiting)) !== 'warming');
    const why =
      /step 1 of 3 allows 10 messages .* within a day 2 of 12 recipients complained \(17 %, more than 10 %\)/
    assert.match((await rig.cliRun('message', 'explain', waiting, '--lang', 'en')).out, why)
    const explained = async (language: string): Promise<string> =>
      (await rig.cliRun('queue', 'explain', 'gmail.com', '--lang', language)).out
    assert.match(
      await explained('en'),
      /fresh: warm-up step 1 \(slowed: 2 of 12 complained\), 10 today to google/,
    )
    assert.match(await explained('ja'), /12 件中 2 件が迷惑メール報告/)

    const sources = await rig.operations.sources()
    const [fresh] = sources.filter(({ name }) => name === 'fresh')
    assert.deepEqual(
      fresh?.alerts
        .filter(({ provider }) => provider === 'google')
        .map(({ measure, level }) => [measure, level]),
      [['complained', 'bad']],
    )
    assert.equal(fresh.warmUps.find(({ provider }) => provider === 'google')?.slowed?.sign.kind, 'complained')
    assert.match(
      (await rig.cliRun('source', 'show', 'fresh', '--lang', 'en')).out,
      /too high +google: within a day 2 of 12/,
    )
    const { rows } = await rig.cli<RatesView>('reputation', 'rates', '--span', 'hour')
    assert.deepEqual(
      rows
        .filter(({ provider }) => provider === 'google')
        .map(({ delivered: all, complained }) => [all, complained]),
      [[12, 2]],
    )
    await overRestart()
  })

  /** A restart tells nothing again, an operator overrules it, and the rate recovers. */
  async function overRestart(): Promise<void> {
    await rig.restart('kill')
    const state = (await rig.operations.warmUps()).find(({ provider }) => provider === 'google')
    assert.deepEqual([state?.step, state?.slowed?.sign.kind], [1, 'complained'])
    await rig.operations.warmUpSet({ source: 'fresh', provider: 'google', step: 3 })
    await rig.delivered('later@gmail.com')
    await delivered(letters(16, 'more', 'gmail.com'))
    const recovered = await rig.log.until('source.rate-recovered', { source: 'fresh', provider: 'google' })
    assert.deepEqual([recovered['rate'], recovered['bad']], ['complained', 2])
    assert.equal(rateHigh('complained', 'google'), 1)
    assert.equal(rig.log.count('warmup.stepped', { provider: 'google', why: 'bad-signs' }), 1)
  }

  test('what is refused for reputation counts, at once or hours later, where it was sent', async () => {
    await rig.operations.warmUpSet({ source: 'fresh', provider: 'others', step: 2 })
    await delivered(letters(12, 'reader', 'later.example.com'))
    await submit('blocked@later.example.com')
    await rig.log.until('delivery.bounced', { to: 'blocked@later.example.com' })
    await comesBack('reader0@later.example.com', 'bounce.received', refusal('reader0@later.example.com'))
    // The notification of the bounce counts as well, whenever it arrives.
    const high = await rig.log.until('source.rate-high', {
      provider: 'others',
      rate: 'refused',
      beyond: 'bad',
    })
    assert.equal(high['bad'], 2)
    const stepped = await rig.log.until('warmup.stepped', { provider: 'others', why: 'bad-signs' })
    assert.deepEqual([stepped['step'], stepped['sign']], [1, 'refused'])
    const waiting = await submit('late@later.example.com')
    while ((await reasonOf(waiting)) !== 'warming');
    const told = await rig.cliRun('message', 'explain', waiting, '--lang', 'en')
    assert.match(told.out, /within a day 2 of \d+ messages were refused for what is thought of us/)
  })
})

function letters(count: number, name: string, domain: string): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${name}${n}@${domain}`)
}
