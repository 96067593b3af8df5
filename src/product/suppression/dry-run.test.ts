import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import fc from 'fast-check'

import { DryRun } from './dry-run.ts'
import type { DryRunRow, Past } from './dry-run.ts'
import { ruledEvidence } from './experience.ts'
import { InTime } from './in-time.ts'
import type { Policy } from './policy.ts'
import { RecipientNumbers } from './recipient-numbers.ts'
import type { Suppression } from './suppression.ts'

const DAY = 86_400_000
const NOW = 100 * DAY

const policy: Policy = {
  enabled: true,
  unknownExpire: 0,
  hostUnknownExpire: 30 * DAY,
  complaintExpire: 0,
  softCount: 2,
  softWithin: 10 * DAY,
  softExpire: 50 * DAY,
}

type Kind = 'unknown' | 'full' | 'blocked' | 'fine' | 'complaint'

/** On a day, what became of the mail to `address`. The delivery is named by both. */
function past(day: number, address: string, kind: Kind, stream = 'news'): Past {
  const of = { organization: 'acme', stream, address, delivery: `${day}-${address}`, at: day * DAY }
  switch (kind) {
    case 'fine':
      return { ...of, kind: 'delivered' }
    case 'complaint':
      return { ...of, kind: 'complained', evidence: 'abuse' }
    case 'unknown':
      return { ...of, kind: 'bounced', class: 'user-unknown', type: 'hard', evidence: '550 5.1.1 No' }
    case 'full':
      return { ...of, kind: 'bounced', class: 'mailbox-full', type: 'soft', evidence: '452 4.2.2 Full' }
    case 'blocked':
      return { ...of, kind: 'bounced', class: 'blocked', type: 'hard', evidence: '550 5.7.1 Blocked' }
  }
}

function listed(one: Past, more: Partial<Suppression> = {}): Suppression {
  const { organization, address, delivery, at } = one
  const evidence = one.kind === 'delivered' ? '' : one.evidence
  const known = { organization, address, delivery, createdAt: at, evidence }
  return { ...known, stream: '*', reason: 'bounce', ...more }
}

type Tried = { readonly rows: readonly DryRunRow[]; readonly dry: DryRun }

function tried(
  records: readonly Past[],
  list: readonly Suppression[] = [],
  with_: Partial<Policy> = {},
): Tried {
  const dry = new DryRun({
    policy: { ...policy, ...with_ },
    now: NOW,
    providerOf: (domain, site) => site ?? domain,
  })
  for (const one of list) dry.know(one)
  const rows = [...dry.take(records, 0), ...dry.rest(), ...list.flatMap((one) => dry.miss(one) ?? [])]
  return { rows, dry }
}

const told = ({ rows }: Tried): readonly string[] =>
  rows.map(({ change, address, stream, why = '' }) => `${change} ${stream} ${address} ${why}`.trim())

