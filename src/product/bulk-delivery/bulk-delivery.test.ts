/** What holds for bulk deliveries on either engine. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { ENGINES, testControl } from '../../../test/control.ts'
import type { TestControl } from '../../../test/control.ts'

import { openBulkDeliveries } from './index.ts'
import type { BulkDeliveries } from './index.ts'

const TO = { email: 'a@example.com', codes: [{ key: '__name__', value: '山田' }] }

for (const engine of ENGINES) {
  suite(`bulk deliveries on ${engine}`, () => {
    let control: TestControl
    let bulk: BulkDeliveries
    let now = 1000
    before(async () => {
      control = await testControl(engine)
      bulk = await openBulkDeliveries(control.open(), () => now)
    })
    after(() => control[Symbol.asyncDispose]())

    test('what is begun can be edited until it is sent, and is then as it is', async () => {
      const id = await bulk.begin('acme', '{}')
      assert.equal(await bulk.edit('acme', id, { content: '{"x":1}', recipients: [TO] }), true)
      const seen = { id, content: '{"x":1}', createdAt: now, updatedAt: now }
      assert.deepEqual(await bulk.find('acme', id), { ...seen, recipients: [TO], state: 'edit' })
      const sent = [{ ...TO, message: '0sa94xg7r00' }]
      await bulk.progress('acme', id, { recipients: sent, state: 'sent', due: 5000 })
      assert.equal(await bulk.edit('acme', id, { content: '{}', recipients: [] }), false)
      assert.equal(await bulk.remove('acme', id), false)
      assert.deepEqual(await bulk.find('acme', id), { ...seen, recipients: sent, state: 'sent', due: 5000 })
    })

    test('another organization has no part in it', async () => {
      const id = await bulk.begin('acme', '{}')
      assert.equal(await bulk.find('globex', id), undefined)
      assert.equal(await bulk.edit('globex', id, { content: '', recipients: [] }), false)
      await bulk.progress('globex', id, { recipients: [], state: 'sent' })
      assert.equal(await bulk.remove('globex', id), false)
      assert.equal((await bulk.find('acme', id))?.state, 'edit')
      assert.equal(await bulk.remove('acme', id), true)
    })

    test('what nobody touches goes', async () => {
      const id = await bulk.begin('tidied', '{}')
      now += 1
      assert.ok((await bulk.tidy(now)) >= 1)
      assert.equal(await bulk.find('tidied', id), undefined)
    })
  })
}
