import assert from 'node:assert/strict'
import { test } from 'node:test'
import { format, inspect } from 'node:util'

import { redacted } from './index.ts'

test('a secret is read as ever, and shown by nothing that shows the value', () => {
  const value = redacted(
    { login: 'app', password: 'hunter2', keys: { inner: 'hunter2' } },
    'password',
    'keys',
  )
  assert.equal(value.password, 'hunter2')
  const nested = { list: [value], error: new Error('x', { cause: value }) }
  const shown = [
    JSON.stringify(nested),
    inspect(nested, { depth: 9, showHidden: true }),
    format('%o %O %j', value, value, value),
  ]
  for (const text of shown) {
    assert.doesNotMatch(text, /hunter2/)
    assert.match(text, /app/)
    assert.match(text, /\[redacted\]/)
  }
})