suite('a policy tried on the past', () => {
  test('says who would be suppressed, by what, how often, until when, and at whose hosts', () => {
    const { rows } = tried([
      past(60, 'a@x.test', 'full'),
      { ...past(65, 'a@x.test', 'full'), site: 'mx.x.test' },
      past(66, 'b@x.test', 'complaint'),
    ])
    const [soft, complaint] = rows
    assert.deepEqual(soft, {
      change: 'new',
      organization: 'acme',
      stream: '*',
      address: 'a@x.test',
      provider: 'mx.x.test',
      reason: 'soft-bounces',
      class: 'mailbox-full',
      evidence: '452 4.2.2 Full',
      delivery: '65-a@x.test',
      createdAt: 65 * DAY,
      expiresAt: 115 * DAY,
      count: 2,
      firstAt: 60 * DAY,
    })
    assert.deepEqual(
      [complaint?.stream, complaint?.provider, complaint?.expiresAt],
      ['news', 'x.test', undefined],
    )
  })

  test('takes what happened in the order of time, whatever the order of the records', () => {
    const records = [past(62, 'a@x.test', 'full'), past(61, 'a@x.test', 'fine'), past(60, 'a@x.test', 'full')]
    assert.deepEqual(told(tried(records)), [])
    assert.deepEqual(told(tried([records[0] ?? assert.fail(), past(63, 'a@x.test', 'full')])), [
      'new * a@x.test',
    ])
  })

  test('counts mail that would have been refused, and learns nothing from it', () => {
    const { dry, rows } = tried([
      past(60, 'a@x.test', 'unknown'),
      past(61, 'a@x.test', 'fine', 'orders'),
      past(62, 'a@x.test', 'unknown'),
    ])
    assert.equal(rows.length, 1)
    assert.deepEqual([dry.totals.refused, dry.totals.refusedDelivered], [2, 1])
  })

  test('tells those on the list that would stay from those that would not be there, and says why not', () => {
    const records = [
      past(60, 'stays@x.test', 'unknown'),
      past(60, 'few@x.test', 'full'),
      past(20, 'old@x.test', 'full'),
      past(21, 'old@x.test', 'full'),
      past(60, 'blocked@x.test', 'blocked'),
    ]
    const [stays, few, , old, blocked] = records.map((one) => listed(one))
    const list = [stays, few, old, blocked].filter((one) => one !== undefined)
    const found = tried(records, list)
    assert.deepEqual(told(found), [
      'same * stays@x.test',
      'gone * few@x.test too-few',
      'gone * old@x.test expired',
      'gone * blocked@x.test not-for-this',
    ])
    assert.deepEqual(found.dry.totals.changes, { new: 0, same: 1, gone: 3 })
    assert.deepEqual(found.dry.totals.classes.get('user-unknown'), { new: 0, same: 1, gone: 0 })
    assert.equal(found.dry.totals.over, 1)
  })

  test('says nothing of what people and rules put there, or of what there is no record of', () => {
    const one = past(60, 'a@x.test', 'blocked')
    const other = past(60, 'b@x.test', 'blocked')
    const { rows, dry } = tried(
      [one],
      [
        listed(one, { stream: 'orders', reason: 'manual' }),
        listed(one, { evidence: ruledEvidence('550 5.7.1 Blocked', 'domain x.test: never') }),
        listed(other),
      ],
    )
    assert.deepEqual(rows, [])
    assert.deepEqual([dry.totals.untouched, dry.totals.noRecord], [2, 1])
  })

  test('whoever was taken off the list by people is not put there again for what went before', () => {
    const records = [
      past(60, 'a@x.test', 'unknown'),
      past(60, 'b@x.test', 'full'),
      past(64, 'b@x.test', 'full'),
    ]
    const removed = records
      .slice(0, 2)
      .map((one) => listed(one, { removedAt: 62 * DAY, removedWhy: 'wrote' }))
    assert.deepEqual(told(tried(records, removed)), [])
    const again = [...records, past(63, 'a@x.test', 'unknown'), past(65, 'b@x.test', 'full')]
    assert.deepEqual(told(tried(again, removed)), ['new * a@x.test', 'new * b@x.test'])
  })

  test('a policy that is off suppresses only those who complain', () => {
    const records = [past(60, 'a@x.test', 'unknown'), past(61, 'b@x.test', 'complaint')]
    assert.deepEqual(told(tried(records, [], { enabled: false })), ['new news b@x.test'])
  })
})

test('what comes a little out of order goes in order, and no more is kept than is said', () => {
  const records = fc.array(fc.nat(100))
  fc.assert(
    fc.property(records, (times) => {
      const waiting = new InTime<{ readonly at: number }>(1_000)
      for (const at of times) waiting.add({ at })
      const early = [...waiting.until(50)].map(({ at }) => at)
      const all = [...early, ...[...waiting.until(Infinity)].map(({ at }) => at)]
      assert.deepEqual(
        all,
        times.toSorted((a, b) => a - b),
      )
      assert.ok(early.every((at) => at <= 50))
    }),
  )
  const small = new InTime<{ readonly at: number }>(2)
  for (const at of [9, 7, 8]) small.add({ at })
  assert.deepEqual([...small.until(0)], [{ at: 7 }])
})

test('numbers of recipients stay through the growth of their table', () => {
  const numbers = new RecipientNumbers(2)
  assert.equal(numbers.get('a0', 1), 0)
  for (let i = 0; i < 5_000; i += 1) numbers.set(`a${i}`, i % 2, i + 1)
  for (let i = 0; i < 5_000; i += 1) {
    assert.equal(numbers.get(`a${i}`, i % 2), i + 1)
    assert.equal(numbers.get(`a${i}`, (i + 1) % 2), 0)
  }
  assert.equal(numbers.get('b', 0), 0)
})
