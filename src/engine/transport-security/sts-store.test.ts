import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { ENGINES, testControl } from '../../../test/control.ts'
import type { TestControl } from '../../../test/control.ts'

import { memoryStsStore, openStsStore } from './sts-store.ts'
import type { StsStore } from './sts-store.ts'

const policy = (domain: string, fetchedAt: number, expiresAt: number) => ({
  domain,
  id: `${fetchedAt}`,
  text: 'version: STSv1',
  fetchedAt,
  expiresAt,
})

for (const kind of ['memory', ...ENGINES] as const) {
  suite(`policies kept in ${kind}`, () => {
    let control: TestControl | undefined
    let store: StsStore
    before(async () => {
      if (kind === 'memory') store = memoryStsStore()
      else {
        control = await testControl(kind)
        store = await openStsStore(control.open())
      }
      await store.save(policy('old.example', 1_000, 9_000))
      await store.save(policy('new.example', 3_000, 9_000))
      await store.save(policy('over.example', 500, 1_500))
    })
    after(() => control?.[Symbol.asyncDispose]())

    test('a policy is kept until another takes its place', async () => {
      assert.equal(await store.load('none.example'), undefined)
      await store.save(policy('twice.example', 3_500, 4_000))
      await store.save(policy('twice.example', 3_600, 3_700))
      assert.deepEqual(await store.load('twice.example'), policy('twice.example', 3_600, 3_700))
    })

    test('the oldest that have not expired come first, and no more than asked for', async () => {
      const stale = await store.stale(3_001, 5_000, 10)
      assert.deepEqual(
        stale.map(({ domain }) => domain),
        ['old.example', 'new.example'],
      )
      assert.deepEqual(await store.stale(3_001, 5_000, 1), stale.slice(0, 1))
    })

    test('expired ones are not listed, and go', async () => {
      const listed = (await store.list(8_000, 10)).map(({ domain }) => domain)
      assert.deepEqual(listed, ['new.example', 'old.example'])
      await store.tidy(2_000)
      assert.equal(await store.load('over.example'), undefined)
      assert.notEqual(await store.load('old.example'), undefined)
    })
  })
}
