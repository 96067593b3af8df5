/** What holds for the audit log on either engine. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { ENGINES, testControl } from '../../../test/control.ts'
import type { TestControl } from '../../../test/control.ts'

import { actionOf, openAudit } from './index.ts'
import type { Audit, AuditQuery, NewEntry } from './index.ts'

const START = Date.UTC(2026, 10, 22)

const ENTRY: NewEntry = {
  organization: 'acme',
  actor: 'ada@example.com',
  address: '192.0.2.1',
  action: 'user.change',
  subject: 'x',
}

for (const engine of ENGINES) {
  suite(`audit log on ${engine}`, () => {
    let control: TestControl
    let audit: Audit
    let now = START
    before(async () => {
      control = await testControl(engine)
      audit = await openAudit(control.open(), () => now)
    })
    after(() => control[Symbol.asyncDispose]())

    const subjects = async (query: Partial<AuditQuery>) =>
      (await audit.list({ limit: 100, ...query })).map(({ subject }) => subject)

    test('entries are listed the newest first, by organization, actor, action and time, in pages', async () => {
      for (const [n, more] of [{}, { actor: 'operator' }, { action: 'sign-in' }, {}].entries()) {
        await audit.record({ ...ENTRY, organization: 'paged', subject: `${n}`, ...more })
        if (n > 0) now += 1000
      }
      await audit.record({ ...ENTRY, organization: 'globex', subject: 'not ours' })
      const organization = 'paged'
      assert.deepEqual(await subjects({ organization }), ['3', '2', '1', '0'])
      assert.deepEqual(await subjects({ organization, actor: 'operator' }), ['1'])
      assert.deepEqual(await subjects({ organization, action: 'sign-in' }), ['2'])
      assert.deepEqual(await subjects({ organization, from: START + 1000, to: START + 2000 }), ['2'])
      const [, second] = await audit.list({ organization, limit: 2 })
      assert.deepEqual(await subjects({ organization, before: second?.id ?? '' }), ['1', '0'])
      assert.ok((await subjects({})).includes('not ours'))
    })

    test('what was and what became is kept without secrets, and not at any length', async () => {
      const organization = 'secrets'
      const token = 'once'
      const became = { role: 'admin', token, nested: [{ password: token, name: 'a' }] }
      await audit.record({ ...ENTRY, organization, before: { role: 'analyst' }, after: became })
      await audit.record({ ...ENTRY, organization, after: { note: 'x'.repeat(10_000) } })
      await audit.record({ ...ENTRY, organization })
      const [none, long, first] = await audit.list({ organization, limit: 3 })
      assert.deepEqual(JSON.parse(first?.before ?? ''), { role: 'analyst' })
      assert.deepEqual(JSON.parse(first?.after ?? ''), {
        role: 'admin',
        token: '[redacted]',
        nested: [{ password: '[redacted]', name: 'a' }],
      })
      assert.ok((long?.after ?? '').length < 5000)
      assert.match(long?.after ?? '', /^\{"cut":/)
      assert.ok(none && !('before' in none) && !('after' in none))
    })

    test('entries go with their age', async () => {
      const organization = 'old'
      const at = now
      now = START - 1000
      await audit.record({ ...ENTRY, organization, subject: 'older' })
      now = at
      await audit.record({ ...ENTRY, organization, subject: 'newer' })
      assert.equal(await audit.tidy(START), 1)
      assert.deepEqual(await subjects({ organization }), ['newer'])
    })
  })
}

test('functions of every door have one name for what they do', () => {
  for (const [name, action] of [
    ['addSuppressions', 'suppression.add'],
    ['suppressionAdd', 'suppression.add'],
    ['revokeApiKey', 'api-key.revoke'],
    ['apiKeyRevoke', 'api-key.revoke'],
    ['signIn', 'sign-in'],
    ['change', 'change'],
    ['reload', 'reload'],
  ] as const)
    assert.equal(actionOf(name), action)
})
