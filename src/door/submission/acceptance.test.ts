import assert from 'node:assert/strict'
import { test } from 'node:test'

import { bench } from './submission.fixture.ts'

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}

test('want of descriptors is counted at each look, and told once a minute with what to do', async () => {
  let missing: Error | undefined
  await using door = await bench({ parts: { probe: () => missing } })
  const said = () => door.log.named('submission.not-accepted')
  door.pass(5000)
  assert.deepEqual(said(), [])
  missing = failure('EMFILE')
  door.pass(59_000)
  assert.deepEqual(
    said().map(({ error, times }) => [error, times]),
    [[missing, 1]],
  )
  assert.match(String(said()[0]?.['advice']), /LimitNOFILE.*limits\.connections/)
  door.pass(2000)
  assert.deepEqual(
    said().map(({ times }) => times),
    [1, 60],
  )
  assert.match(await door.metrics(), /^hikyaku_submission_not_accepted_total 61$/m)
  missing = undefined
  door.pass(600_000)
  assert.equal(said().length, 2)
  missing = failure('ENFILE')
  door.pass(1000)
  assert.match(String(said().at(-1)?.['advice']), /fs\.file-max/)
})

test('where descriptors are, the door sees none missing', async () => {
  await using door = await bench()
  door.pass(3000)
  assert.deepEqual(door.log.named('submission.not-accepted'), [])
})
