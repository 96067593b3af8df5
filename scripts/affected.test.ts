import assert from 'node:assert/strict'
import { test } from 'node:test'

import { digestsOf } from './affected.ts'

test('a test has one digest as long as nothing changes that it reaches; one that starts programs has none', () => {
  const tests = [
    'src/grammar/time/duration.test.ts',
    'src/grammar/socks/socks.test.ts',
    'scripts/run.test.ts',
  ]
  const now = digestsOf(tests)
  const [time, socks, run] = tests.map((path) => now.get(path))
  assert.ok(time !== undefined && socks !== undefined && time !== socks)
  assert.equal(run, undefined)
  assert.deepEqual(digestsOf(tests), now)
})
