import assert from 'node:assert/strict'
import { test } from 'node:test'

import { memorySpool } from '#engine/spool'
import type { Event, Spool } from '#engine/spool'
import { idAt } from '#grammar/message-id'
import { BURST } from '#grammar/tracking'
import { memoryLog } from '#platform/log'
import { MetricsRegistry } from '#platform/metrics'

import { TRACKING_METRICS, TrackingRecorder } from './index.ts'
import type { Client, RecorderOptions } from './index.ts'

const NOON = Date.UTC(2026, 10, 22, 12)
const ID = idAt(1_700_000_000_000, 0)
const OF = { organization: 'acme', stream: 'marketing', message: ID, n: 0 }
const CLIENT: Client = {
  method: 'GET',
  address: '198.51.100.7',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  purpose: '',
}

type At = {
  readonly recorder: TrackingRecorder
  readonly spool: Spool
  clock: number
  readonly log: ReturnType<typeof memoryLog>
}

async function rig(options: Partial<RecorderOptions> = {}): Promise<At> {
  const spool = await memorySpool()
  await spool.accept(
    {
      message: {
        id: ID,
        acceptedAt: NOON - 90_000,
        organization: 'acme',
        stream: 'marketing',
        door: 'api',
        client: { address: '', helo: '', protocol: '' },
        from: { local: 'shop', domain: 'example.com' },
        size: 1,
        body: '7bit',
        smtputf8: false,
        requireTls: false,
        priority: 0,
        expiresAt: NOON * 2,
        tags: ['spring'],
      },
      deliveries: [
        { to: { local: 'aki', domain: 'example.jp' }, queue: 'q', band: 0, state: 'active', due: NOON },
      ],
    },
    Buffer.from('x'),
  )
  const log = memoryLog()
  const at: At = { spool, clock: NOON, log, recorder: undefined as never }
  const recorder = new TrackingRecorder({
    spool,
    patience: { soon: 5_000 },
    keepClient: false,
    counted: new MetricsRegistry().register(TRACKING_METRICS),
    log,
    now: () => at.clock,
    ...options,
  })
  return Object.assign(at, { recorder })
}

async function deliver({ spool }: At, at: number): Promise<void> {
  const settlement = { key: { message: ID, n: 0 }, state: 'delivered', due: at, at, reason: '' } as const
  await spool.settle(settlement)
}

async function told({ recorder, spool }: At): Promise<readonly Event[]> {
  await recorder.flush()
  const { events } = await spool.events({ organization: 'acme', kinds: ['opened', 'clicked'], limit: 500 })
  return events
}

function click(link: number): Parameters<TrackingRecorder['clicked']>[0] {
  return { ...OF, link, url: `https://shop.example.com/${link}` }
}

test('an open says of which delivery it is, with what the sender said of it, and not from where', async () => {
  const at = await rig()
  await deliver(at, NOON - 60_000)
  at.recorder.opened(OF, CLIENT)
  const [event] = await told(at)
  assert.deepEqual(
    [event?.kind, event?.to, event?.from, event?.tags, event?.first, event?.data],
    ['opened', 'aki@example.jp', 'shop@example.com', ['spring'], true, { class: 'human', rule: 'none' }],
  )
})

test('where it is kept from where and with what, the event has it', async () => {
  const at = await rig({ keepClient: true })
  at.recorder.opened(OF, { ...CLIENT, userAgent: 'x'.repeat(500) })
  const [event] = await told(at)
  assert.deepEqual(
    [event?.data?.['address'], String(event?.data?.['user_agent']).length],
    ['198.51.100.7', 300],
  )
})

test('a click before the receiver has taken the message, or within seconds of it, is a machine’s', async () => {
  const at = await rig()
  at.recorder.clicked(click(0), CLIENT)
  assert.equal((await told(at)).at(-1)?.data?.['rule'], 'before-delivery')
  await deliver(at, NOON)
  at.clock += 3_000
  at.recorder.clicked(click(0), CLIENT)
  assert.equal((await told(at)).at(-1)?.data?.['rule'], 'too-soon')
  at.clock += 60_000
  at.recorder.clicked(click(0), CLIENT)
  const last = (await told(at)).at(-1)
  assert.deepEqual([last?.data?.['class'], last?.first], ['human', true])
})

test('all links at once are a machine’s, the first of them too; one after the other they are not', async () => {
  const at = await rig()
  await deliver(at, NOON - 60_000)
  for (let link = 0; link < 3; link += 1) {
    at.recorder.clicked(click(link), CLIENT)
    at.clock += 100
  }
  assert.deepEqual(
    (await told(at)).map(({ data }) => data?.['rule']),
    ['many-links', 'many-links', 'many-links'],
  )
  for (let link = 0; link < 3; link += 1) {
    at.clock += 2 * BURST.within
    at.recorder.clicked(click(link), CLIENT)
  }
  const rules = (await told(at)).slice(3).map(({ data }) => data?.['class'])
  assert.deepEqual(rules, ['human', 'human', 'human'])
})

test('what nobody remembers is told without a recipient', async () => {
  const at = await rig()
  at.recorder.opened({ ...OF, message: idAt(1_600_000_000_000, 0) }, CLIENT)
  const [event] = await told(at)
  assert.deepEqual([event?.to, event?.stream, event?.first], [undefined, 'marketing', undefined])
})

test('a delivery of another organization is none of this token', async () => {
  const at = await rig()
  at.recorder.opened({ ...OF, organization: 'other' }, CLIENT)
  await at.recorder.flush()
  const { events } = await at.spool.events({ organization: 'other', limit: 9 })
  assert.deepEqual([events.length, events[0]?.to], [1, undefined])
})

test('a hundred of one delivery within an hour are told, and no more', async () => {
  const at = await rig()
  for (let i = 0; i < 150; i += 1) at.recorder.opened(OF, CLIENT)
  assert.equal((await told(at)).length, 100)
  at.clock += 3_600_001
  at.recorder.opened(OF, CLIENT)
  assert.equal((await told(at)).length, 101)
})

test('what cannot be kept is logged, and no one is told', async () => {
  const spool = { list: async () => [], append: () => Promise.reject(new Error('full')) }
  const at = await rig({ spool })
  at.recorder.opened(OF, CLIENT)
  await at.recorder.flush()
  assert.equal(at.log.lines.at(-1)?.event, 'tracking.not-kept')
})
