/** What an operator does to a running node, and what the node does when it is stopped, killed or reloaded. */

import assert from 'node:assert/strict'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'

import type { Change, DeliveryFilter, DeliveryState, MessageId } from '#engine/spool'
import { ensureSelfSigned } from '#platform/tls'
import type { QueueRow } from '#product/operation'

import { launch } from './child-node.ts'
import { Client } from './client.ts'
import { DOMAIN, Rig } from './rig.ts'

const FROM = `alice@${DOMAIN}`
/** So long that nothing is tried twice by itself. */
const SLOW = 'retry = ["10m"]\njitter = 0'

function letter(to: string): string {
  return `From: <${FROM}>\r\nTo: <${to}>\r\n\r\nx\r\n`
}

// One after the other: they stop and start the node.
suite('operation', () => {
  let rig: Rig
  before(async () => {
    rig = await Rig.start({ sections: { queue: SLOW }, sandbox: { slowness: 300 } })
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  const submit = (to: string, mail = ''): Promise<MessageId> =>
    rig.submit({ from: FROM, to, content: letter(to), mail })

  async function state(id: MessageId): Promise<DeliveryState | undefined> {
    return (await rig.operations.message({ id }))?.deliveries[0]?.delivery.state
  }

  /** How many deliveries it changed. */
  async function change(what: Change, filter: DeliveryFilter): Promise<number> {
    const { count } = await rig.operations.change({ filter, change: what, reason: 'for a test' })
    return count
  }

  async function putOff(to: string): Promise<MessageId> {
    const id = await submit(to)
    await rig.log.until('delivery.deferred', { message: id })
    return id
  }

  test('what happened is told and counted: by the command line', async () => {
    const id = await putOff('defer-1@told.example.com')
    type Told = { events: { message: string; kind: string; attempt?: object }[] }
    const { events } = await rig.cli<Told>('events', '--kind', 'accepted,deferred')
    const mine = events.filter(({ message }) => message === id)
    assert.deepEqual(
      mine.map(({ kind, attempt }) => [kind, attempt !== undefined]),
      [
        ['accepted', false],
        ['deferred', true],
      ],
    )
    // From the day's beginning, which domains are counted by.
    const report = await rig.cli('report', '--domain', 'told.example.com')
    assert.deepEqual(report, [{ accepted: 1, deferred: 1 }])
  })

  test('hold keeps a delivery, release lets it go, retry does not wait: by the command line', async () => {
    const to = 'defer-1@held.example.com'
    const id = await putOff(to)
    await rig.cli('message', 'hold', id)
    assert.equal(await state(id), 'held')
    assert.equal(await change('retry', { message: id }), 0, 'what is held is not tried')
    await rig.cli('message', 'release', id)
    assert.equal(await state(id), 'waiting')
    await rig.cli('message', 'retry', id)
    await rig.delivered(to)
  })

  test('cancel ends a delivery: it is not tried again, and nobody is told', async () => {
    const to = 'defer-1@cancelled.example.com'
    const id = await putOff(to)
    await rig.cli('message', 'cancel', id, '--reason', 'a mistake')
    const shown = await rig.operations.message({ id })
    assert.equal(shown?.deliveries[0]?.delivery.state, 'cancelled')
    assert.equal(shown.deliveries[0].delivery.lastReply, 'a mistake')
    assert.equal(shown.hasBody, false)
    assert.equal(await change('retry', { message: id }), 0)
    assert.deepEqual(rig.received(to), [])
    assert.equal(rig.log.count('notice.sent', { about: id }), 0)
  })

  test('a queue is held, released and tried now as a whole', async () => {
    const domain = 'whole-queue.example.com'
    const ids = await Promise.all([1, 2, 3].map((n) => putOff(`defer-1+${n}@${domain}`)))
    assert.equal(await change('hold', { queue: `default/transactional/${domain}` }), 3)
    const [row] = await rig.cli<QueueRow[]>('queue', '--match', domain)
    assert.deepEqual([row?.queue, row?.held], [`default/transactional/${domain}`, 3])
    assert.equal(await change('release', { recipient: `@${domain}` }), 3)
    assert.equal(await change('retry', { recipient: `@${domain}` }), 3)
    for (const message of ids) await rig.log.until('delivery.delivered', { message })
  })

  test('send hands over a message, and message show tells what became of it', async () => {
    const to = 'cli@sent.example.com'
    const { id } = await rig.cli<{ id: string }>(
      'send',
      '--from',
      FROM,
      '--to',
      to,
      '--text',
      'Hello from a shell.',
    )
    const { raw } = await rig.delivered(to)
    assert.match(raw.toString(), /Hello from a shell\./)
    const { code, out } = await rig.cliRun('message', 'show', id)
    assert.equal(code, 0)
    assert.match(out, /delivered/)
    assert.match(out, /250 2\.0\.0 OK/)
  })

  test('a revoked credential logs in no more within a second or so', async () => {
    const added = await rig.operations.credentialAdd({
      organization: 'default',
      stream: 'transactional',
      note: '',
    })
    const credential = { login: added.credential.login, password: added.password }
    const open = await Client.ready(rig.node.port('submission'), { tls: 'starttls' })
    assert.match(await open.login('PLAIN', credential), /^235 /)
    await rig.operations.credentialRevoke({ login: credential.login })
    const end = performance.now() + 5_000
    let said = ''
    while (!said.startsWith('535')) {
      assert.ok(performance.now() < end, `still ${said}`)
      using client = await Client.ready(rig.node.port('submission'), { tls: 'starttls' })
      said = await client.login('PLAIN', credential)
    }
    open[Symbol.dispose]()
  })

  test('/healthz and /readyz say ok, and /metrics what was accepted and delivered', async () => {
    const { monitoring } = rig.node
    for (const page of ['healthz', 'readyz']) {
      const response = await fetch(`${monitoring}/${page}`)
      assert.deepEqual([response.status, await response.text()], [200, 'ok\n'])
    }
    const to = 'counted@metrics.example.com'
    await submit(to)
    await rig.delivered(to)
    const text = await (await fetch(`${monitoring}/metrics`)).text()
    assert.match(text, /^hikyaku_submission_messages_accepted_total\{listener="trusted"\} [1-9]/m)
    assert.match(text, /^hikyaku_queue_outcomes_total\{state="delivered"\} [1-9]/m)
    assert.match(text, /^hikyaku_event_loop_delay_seconds\{/m)
  })

  test('a second process on the same data directory is refused, and says who has it', async () => {
    await using second = launch(rig.files, {})
    const { code } = await second.ended
    assert.notEqual(code, 0)
    assert.match(second.complaint(), new RegExp(`in use by process ${rig.node.pid}`))
    await submit('still@there.example.com')
    await rig.delivered('still@there.example.com')
  })

  test('SIGHUP: new limits and a new certificate hold for new sessions, and no session is dropped', async () => {
    const { directory, node } = rig
    const pem = join(directory, 'renewed.pem')
    copyFileSync(await ensureSelfSigned(join(directory, 'first'), 'first.hikyaku.test', Date.now), pem)
    const tls = `certificate = "${pem}"\nkey = "${pem}"`
    rig.configure({ queue: SLOW, tls })
    const signalled = async (): Promise<void> => {
      const reloads = rig.log.count('config.reloaded')
      process.kill(node.pid, 'SIGHUP')
      await rig.log.until('config.reloaded', {}, reloads + 1)
    }
    const name = async (): Promise<string> => {
      using client = await Client.ready(node.port('submission'), { tls: 'starttls' })
      return String(client.certificate.subject.CN)
    }
    await signalled()
    assert.equal(await name(), 'first.hikyaku.test')

    using old = await Client.ready(node.port('submission'), { tls: 'starttls', credential: rig.credential })
    assert.match(await old.say(`MAIL FROM:<${FROM}> SIZE=200000`), /^250 /)
    copyFileSync(await ensureSelfSigned(join(directory, 'second'), 'second.hikyaku.test', Date.now), pem)
    rig.configure({ queue: SLOW, tls, limits: 'size = "100KiB"\nheader_bytes = "64KiB"' })
    await signalled()
    assert.equal(await name(), 'second.hikyaku.test')
    // The session of before ends its transaction, by the limits it began with.
    const to = 'kept@session.example.com'
    assert.match(await old.say(`RCPT TO:<${to}>`), /^250 /)
    assert.match(await old.say('DATA'), /^354 /)
    old.write(`${letter(to)}.\r\n`)
    assert.match(await old.reply(), /^250 /)
    await rig.delivered(to)
    using fresh = await rig.client()
    assert.match(await fresh.say(`MAIL FROM:<${FROM}> SIZE=200000`), /^552 /)
  })

  test('SIGHUP with mistakes in the file keeps what there was, and the log tells each of them', async () => {
    const refused = rig.log.count('config.refused')
    writeFileSync(rig.files.configuration, '[nodes]\nname = 1\n[limits]\nsize = "many"\n')
    process.kill(rig.node.pid, 'SIGHUP')
    const { problems } = await rig.log.until('config.refused', {}, refused + 1)
    assert.ok((problems as string[]).length >= 2, JSON.stringify(problems))
    await submit('unharmed@config.example.com')
    await rig.delivered('unharmed@config.example.com')
    rig.configure({ queue: SLOW })
  })

  test('SIGTERM lets a transaction end, sends idle sessions away with 421, and the process ends with 0', async () => {
    const { node } = rig
    const to = 'last@drained.example.com'
    using idle = await rig.client()
    using busy = await rig.client()
    await busy.say(`MAIL FROM:<${FROM}>`)
    await busy.say(`RCPT TO:<${to}>`)
    assert.match(await busy.say('DATA'), /^354 /)
    const ended = node.stop()
    assert.match(await idle.reply(), /^421 /)
    await assert.rejects(Client.ready(node.port('trusted')))
    busy.write(`${letter(to)}.\r\n`)
    assert.match(await busy.reply(), /^250 /)
    assert.deepEqual(await ended, { code: 0, signal: null })
    // Taken in the last moment: sent by the next process, if not by this one.
    await rig.run()
    await rig.delivered(to)
    assert.equal(rig.received(to).length, 1)
  })

  test('SIGTERM lets mail that is being sent arrive, and it is not sent again', async () => {
    const to = 'tarpit@slow.example.com'
    const id = await submit(to)
    // On the wire, at a peer that takes its time.
    while ((await rig.operations.status()).onWire === 0)
      assert.equal(rig.log.count('delivery.delivered', { to }), 0)
    assert.equal((await rig.node.stop()).code, 0)
    assert.equal(rig.log.count('delivery.delivered', { message: id }), 1)
    await rig.run()
    assert.equal(await state(id), 'delivered')
    assert.equal(rig.received(to).length, 1)
  })

  for (const how of ['stop', 'kill'] as const) {
    test(`after ${how}: what waited, was held or scheduled is as it was, and goes out in its time`, async () => {
      const domain = `${how}.example.com`
      const began = Date.now()
      const scheduled = await submit(`scheduled@${domain}`, 'HOLDFOR=4')
      const waiting = await putOff(`defer-1+w@${domain}`)
      const held = await putOff(`defer-1+h@${domain}`)
      const cancelled = await putOff(`defer-1+c@${domain}`)
      await change('hold', { message: held })
      await change('cancel', { message: cancelled })
      const states = (): Promise<unknown[]> => Promise.all([waiting, held, cancelled].map(state))
      assert.deepEqual(await states(), ['waiting', 'held', 'cancelled'])
      const ended = await rig.restart(how)
      assert.deepEqual(ended, how === 'kill' ? { code: null, signal: 'SIGKILL' } : { code: 0, signal: null })
      assert.deepEqual(await states(), ['waiting', 'held', 'cancelled'])
      await rig.log.until('delivery.delivered', { message: scheduled })
      assert.ok((rig.received(`scheduled@${domain}`)[0]?.at ?? 0) >= began + 4_000)
      await change('release', { message: held })
      assert.equal(await change('retry', { recipient: `@${domain}` }), 2)
      for (const message of [waiting, held]) await rig.log.until('delivery.delivered', { message })
      assert.deepEqual(await states(), ['delivered', 'delivered', 'cancelled'])
    })
  }
})
