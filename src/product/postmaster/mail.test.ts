/** What holds for kept mail on either engine. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { ENGINES, testControl } from '../../../test/control.ts'
import type { TestControl } from '../../../test/control.ts'

import { openPostmasterMail } from './index.ts'
import type { PostmasterMail } from './index.ts'

for (const engine of ENGINES) {
  suite(`mail for the postmaster on ${engine}`, () => {
    let control: TestControl
    let mail: PostmasterMail
    before(async () => {
      control = await testControl(engine)
      mail = await openPostmasterMail(control.open(), { messages: 3, octets: 100 })
    })
    after(() => control[Symbol.asyncDispose]())

    const keep = (id: string, size = 1): Promise<number> =>
      mail.keep(
        {
          id,
          receivedAt: Number.parseInt(id, 36),
          client: '192.0.2.1',
          sender: '<>',
          recipient: 'postmaster@mx.example.org',
          author: 'Eve <eve@example.net>',
          subject: 'Your mail',
        },
        Buffer.alloc(size, 'x'),
      )
    const ids = async (): Promise<readonly string[]> => (await mail.list({ limit: 10 })).map(({ id }) => id)

    test('what is kept is listed, shown, removed, and makes room for what is new', async () => {
      for (const id of ['a1', 'a2', 'a3']) assert.equal(await keep(id), 0)
      assert.deepEqual(await mail.list({ limit: 1, before: 'a3' }), [
        {
          id: 'a2',
          receivedAt: Number.parseInt('a2', 36),
          client: '192.0.2.1',
          sender: '<>',
          recipient: 'postmaster@mx.example.org',
          author: 'Eve <eve@example.net>',
          subject: 'Your mail',
          size: 1,
        },
      ])
      assert.equal(await keep('a4'), 1, 'too many')
      assert.deepEqual(await ids(), ['a4', 'a3', 'a2'])
      assert.equal(await keep('a5', 99), 2, 'too large together')
      assert.deepEqual(await ids(), ['a5', 'a4'])
      assert.equal((await mail.show('a5'))?.content.length, 99)
      assert.equal(await mail.show('a1'), undefined)
      assert.deepEqual(
        (await mail.remove(['a5', 'a1'])).map(({ id }) => id),
        ['a5'],
      )
      assert.equal(await mail.tidy(Number.parseInt('a4', 36)), 0)
      assert.equal(await mail.tidy(Number.parseInt('a4', 36) + 1), 1)
      assert.deepEqual(await ids(), [])
    })
  })
}
