/** Campaigns that a reply holds: on all paths, over a crash, and until that is over or an operator says so. */

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'

import type { Explained, MessageRow } from '#product/operation'

import { DOMAIN, Rig } from './rig.ts'

const FROM = `alice@${DOMAIN}`

const RULES = `
[domain."news.example.com".reactions.spam]
stage = ["end of data"]
code = [554]
times = 2
within = "1m"
do = "hold-campaign"
for = "1h"

[domain."brief.example.com".reactions.spam]
code = [554]
do = "hold-campaign"
for = "2s"
`

suite('campaigns that are held', () => {
  let rig: Rig
  before(async () => {
    rig = await Rig.prepare()
    mkdirSync(join(rig.directory, 'shaping'), { recursive: true })
    writeFileSync(join(rig.directory, 'shaping', 'own.toml'), RULES)
    rig.configure({ queue: 'retry = ["1s"]\njitter = 0' })
    await rig.run()
    await rig.seed()
  })
  after(() => rig[Symbol.asyncDispose]())

  const submit = (to: string, header = ''): ReturnType<Rig['submit']> =>
    rig.submit({ from: FROM, to, content: `${header}From: <${FROM}>\r\nTo: <${to}>\r\n\r\nx\r\n` })

  const SPRING = 'X-Hikyaku-Campaign: spring\r\n'
  const rule = 'domain news.example.com: spam'

  const stateOf = async (message: string): Promise<string | undefined> => {
    const rows = await rig.cli<readonly MessageRow[]>(
      'message',
      'list',
      '--campaign',
      'spring',
      '--limit',
      '50',
    )
    return rows.find((row) => row.message.id === message)?.delivery.state
  }

  test('a campaign that is refused too often is held on all paths, over a crash, until an operator ends it', async () => {
    const first = await submit('reject-content+0@news.example.com', SPRING)
    await rig.log.until('delivery.bounced', { message: first })
    await submit('reject-content+1@news.example.com', 'Feedback-ID: spring:a:b:c\r\n')
    const { campaign, delivery } = await rig.log.until('reaction.started', { rule })
    assert.deepEqual([campaign, typeof delivery], ['spring', 'string'])
    const [live] = await rig.operations.reactions()
    assert.deepEqual(
      [live?.rule, live?.act.do, live?.cause.attempt.text],
      [rule, 'hold-campaign', 'Message content rejected'],
    )
    const [here, elsewhere] = [
      await submit('jane@news.example.com', SPRING),
      await submit('jane@elsewhere.example.com', SPRING),
    ]
    for (const message of [here, elsewhere]) await rig.log.until('delivery.held', { message })
    await submit('other@news.example.com', 'X-Hikyaku-Campaign: summer\r\n')
    await submit('none@news.example.com')
    const summer = await rig.delivered('other@news.example.com')
    assert.doesNotMatch(summer.raw.toString(), /campaign/i)
    await rig.delivered('none@news.example.com')

    const { deliveries } = await rig.cli<Explained>('message', 'explain', elsewhere)
    const [reason] = deliveries[0]?.reasons ?? []
    assert.equal(reason?.at === 'campaign-held' && reason.last.text, 'Message content rejected')
    const told = await rig.cliRun('message', 'explain', elsewhere, '--lang', 'en')
    assert.match(told.out, /the campaign spring in \S+ of default, wherever it would go \(domain news/)
    assert.match(told.out, new RegExp(`hikyaku shaping cancel ${live?.id}`))
    const reactions = await rig.cliRun('shaping', 'reactions')
    assert.match(reactions.out, /hold-campaign default\/\S+\/spring for 1h/)

    await rig.restart('kill')
    assert.deepEqual(await rig.operations.reactions(), [live])
    const later = await submit('later@elsewhere.example.com', SPRING)
    await rig.log.until('delivery.held', { message: later })
    await rig.cli('message', 'release', later)
    await rig.delivered('later@elsewhere.example.com')
    assert.equal(await stateOf(elsewhere), 'held')
    const id = live?.id ?? ''
    await rig.cli('shaping', 'extend', id, '1h')
    await rig.cli('shaping', 'cancel', id)
    await rig.delivered('jane@news.example.com')
    await rig.delivered('jane@elsewhere.example.com')
  })

  test('at its end it lets everything go by itself', async () => {
    const header = 'X-Hikyaku-Campaign: brief\r\n'
    await submit('reject-content@brief.example.com', header)
    await rig.log.until('reaction.started', { rule: 'domain brief.example.com: spam' })
    await submit('jane@brief.example.com', header)
    await rig.log.until('delivery.held', { to: 'jane@brief.example.com' })
    const { reaction } = await rig.log.until('reaction.ended', { does: 'hold-campaign' })
    assert.equal(typeof reaction, 'string')
    await rig.delivered('jane@brief.example.com')
  })
})
