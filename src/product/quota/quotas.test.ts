/** What holds for quotas on either engine. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'

import type { CountQuery, CountRow, NewEvent } from '#engine/spool'
import { serverKey } from '#platform/secret'
import { openAccounts } from '#product/account'

import { ENGINES, testControl } from '../../../test/control.ts'
import type { TestControl } from '../../../test/control.ts'

import { openAllowance, openQuotas, QuotaError, standingsOf } from './index.ts'
import type { Allowance, Quotas } from './index.ts'

const HOUR = 3_600_000
const NOON = Date.UTC(2026, 10, 22, 12)

/** Sums as a store has them: by stream, for each organization. */
class Counts {
  readonly rows: { organization: string; stream: string; at: number; count: number; own?: true }[] = []

  readonly counts = async ({ organization, from, to, by }: CountQuery): Promise<readonly CountRow[]> =>
    this.rows
      .filter((row) => row.organization === organization && row.at >= from && row.at < to)
      .map(({ stream, at, count, own }) => ({
        key: {
          stream,
          class: own ? 'platform' : '',
          ...(by.includes('day') && { day: Math.floor(at / (24 * HOUR)) * 24 * HOUR }),
        },
        counts: { accepted: count },
        delays: [],
      }))
}

for (const engine of ENGINES) {
  suite(`quotas on ${engine}`, () => {
    let control: TestControl
    let quotas: Quotas
    let now = NOON
    const opened: Allowance[] = []

    before(async () => {
      control = await testControl(engine)
      const command = control.open()
      const accounts = await openAccounts(command, serverKey(Buffer.alloc(32, 5)), () => now)
      for (const name of ['acme', 'globex', 'initech', 'umbrella', 'hooli'])
        await accounts.addOrganization(name)
      quotas = await openQuotas(command, () => now)
    })
    after(async () => {
      await Promise.all(opened.map((one) => one.close()))
      await control[Symbol.asyncDispose]()
    })

    /** As a process has it: with a connection of its own. */
    async function process(
      source: Counts,
      tell: (event: NewEvent) => Promise<void> = async () => {},
      isShared = false,
    ): Promise<Allowance> {
      const one = await openAllowance(control.open(), {
        source,
        tell,
        now: () => now,
        isShared,
        failed: () => {},
      })
      opened.push(one)
      return one
    }

    test('what is set stays until it is said otherwise, each limit by itself', async () => {
      const set = (limits: Parameters<Quotas['set']>[0]['limits']) =>
        quotas.set({ organization: 'acme', limits })
      await set({ hour: 100, size: 1_000 })
      assert.deepEqual((await set({ hour: null, day: 0 })).limits, { day: 0, size: 1_000 })
      await quotas.set({ organization: 'acme', stream: 'news', limits: { month: 5 } })
      assert.deepEqual(await quotas.list('acme'), [
        { organization: 'acme', limits: { day: 0, size: 1_000 } },
        { organization: 'acme', stream: 'news', limits: { month: 5 } },
      ])
      await set({ day: null, size: null })
      await quotas.set({ organization: 'acme', stream: 'news', limits: { month: null } })
      assert.deepEqual(await quotas.list('acme'), [])
    })

    test('what cannot be a quota is refused, with what it could be', async () => {
      for (const wrong of [
        { organization: 'nobody', limits: { hour: 1 } },
        { organization: 'acme', stream: 'No Stream', limits: { hour: 1 } },
        { organization: 'acme', limits: { hour: -1 } },
        { organization: 'acme', limits: { recipients: 0 } },
        { organization: 'acme', limits: { size: 1.5 } },
      ])
        await assert.rejects(quotas.set(wrong), QuotaError, JSON.stringify(wrong))
      assert.deepEqual(await quotas.list('acme'), [])
    })

    test('how it stands is what was accepted in the windows of now, but for mail of our own', async () => {
      const source = new Counts()
      await quotas.set({ organization: 'globex', limits: { hour: 100, month: 1_000 } })
      await quotas.set({ organization: 'globex', stream: 'news', limits: { day: 50 } })
      const whose = { organization: 'globex', stream: 'news' }
      source.rows.push(
        { ...whose, at: NOON, count: 3 },
        { ...whose, at: NOON, count: 7, own: true },
        { ...whose, at: NOON - HOUR, count: 20 },
        { ...whose, stream: 'other', at: NOON, count: 500 },
        { ...whose, at: NOON - 24 * HOUR, count: 100 },
        { ...whose, at: Date.UTC(2026, 9, 31, 23), count: 10_000 },
      )
      const standings = await standingsOf(source, await quotas.list('globex'), now)
      assert.deepEqual(
        standings.map(({ stream, windows }) => [stream, windows.map(({ span, used }) => [span, used])]),
        [
          [
            undefined,
            [
              ['hour', 503],
              ['month', 623],
            ],
          ],
          ['news', [['day', 23]]],
        ],
      )
      assert.equal(standings[0]?.windows[1]?.until, Date.UTC(2026, 11, 1))
    })

    test('a process that begins knows what was used, and one that runs hears of what is set', async () => {
      const source = new Counts()
      const traffic = { organization: 'initech', stream: 'news' }
      source.rows.push({ ...traffic, at: NOON, count: 9 })
      const running = await process(source)
      assert.ok(running.take(traffic, { recipients: 100 }, now).ok)
      await quotas.set({ organization: 'initech', limits: { hour: 10 } })
      await running.refresh()
      const begun = await process(source)
      for (const one of [running, begun]) {
        assert.ok(!one.take(traffic, { recipients: 2 }, now).ok)
        assert.ok(one.take(traffic, { recipients: 1 }, now).ok)
      }
      await quotas.set({ organization: 'initech', limits: { hour: null } })
      await running.refresh()
      assert.ok(running.take(traffic, { recipients: 1_000 }, now).ok)
    })

    test('nodes that share a store hear of what the others took', async () => {
      const source = new Counts()
      const traffic = { organization: 'hooli', stream: 'news' }
      await quotas.set({ organization: 'hooli', limits: { hour: 10 } })
      const [one, other] = [await process(source, undefined, true), await process(source, undefined, true)]
      const taken = one.take(traffic, { recipients: 10 }, now)
      source.rows.push({ ...traffic, at: NOON, count: 10 })
      if (taken.ok) taken.over?.(true)
      for (let looks = 0; looks < 5; looks += 1) for (const each of [one, other]) await each.refresh()
      assert.equal(one.left(traffic, now)[0]?.left, 0)
      assert.ok(!other.take(traffic, { recipients: 1 }, now).ok)
    })

    test('80 % and 100 % are told once, whichever processes notice, also when one dies over it', async () => {
      const source = new Counts()
      const told: string[] = []
      const traffic = { organization: 'umbrella', stream: 'news' }
      const tell = async ({ kind, organization, data }: NewEvent): Promise<void> =>
        void told.push(`${kind} ${organization} ${data?.['used']} of ${data?.['limit']}`)
      await quotas.set({ organization: 'umbrella', limits: { hour: 10 } })
      const first = await process(source, tell)
      const taken = first.take(traffic, { recipients: 8 }, now)
      source.rows.push({ ...traffic, at: NOON, count: 8 })
      if (taken.ok) taken.over?.(true)
      await setImmediate()
      await first.refresh()
      const near = 'quota-near umbrella 8 of 10'
      assert.deepEqual(told, [near])
      await process(source, tell)
      assert.deepEqual(told, [near])

      const dying = await process(source, () => Promise.reject(new Error('killed')))
      const last = dying.take(traffic, { recipients: 2 }, now)
      source.rows.push({ ...traffic, at: NOON, count: 2 })
      if (last.ok) last.over?.(true)
      await setImmediate()
      await dying.refresh()
      const third = await process(source, tell)
      assert.deepEqual(told, [near])
      now += 61_000
      for (let looks = 0; looks < 5; looks += 1) await third.refresh()
      assert.deepEqual(told, [near, 'quota-reached umbrella 10 of 10'])
      now = NOON
    })
  })
}
