import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { serverKey } from '#platform/secret'
import { openAccounts } from '#product/account'

import { ENGINES, testControl } from '../../../test/control.ts'
import type { TestControl } from '../../../test/control.ts'

import { DomainError, openDirectory, openDomains } from './index.ts'
import type { DomainDirectory, DomainView, Domains, MakeKeyPairs } from './index.ts'

const DAY = 86_400_000
const key = serverKey(Buffer.alloc(32, 9))

let made = 0
const quickPairs: MakeKeyPairs = async () => {
  made += 1
  return [
    { algorithm: 'rsa-sha256', privateKey: `private ${made}`, record: `v=DKIM1; k=rsa; p=${made}` },
    { algorithm: 'ed25519-sha256', privateKey: `secret ${made}`, record: `v=DKIM1; k=ed25519; p=${made}` },
  ]
}

const isRotation = (error: unknown): boolean => error instanceof DomainError && error.code === 'rotation'

const states = (view: DomainView | undefined): readonly string[] => view?.keys.map(({ state }) => state) ?? []

const inState = (view: DomainView | undefined, state: string): readonly string[] =>
  (view?.keys ?? []).filter((one) => one.state === state).map(({ selector }) => selector)

const kept = (view: DomainView | undefined): DomainView['records'] =>
  view?.records.filter((one) => one.keepUntil !== undefined) ?? []

for (const engine of ENGINES) {
  suite(`rotation of DKIM keys on ${engine}`, () => {
    let control: TestControl
    let domains: Domains
    let directory: DomainDirectory
    let now = Date.UTC(2026, 10, 22)
    const later = (by = 1000): void => void (now += by)
    const signing = async (name: string): Promise<readonly string[]> =>
      (await directory.keys(name)).map(({ selector }) => selector).toSorted()
    const add = (name: string) => domains.add({ organization: 'default', name, verified: true })

    before(async () => {
      control = await testControl(engine)
      const options = { now: () => now, node: { name: 'mail.example.net' }, keyPairs: quickPairs }
      const command = control.open()
      await openAccounts(command, key, () => now)
      domains = await openDomains(command, key, options)
      directory = await openDirectory(control.open(), key, () => now)
    })
    after(() => control[Symbol.asyncDispose]())

    test('new keys are shown and sign nothing until they are activated, and then nothing else signs', async () => {
      const old = await add('turn.example.com')
      const first = inState(old, 'active').toSorted()
      later()
      const begun = await domains.rotate('default', 'TURN.example.com')
      const fresh = inState(begun, 'published').toSorted()
      assert.deepEqual([fresh.length, inState(begun, 'active').toSorted()], [2, first])
      const shown = begun?.records.filter(({ purpose }) => purpose === 'dkim').map(({ name }) => name) ?? []
      assert.deepEqual(
        new Set(shown),
        new Set([...first, ...fresh].map((selector) => `${selector}._domainkey.turn.example.com`)),
      )
      later()
      assert.deepEqual(await signing('turn.example.com'), first)

      const done = await domains.activate('default', 'turn.example.com', fresh)
      assert.deepEqual(inState(done, 'active').toSorted(), fresh)
      assert.deepEqual(inState(done, 'retired').toSorted(), first)
      later()
      assert.deepEqual(await signing('turn.example.com'), fresh)
    })

    test('a retired record is to be kept for seven days, then it is shown as removable, and in the end forgotten', async () => {
      await add('keep.example.com')
      const fresh = inState(await domains.rotate('default', 'keep.example.com'), 'published')
      later(DAY)
      const retiredAt = now
      const done = await domains.activate('default', 'keep.example.com', fresh)
      assert.deepEqual(
        kept(done).map(({ keepUntil }) => keepUntil),
        [retiredAt + 7 * DAY, retiredAt + 7 * DAY],
      )
      assert.deepEqual(
        done?.keys.map(({ since }) => since),
        [retiredAt, retiredAt, retiredAt, retiredAt],
      )
      later(7 * DAY)
      const week = await domains.show('default', 'keep.example.com')
      assert.deepEqual(kept(week), [])
      assert.equal(week?.records.filter(({ purpose }) => purpose === 'dkim').length, 2)
      assert.ok(week.keys.every(({ state, removableAt }) => state === 'active' || removableAt === now))
      later()
      assert.deepEqual(states(await domains.rotate('default', 'keep.example.com')).toSorted(), [
        'active',
        'active',
        'published',
        'published',
      ])
    })

    test('a rotation begun twice is one, also at the same time', async () => {
      await add('twice.example.com')
      const both = await Promise.all([
        domains.rotate('default', 'twice.example.com'),
        domains.rotate('default', 'twice.example.com'),
      ])
      const again = await domains.rotate('default', 'twice.example.com')
      for (const view of [...both, again]) assert.equal(inState(view, 'published').length, 2)
      assert.deepEqual(again?.keys, (await domains.show('default', 'twice.example.com'))?.keys)
    })

    test('of two activations one activates; the other is told, and retires nothing', async () => {
      await add('race.example.com')
      const fresh = inState(await domains.rotate('default', 'race.example.com'), 'published')
      const both = await Promise.allSettled([
        domains.activate('default', 'race.example.com', fresh),
        domains.activate('default', 'race.example.com', fresh),
      ])
      const failed = both.filter((one) => one.status === 'rejected')
      assert.equal(failed.length, 1)
      assert.ok(isRotation(failed[0]?.reason))
      assert.deepEqual(
        inState(await domains.show('default', 'race.example.com'), 'active').toSorted(),
        [...fresh].toSorted(),
      )
    })

    test('without keys that wait nothing is activated and nothing changes', async () => {
      const { keys } = await add('still.example.com')
      const active = keys.map(({ selector }) => selector)
      for (const selectors of [active, ['hk-unknown-rsa']]) {
        await assert.rejects(domains.activate('default', 'still.example.com', selectors), isRotation)
      }
      assert.deepEqual(states(await domains.show('default', 'still.example.com')), ['active', 'active'])
    })

    test('nobody rotates the keys of another, or of a domain that is not there', async () => {
      await add('mine.example.com')
      for (const [organization, name] of [
        ['globex', 'mine.example.com'],
        ['default', 'none.example.com'],
        ['default', 'not a name'],
      ] as const) {
        assert.equal(await domains.rotate(organization, name), undefined)
        assert.equal(await domains.activate(organization, name, ['x']), undefined)
      }
      assert.deepEqual(states(await domains.show('default', 'mine.example.com')), ['active', 'active'])
    })
  })
}
