import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createHasher } from './index.ts'

const COST = { memory: 8, passes: 1, parallelism: 1 }

test('a hash is argon2id in the PHC format, each with a salt of its own, and fits its password alone', async () => {
  const hasher = createHasher(COST)
  const kept = await hasher.hash('パスワード')
  assert.match(kept ?? '', /^\$argon2id\$v=19\$m=8,t=1,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
  assert.notEqual(await hasher.hash('パスワード'), kept)
  assert.equal(await hasher.matches(kept, 'パスワード'), true)
  // Half-width, as another keyboard has it.
  assert.equal(await hasher.matches(kept, 'ﾊﾟｽﾜｰﾄﾞ'), true)
  assert.equal(await hasher.matches(kept, 'パスワート'), false)
  assert.equal(await hasher.matches(undefined, ''), false)
  assert.equal(await hasher.matches('nonsense', ''), false)
})

test('a hash of another cost is still checked', async () => {
  const kept = await createHasher({ memory: 16, passes: 2, parallelism: 1 }).hash('a password')
  assert.equal(await createHasher(COST).matches(kept, 'a password'), true)
})

test('two hash at a time, 32 wait, and whoever comes then is told so', async () => {
  const hasher = createHasher(COST)
  const all = await Promise.all(Array.from({ length: 40 }, () => hasher.hash('a password')))
  assert.equal(all.filter((hash) => hash === undefined).length, 6)
  assert.ok(await hasher.hash('a password'), 'afterwards there is room again')
})
