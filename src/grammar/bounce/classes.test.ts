import assert from 'node:assert/strict'
import test from 'node:test'

import { BOUNCE_CLASSES, classWords } from './classes.ts'

test('every class has words in both languages', () => {
  for (const name of BOUNCE_CLASSES) {
    const { ja, en } = classWords(name)
    assert.match(ja.what, /[ぁ-ん].*。/, name)
    assert.match(ja.todo, /[ぁ-ん].*。/, name)
    assert.match(en.what, /^[A-Z].*\.$/, name)
    assert.match(en.todo, /^[A-Z].*\.$/, name)
  }
})
