import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { ENGINES, testControl } from '../../../test/control.ts'
import type { TestControl } from '../../../test/control.ts'

import { openBrokenTlsStore } from './broken-tls-store.ts'

for (const engine of ENGINES) {
  suite(`broken TLS kept in ${engine}`, () => {
    let control: TestControl
    before(async () => void (control = await testControl(engine)))
    after(() => control[Symbol.asyncDispose]())

    test('each node finds what it saved last, however much', async () => {
      const one = await openBrokenTlsStore(control.open(), 1)
      const other = await openBrokenTlsStore(control.open(), 2)
      const many = Array.from({ length: 1_200 }, (_, n) => ({
        host: `mx${n}.example`,
        since: n,
        until: 10_000 + n,
        why: 'x',
      }))
      await one.save([{ host: 'gone.example', since: 0, until: 1, why: '' }])
      await one.save(many)
      await other.save(many.slice(0, 1))
      assert.deepEqual(await one.load(), many)
      assert.deepEqual(await other.load(), many.slice(0, 1))
      await one.save([])
      assert.deepEqual(await one.load(), [])
    })
  })
}
