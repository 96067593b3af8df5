import assert from 'node:assert/strict'
import { test } from 'node:test'

import { cachedRead } from './index.ts'

test('one read a second for a key, however many ask', async () => {
  let now = 5000
  const reads: string[] = []
  const get = cachedRead(
    async (key) => reads.push(key),
    () => now,
  )
  assert.deepEqual(await Promise.all([get('a'), get('a'), get('b')]), [1, 1, 2])
  now += 999
  assert.equal(await get('a'), 1)
  now += 1
  assert.equal(await get('a'), 3)
  assert.deepEqual(reads, ['a', 'b', 'a'])
})

test('the second counts from the question, not from the answer', async () => {
  let now = 0
  const answers: ((text: string) => void)[] = []
  const get = cachedRead(
    () => new Promise<string>((resolve) => answers.push(resolve)),
    () => now,
  )
  const first = get('a')
  now = 1000
  answers[0]?.('old')
  const second = get('a')
  answers[1]?.('new')
  assert.deepEqual(await Promise.all([first, second]), ['old', 'new'])
})

test('a failure is told to all who asked and not remembered', async () => {
  let fails = true
  const get = cachedRead(
    async () => {
      if (fails) throw new Error('away')
      return 'back'
    },
    () => 0,
  )
  const asked = [get('a'), get('a')]
  for (const answer of asked) await assert.rejects(answer, /away/)
  fails = false
  assert.equal(await get('a'), 'back')
})

test('a clock set back makes everything old', async () => {
  let now = 10_000
  let reads = 0
  const get = cachedRead(
    async () => (reads += 1),
    () => now,
  )
  await get('a')
  now = 9000
  assert.equal(await get('a'), 2)
})

test('names by the million push the oldest out', async () => {
  let reads = 0
  const get = cachedRead(
    async () => (reads += 1),
    () => 0,
  )
  await get('first')
  for (let i = 1; i < 10_000; i += 1) await get(`name ${i}`)
  assert.equal(await get('first'), 1)
  await get('one too many')
  assert.notEqual(await get('first'), 1)
})
