/** What holds for suppressions on either engine. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'

import { serverKey } from '#platform/secret'
import { openAccounts } from '#product/account'

import { ENGINES, testControl } from '../../../test/control.ts'
import type { TestControl } from '../../../test/control.ts'

import { openRecorder, openSuppressionFilter, openSuppressions, SuppressionError } from './index.ts'
import type {
  Experience,
  NewSuppression,
  Policy,
  Recorder,
  SuppressionFilter,
  Suppressions,
} from './index.ts'

const key = serverKey(Buffer.alloc(32, 5))
const DAY = 86_400_000

const policy: Policy = {
  enabled: true,
  unknownExpire: 0,
  hostUnknownExpire: 90 * DAY,
  complaintExpire: 0,
  softCount: 3,
  softWithin: 14 * DAY,
  softExpire: 30 * DAY,
}

function failsWith(code: SuppressionError['code']): (error: unknown) => boolean {
  return (error) => error instanceof SuppressionError && error.code === code
}

for (const engine of ENGINES) {
  suite(`suppressions on ${engine}`, () => {
    let control: TestControl
    let suppressions: Suppressions
    let record: (batch: readonly Experience[]) => ReturnType<Recorder['record']>
    let filter: SuppressionFilter
    let now = Date.UTC(2026, 10, 22)

    before(async () => {
      control = await testControl(engine)
      const command = control.open()
      const accounts = await openAccounts(command, key, () => now)
      await accounts.addOrganization('acme')
      await accounts.addOrganization('globex')
      suppressions = await openSuppressions(command, () => now)
      const recorder = await openRecorder(command, () => now)
      record = (batch) => recorder.record(batch, policy)
      // A connection of its own: the transport thread, while others write.
      filter = await openSuppressionFilter(control.open(), {
        now: () => now,
        failed: (error) => assert.fail(String(error)),
      })
    })
    after(async () => {
      filter.close()
      await control[Symbol.asyncDispose]()
    })

    const add = (address: string, more: Partial<NewSuppression> = {}) =>
      suppressions.add([
        { organization: 'acme', stream: '*', address, reason: 'manual', evidence: 'asked by phone', ...more },
      ])
    const find = async (local: string, stream = 'transactional', organization = 'acme') => {
      await filter.refresh()
      return filter.find(organization, stream, { local, domain: 'example.com' })
    }
    const bounce = (address: string, more: object): Experience => ({
      organization: 'acme',
      stream: 'marketing',
      address,
      delivery: '0ab3xk9m2pq.0',
      at: now,
      kind: 'bounced',
      evidence: '550 5.1.1 no such user',
      class: 'user-unknown',
      type: 'hard',
      ...more,
    })

    test('a recipient is found whatever the case, by its organization alone', async () => {
      await add('Case.One@Example.COM')
      const found = await find('cAsE.oNe')
      assert.equal(found?.address, 'case.one@example.com')
      assert.equal(found.evidence, 'asked by phone')
      assert.equal(await find('case.one', 'transactional', 'globex'), undefined)
      assert.equal(await find('case.two'), undefined)
    })

    test('a suppression of one stream leaves the others alone', async () => {
      await add('news@example.com', { stream: 'marketing' })
      assert.equal((await find('news', 'marketing'))?.stream, 'marketing')
      assert.equal(await find('news', 'transactional'), undefined)
    })

    test('an expired or removed one no longer holds, and stays to be seen', async () => {
      await add('brief@example.com', { expiresAt: now + 1 })
      await add('removed@example.com')
      assert.ok(await find('brief'))
      now += 1
      assert.equal(await find('brief'), undefined)
      const why = 'wrote to us that it works again'
      const request = { organization: 'acme', address: 'REMOVED@example.com', why }
      assert.equal((await suppressions.remove(request)).length, 1)
      assert.equal((await suppressions.remove(request)).length, 0)
      assert.equal(await find('removed'), undefined)
      const [kept] = await suppressions.of('acme', 'removed@example.com')
      assert.deepEqual([kept?.removedAt, kept?.removedWhy], [now, why])
      await add('removed@example.com')
      assert.ok(await find('removed'), 'added again')
    })

    test('another organization can neither see nor remove it', async () => {
      await add('mine@example.com')
      assert.deepEqual(await suppressions.of('globex', 'mine@example.com'), [])
      assert.deepEqual(await suppressions.list({ organization: 'globex', match: 'mine', limit: 100 }), [])
      await suppressions.remove({ organization: 'globex', address: 'mine@example.com', why: 'no' })
      assert.ok(await find('mine'))
    })

    test('a list is searched and paged, newest first', async () => {
      const addresses = ['p1@page.example', 'p2@page.example', 'p3@page.example', 'p_4@page.example']
      for (const [i, address] of addresses.entries()) await add(address, { createdAt: 1000 + Math.min(i, 2) })
      const query = { organization: 'acme', match: 'PAGE.example', limit: 2 }
      const first = await suppressions.list(query)
      const second = await suppressions.list({ ...query, ...(first[1] && { after: first[1] }) })
      const third = await suppressions.list({ ...query, ...(second[1] && { after: second[1] }) })
      assert.deepEqual(
        [...first, ...second].map(({ address }) => address),
        ['p3@page.example', 'p_4@page.example', 'p2@page.example', 'p1@page.example'],
      )
      assert.deepEqual(third, [])
      assert.equal((await suppressions.list({ ...query, match: '_4@page' })).length, 1)
      assert.deepEqual(await suppressions.list({ ...query, reason: 'complaint' }), [])
    })

    test('what is not an address, a stream or an organization is refused, and nothing of the batch is added', async () => {
      await assert.rejects(add('nobody'), failsWith('malformed'))
      await assert.rejects(add('a@example.com', { stream: 'a b' }), failsWith('malformed'))
      await assert.rejects(add('a@example.com', { evidence: 'a\nb' }), failsWith('malformed'))
      const batch = ['acme', 'nobody'].map((organization) => ({
        organization,
        stream: '*',
        address: 'batch@example.com',
        reason: 'import' as const,
        evidence: '',
      }))
      await assert.rejects(suppressions.add(batch), failsWith('organization'))
      assert.equal(await find('batch'), undefined)
    })

    test('of two rows of one batch for the same recipient the last one holds', async () => {
      const row = {
        organization: 'acme',
        stream: '*',
        address: 'twice@example.com',
        reason: 'import' as const,
      }
      await suppressions.add(['first', 'last'].map((evidence) => ({ ...row, evidence })))
      assert.equal((await find('twice'))?.evidence, 'last')
    })

    test('a wish that was lifted by hand does not come back with a copy of the same mail', async () => {
      const to = 'back-again@example.com'
      const wish = (delivery: string): Experience =>
        bounce(to, { kind: 'unsubscribed', evidence: 'asked by mail', delivery })
      await record([wish('0ab3xk9m2pq.0')])
      await suppressions.remove({ organization: 'acme', address: to, why: 'subscribed again' })
      assert.deepEqual(await record([wish('0ab3xk9m2pq.0')]), [])
      assert.equal((await suppressions.of('acme', to))[0]?.removedAt, now)
      const [again] = await record([wish('0ab3xk9m2ps.0')])
      assert.equal(again?.reason, 'unsubscribe', 'of a later message it is another wish')
    })

    test('one hard bounce of an unknown user suppresses in every stream, until it is removed', async () => {
      const [made] = await record([bounce('gone@example.com', {})])
      assert.deepEqual([made?.reason, made?.stream, made?.expiresAt], ['bounce', '*', undefined])
      const found = await find('gone', 'transactional')
      assert.deepEqual([found?.evidence, found?.delivery], ['550 5.1.1 no such user', '0ab3xk9m2pq.0'])
    })

    test('a domain that is gone is tried again after its time', async () => {
      const [made] = await record([bounce('off@example.com', { class: 'host-unknown' })])
      assert.equal(made?.expiresAt, now + 90 * DAY)
    })

    test('what is about the sender is never held against the recipient', async () => {
      for (const about of ['reputation', 'content', 'policy', 'authentication', 'rate', 'network']) {
        assert.deepEqual(await record([bounce('good@example.com', { class: about })]), [], about)
      }
      assert.equal(await find('good'), undefined)
    })

    test('soft bounces count within their window, and a success clears them', async () => {
      const full = bounce('full@example.com', { class: 'mailbox-full', type: 'soft' })
      const mailbox = { local: 'full', domain: 'example.com' }
      assert.deepEqual(await record([full, full]), [])
      await filter.refresh()
      assert.equal(filter.bouncedSoftly('acme', mailbox), true)
      await record([{ ...full, kind: 'delivered' }])
      assert.deepEqual(await record([full, full]), [])
      const late = { ...full, at: now + 14 * DAY + 1 }
      assert.deepEqual(await record([late, late]), [], 'the window began anew')
      const [made] = await record([late])
      assert.deepEqual([made?.reason, made?.class], ['soft-bounces', 'mailbox-full'])
      assert.equal(made?.expiresAt, late.at + 30 * DAY)
    })

    test('a complaint suppresses its stream, and a later bounce does not let it expire', async () => {
      const complaint = bounce('angry@example.com', { kind: 'complained', evidence: 'abuse report' })
      await record([complaint, bounce('angry@example.com', { class: 'host-unknown' })])
      assert.equal((await find('angry', 'marketing'))?.reason, 'complaint')
      await add('wish@example.com')
      await record([bounce('wish@example.com', { class: 'host-unknown' })])
      const found = await find('wish')
      assert.deepEqual([found?.reason, found?.expiresAt], ['manual', undefined])
    })

    test('a filter opened later knows everything, also more than a page', async () => {
      const many = Array.from({ length: 6_000 }, (_, i) => ({
        organization: 'globex',
        stream: '*',
        address: `u${i}@many.example`,
        reason: 'import' as const,
        evidence: 'brought along',
      }))
      await suppressions.add(many)
      const late = await openSuppressionFilter(control.open(), { now: () => now, failed() {} })
      try {
        for (const i of [0, 4_999, 5_000, 5_999]) {
          assert.ok(await late.find('globex', 'x', { local: `u${i}`, domain: 'many.example' }), String(i))
        }
        assert.equal(late.find('globex', 'x', { local: 'u6000', domain: 'many.example' }), undefined)
      } finally {
        late.close()
      }
    })

    test('a filter that is closed while it reads has nothing more to tell', async (t) => {
      t.mock.timers.enable({ apis: ['setInterval'] })
      const own = control.open()
      const told: unknown[] = []
      const closing = await openSuppressionFilter(own, {
        now: () => now,
        failed: (error) => told.push(error),
      })
      t.mock.timers.tick(1_000)
      closing.close()
      await own.close()
      await setImmediate()
      assert.deepEqual(told, [])
    })
  })
}
