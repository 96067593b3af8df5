import assert from 'node:assert/strict'
import { test } from 'node:test'

import { memorySpool } from '#engine/spool'
import { idAt } from '#grammar/message-id'
import { memoryLog } from '#platform/log'
import { MetricsRegistry } from '#platform/metrics'
import { serverKey } from '#platform/secret'
import { openAccounts } from '#product/account'
import { openSuppressions } from '#product/suppression'
import type { Suppressions } from '#product/suppression'

import { testControl } from '../../../test/control.ts'

import { Preferences, TRACKING_METRICS } from './index.ts'

const WISH = {
  organization: 'acme',
  stream: 'news',
  message: idAt(1_700_000_000_000, 0),
  n: 0,
  local: 'Aki',
  domain: 'example.jp',
}

type At = AsyncDisposable & {
  readonly preferences: Preferences
  readonly suppressions: Suppressions
  holding(): Promise<readonly string[]>
  told(): Promise<number>
}

const STREAMS = ['marketing', 'news']

async function rig(): Promise<At> {
  let clock = 1_800_000_000_000
  const now = (): number => (clock += 1)
  const database = await testControl('sqlite')
  const control = database.open()
  const accounts = await openAccounts(control, serverKey(Buffer.alloc(32, 1)), now)
  await accounts.addOrganization('acme')
  const suppressions = await openSuppressions(control, now)
  const spool = await memorySpool()
  const counted = new MetricsRegistry().register(TRACKING_METRICS)
  return {
    preferences: new Preferences({
      spool,
      suppressions,
      streams: () => STREAMS,
      counted,
      log: memoryLog(),
      now,
    }),
    suppressions,
    async holding() {
      const all = await suppressions.list({ organization: 'acme', limit: 9 })
      return all.map(({ stream, reason, address }) => `${stream} ${reason} ${address}`).toSorted()
    },
    told: async () =>
      (await spool.events({ organization: 'acme', kinds: ['unsubscribed'], limit: 9 })).events.length,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}

test('one click stops the stream of the message, and is told once', async () => {
  await using at = await rig()
  assert.equal((await at.preferences.of(WISH)).at, 'subscribed')
  await Promise.all([1, 2, 3].map(() => at.preferences.ask('one-click', WISH, '198.51.100.1')))
  assert.deepEqual(await at.holding(), ['news unsubscribe aki@example.jp'])
  assert.equal((await at.preferences.of(WISH)).at, 'stopped')
  assert.equal(await at.told(), 1)
})

test('all newsletters are stopped together, and one of them taken up again', async () => {
  await using at = await rig()
  await at.preferences.ask('all', WISH, '')
  assert.deepEqual(await at.holding(), [
    'marketing unsubscribe aki@example.jp',
    'news unsubscribe aki@example.jp',
  ])
  await at.preferences.ask('again', WISH, '')
  assert.deepEqual(await at.holding(), ['marketing unsubscribe aki@example.jp'])
  assert.equal((await at.preferences.of(WISH)).at, 'subscribed')
  // Who changes their mind once more is heard.
  await at.preferences.ask('stream', WISH, '')
  assert.equal((await at.preferences.of(WISH)).at, 'stopped')
})

for (const reason of ['complaint', 'manual', 'import'] as const)
  test(`what was stopped as ${reason} is not for the recipient to lift, whatever they press before`, async () => {
    await using at = await rig()
    await at.suppressions.add([
      { organization: 'acme', stream: 'news', address: 'aki@example.jp', reason, evidence: 'x' },
    ])
    assert.equal((await at.preferences.of(WISH)).at, 'held')
    await at.preferences.ask('stream', WISH, '')
    await at.preferences.ask('again', WISH, '')
    assert.deepEqual(await at.holding(), [`news ${reason} aki@example.jp`])
  })

test('a wish is stronger than a bounce', async () => {
  await using at = await rig()
  const bounce = {
    organization: 'acme',
    stream: 'news',
    address: 'aki@example.jp',
    reason: 'bounce',
    evidence: 'x',
  } as const
  await at.suppressions.add([bounce])
  await at.preferences.ask('stream', WISH, '')
  assert.deepEqual(await at.holding(), ['news unsubscribe aki@example.jp'])
})

test('an organization that is no more sends nothing, and nobody hears of an error', async () => {
  await using at = await rig()
  await at.preferences.ask('one-click', { ...WISH, organization: 'gone' }, '')
  assert.equal((await at.preferences.of({ ...WISH, organization: 'gone' })).at, 'subscribed')
})
