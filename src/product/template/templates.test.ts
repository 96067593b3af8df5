/** What holds for templates by name on either engine. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { ENGINES, testControl } from '../../../test/control.ts'
import type { TestControl } from '../../../test/control.ts'

import { openTemplates, TemplateError, TEMPLATES } from './index.ts'
import type { Templates } from './index.ts'

const HELLO = { source: { subject: 'Hello {{ name }}', text: 'x' }, note: 'the first' }
const OTHER = { source: { subject: 'Other', html: '<p>{{ name }}</p>' }, note: '' }

for (const engine of ENGINES) {
  suite(`templates on ${engine}`, () => {
    let control: TestControl
    let templates: Templates
    let now = 1000
    before(async () => {
      control = await testControl(engine)
      templates = await openTemplates(control.open(), () => now)
    })
    after(() => control[Symbol.asyncDispose]())

    test('a template is kept by name, and each change of it is another version', async () => {
      const made = { name: 'hello', note: 'the first', version: 1, createdAt: 1000, updatedAt: 1000 }
      assert.deepEqual(await templates.add('acme', 'hello', HELLO), made)
      assert.deepEqual(await templates.show('acme', 'hello'), { ...made, source: HELLO.source })
      now = 2000
      const changed = { ...made, note: '', version: 2, updatedAt: 2000 }
      assert.deepEqual(await templates.change('acme', 'hello', OTHER), changed)
      assert.deepEqual(await templates.show('acme', 'hello'), { ...changed, source: OTHER.source })
      assert.deepEqual((await templates.show('acme', 'hello', 1))?.source, HELLO.source)
      assert.equal(await templates.show('acme', 'hello', 3), undefined)
      assert.deepEqual(await templates.versions('acme', 'hello'), [
        { version: 2, createdAt: 2000 },
        { version: 1, createdAt: 1000 },
      ])
      await assert.rejects(templates.add('acme', 'hello', HELLO), { code: 'taken' })
      now = 1000
    })

    test('what cannot be read is not kept', async () => {
      const faulty = { source: { subject: '{% if %}' }, note: '' }
      await assert.rejects(templates.add('acme', 'faulty', faulty), (error) => {
        assert(error instanceof TemplateError)
        return error.code === 'faulty' && error.faults[0]?.place === '/subject'
      })
      await templates.add('acme', 'sound', HELLO)
      await assert.rejects(templates.change('acme', 'sound', faulty), { code: 'faulty' })
      assert.equal((await templates.show('acme', 'sound'))?.version, 1)
    })

    test('they are listed by name, and older versions go', async () => {
      for (const name of ['c', 'a', 'b']) await templates.add('listed', name, HELLO)
      const names = async (beyond: string, limit: number): Promise<readonly string[]> =>
        (await templates.list('listed', beyond, limit)).map(({ name }) => name)
      assert.deepEqual(await names('', 2), ['a', 'b'])
      assert.deepEqual(await names('b', 2), ['c'])
      for (let n = 0; n < TEMPLATES.versions; n += 1) await templates.change('listed', 'a', OTHER)
      assert.equal((await templates.versions('listed', 'a')).length, TEMPLATES.versions)
      assert.equal(await templates.show('listed', 'a', 1), undefined)
    })

    test('another organization has no part in it', async () => {
      await templates.add('owner', 'mine', HELLO)
      assert.equal(await templates.show('globex', 'mine'), undefined)
      assert.deepEqual(await templates.versions('globex', 'mine'), [])
      assert.equal(await templates.change('globex', 'mine', OTHER), undefined)
      assert.equal(await templates.remove('globex', 'mine'), false)
      assert.equal((await templates.add('globex', 'mine', OTHER)).version, 1)
      assert.equal(await templates.remove('owner', 'mine'), true)
      assert.deepEqual(await templates.versions('owner', 'mine'), [])
      assert.equal((await templates.show('globex', 'mine'))?.note, '')
    })
  })
}
