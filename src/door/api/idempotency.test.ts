import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { FastifyRequest } from 'fastify'

import { onceOf } from './idempotency.ts'

/** As much of a request as is looked at. */
function requested(key: string | undefined, body: unknown = {}, url = '/v1/messages'): FastifyRequest {
  return { headers: { 'idempotency-key': key }, body, url } as unknown as FastifyRequest
}

test('a key is a string of a structured field, or the same without quotes', () => {
  for (const [given, key] of [
    ['"order 1"', 'order 1'],
    ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    [`"${'x'.repeat(255)}"`, 'x'.repeat(255)],
  ] as const)
    assert.equal(onceOf(requested(given))?.key, key)
  assert.equal(onceOf(requested(undefined)), undefined)
})

test('what is no key is refused', () => {
  for (const given of ['', '""', '"a', 'a b', 'a\tb', 'é', 'x'.repeat(256), 'a"b', 'one, two'])
    assert.throws(() => onceOf(requested(given)), { name: 'Problem', code: 'malformed' }, given)
})

test('requests differ by what they ask and where, not by their key', () => {
  const first = onceOf(requested('a', { to: 'x' }))?.digest
  assert.equal(onceOf(requested('b', { to: 'x' }))?.digest, first)
  assert.notEqual(onceOf(requested('a', { to: 'y' }))?.digest, first)
  assert.notEqual(onceOf(requested('a', { to: 'x' }, '/v1/messages/batch'))?.digest, first)
})
