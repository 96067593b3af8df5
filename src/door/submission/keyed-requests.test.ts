import assert from 'node:assert/strict'
import { test } from 'node:test'

import { SpoolError } from '#engine/spool'
import type { IdempotencyKeys, KeptRequest, MessageId } from '#engine/spool'

import type { HandedIn } from './handed-in.ts'
import { keyedRequests } from './keyed-requests.ts'

const REQUEST = { organization: 'acme', key: 'order 1', digest: 'a' }
const SKIPPED = [{ to: 'gone@example.com', why: 'suppressed' }]
const HANDED: HandedIn = { ok: true, id: 'first' as MessageId, skipped: SKIPPED }
const LATER: HandedIn = { ok: false, why: 'unavailable', text: 'later' }
const KEPT: KeptRequest = { message: 'first' as MessageId, digest: 'a', answer: JSON.stringify(SKIPPED) }

/** A store in which `kept` is found, one after the other. */
function keysOf(...kept: readonly (KeptRequest | undefined)[]): { keys: IdempotencyKeys } {
  const found = kept.values()
  return { keys: { kept: async () => found.next().value, tidy: async () => 0 } }
}

function never(): Promise<HandedIn> {
  return assert.fail('it was done twice')
}

test('what was done is told again, and nothing is done', async () => {
  const again = await keyedRequests(keysOf(KEPT)).once(REQUEST, never)
  assert.deepEqual(again, { ...HANDED, again: true })
})

test('another request under the same key is refused', async () => {
  const handed = await keyedRequests(keysOf(KEPT)).once({ ...REQUEST, digest: 'b' }, never)
  assert.equal(!handed.ok && handed.why, 'reused')
})

test('requests at once share what the first did; another one under their key is refused', async () => {
  const requests = keyedRequests(keysOf())
  const taken = Promise.withResolvers<HandedIn>()
  let takes = 0
  const first = requests.once(REQUEST, () => {
    takes += 1
    return taken.promise
  })
  const second = requests.once(REQUEST, never)
  const other = await requests.once({ ...REQUEST, digest: 'b' }, never)
  const elsewhere = await requests.once({ ...REQUEST, organization: 'globex' }, async () => LATER)
  taken.resolve(HANDED)
  assert.deepEqual([await first, await second, takes], [HANDED, { ...HANDED, again: true }, 1])
  assert.deepEqual([!other.ok && other.why, elsewhere], ['reused', LATER])
})

test('what was refused may be tried again under the same key', async () => {
  const requests = keyedRequests(keysOf())
  const suppressed: HandedIn = { ok: false, why: 'suppressed', text: 'nobody is left' }
  assert.deepEqual(await requests.once(REQUEST, async () => suppressed), suppressed)
  assert.deepEqual(await requests.once(REQUEST, async () => LATER), LATER)
  assert.deepEqual(await requests.once(REQUEST, async () => HANDED), HANDED)
})

test('when another node was first between the look and the commit, its message is the answer', async () => {
  const handed = await keyedRequests(keysOf(undefined, KEPT)).once(REQUEST, async () => LATER)
  assert.deepEqual(handed, { ...HANDED, again: true })
})

test('when nobody can tell whether it was done, it is not done', async () => {
  const keys = { kept: () => Promise.reject(new SpoolError('unreachable', 'no answer')), tidy: async () => 0 }
  const requests = keyedRequests({ keys })
  await assert.rejects(requests.once(REQUEST, never), { code: 'unreachable' })
  await assert.rejects(requests.once(REQUEST, never), { code: 'unreachable' })
})
