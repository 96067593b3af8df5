import assert from 'node:assert/strict'
import { test } from 'node:test'

import { mayBeClear, TLS_LEVELS, tlsDemand } from './level.ts'

test('the strictest demand holds, in whatever order they come, and nobody’s demand is opportunistic', () => {
  assert.equal(tlsDemand(), 'opportunistic')
  assert.equal(tlsDemand(undefined, undefined), 'opportunistic')
  assert.equal(tlsDemand('none'), 'none')
  for (const [i, weaker] of TLS_LEVELS.entries()) {
    for (const stricter of TLS_LEVELS.slice(i)) {
      assert.equal(tlsDemand(weaker, undefined, stricter), stricter)
      assert.equal(tlsDemand(stricter, weaker), stricter)
    }
  }
})

test('clear text is for who demands no more than opportunistic', () => {
  assert.deepEqual(TLS_LEVELS.filter(mayBeClear), ['none', 'opportunistic'])
})
