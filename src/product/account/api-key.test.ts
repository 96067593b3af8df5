/** What holds for API keys on either engine. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { inspect } from 'node:util'

import { memoryLog } from '#platform/log'
import { serverKey } from '#platform/secret'

import { ENGINES, testControl } from '../../../test/control.ts'
import type { TestControl } from '../../../test/control.ts'

import { openAccounts, openApiKeys, openKeyRing } from './index.ts'
import type { ApiKeys, KeyRing, NewApiKey } from './index.ts'

const key = serverKey(Buffer.alloc(32, 7))

const NEW: NewApiKey = {
  organization: 'acme',
  stream: 'transactional',
  note: '',
  scopes: ['messages:send'],
  networks: [],
}

/** As their libraries do it. */
function shown(text: string): string {
  return Buffer.from(createHash('sha256').update(text).digest('hex')).toString('base64')
}

for (const engine of ENGINES) {
  suite(`API keys on ${engine}`, () => {
    let control: TestControl
    let keys: ApiKeys
    let ring: KeyRing
    let now = Date.UTC(2026, 10, 22)
    /** Past the age of any cache. */
    const later = (): void => void (now += 1000)

    before(async () => {
      control = await testControl(engine)
      const accounts = await openAccounts(control.open(), key, () => now)
      await accounts.addOrganization('acme')
      await accounts.addOrganization('globex')
      keys = await openApiKeys(control.open(), key, () => now)
      ring = await openKeyRing(control.open(), key, { now: () => now, log: memoryLog() })
    })
    after(async () => {
      await ring.close()
      await control[Symbol.asyncDispose]()
    })

    test('a new key is right with its secret, and with no other', async () => {
      const issued = await keys.add({ ...NEW, note: 'the shop' })
      const checked = await ring.check(issued.token, '192.0.2.1')
      assert.deepEqual(checked, { ok: true, key: issued.key })
      const last = issued.token.endsWith('0') ? '1' : '0'
      for (const wrong of ['', 'x', issued.token.replace(/.$/, last), issued.token.replace('_', '-')])
        assert.deepEqual(await ring.check(wrong, '192.0.2.1'), { ok: false, why: 'unknown' }, wrong)
    })

    test('a key may be shown as its digest, the way of Blastengine', async () => {
      const { key: made, token } = await keys.add(NEW)
      assert.deepEqual(await ring.check(shown(made.id + token), '192.0.2.1'), { ok: true, key: made })
      for (const wrong of [shown(token), shown(`${made.id}${token}x`), 'x'.repeat(88)])
        assert.deepEqual(await ring.check(wrong, '192.0.2.1'), { ok: false, why: 'unknown' })
    })

    test('what is printed of a new key does not have its secret', async () => {
      const issued = await keys.add(NEW)
      assert.ok(!inspect(issued).includes(issued.token))
      assert.ok(!JSON.stringify(issued).includes(issued.token))
    })

    test('a key is revoked by its own organization, and the ring knows within a second', async () => {
      const { key: made, token } = await keys.add(NEW)
      assert.equal((await ring.check(token, '192.0.2.1')).ok, true)
      assert.equal(await keys.revoke('globex', made.id), false)
      assert.equal(await keys.revoke('acme', made.id), true)
      assert.equal(await keys.revoke('acme', made.id), false)
      later()
      assert.deepEqual(await ring.check(token, '192.0.2.1'), { ok: false, why: 'revoked' })
    })

    test('a key ends when it says, and is used from where it says', async () => {
      const { token } = await keys.add({ ...NEW, networks: ['192.0.2.0/24'], expiresAt: now + 500 })
      assert.equal((await ring.check(token, '192.0.2.1')).ok, true)
      assert.deepEqual(await ring.check(token, '198.51.100.1'), { ok: false, why: 'network' })
      later()
      assert.deepEqual(await ring.check(token, '192.0.2.1'), { ok: false, why: 'expired' })
    })

    test('what cannot be a key is not made', async () => {
      const wrong: readonly Partial<NewApiKey>[] = [
        { organization: 'nobody' },
        { scopes: [] },
        { scopes: ['everything'] },
        { networks: ['192.0.2.0/33'] },
        { expiresAt: now - 1 },
        { note: 'two\nlines' },
      ]
      for (const change of wrong)
        await assert.rejects(
          keys.add({ ...NEW, ...change }),
          { name: 'AccountError' },
          JSON.stringify(change),
        )
    })

    test('an organization sees its own keys alone, and when they were used', async () => {
      const { key: made, token } = await keys.add({ ...NEW, organization: 'globex' })
      await ring.check(token, '192.0.2.1')
      await ring.close()
      const [only, ...others] = (await keys.list('globex')).filter(({ id }) => id === made.id)
      assert.deepEqual([only?.usedAt, others.length], [now, 0])
      assert.ok((await keys.list('acme')).every(({ organization }) => organization === 'acme'))
    })
  })
}
