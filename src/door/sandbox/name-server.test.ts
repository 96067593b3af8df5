/** Which hosts the sandbox says are those of a domain. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { PERSONALITIES, Receiver } from '#engine/receiver'

import { shippedPersonalities } from '../../../test/shipped-rules.ts'

import { answer } from './name-server.ts'

const PERSONAL = shippedPersonalities()
const RECEIVERS = PERSONALITIES.map((known) => new Receiver(known, PERSONAL))

test('each domain of a known receiver leads to its host, and the host to its address', () => {
  const personas = new Set(PERSONALITIES.map(({ address }) => address))
  assert.equal(personas.size, PERSONALITIES.length)
  for (const { domains, host, address } of PERSONALITIES) {
    for (const domain of domains) {
      const found = answer({ name: domain, type: 'MX' }, { v6: false, personas, receivers: RECEIVERS })
      assert(found.kind === 'records')
      assert.deepEqual(found.records[0]?.data, { preference: 10, exchange: host })
    }
    const a = answer({ name: host, type: 'A' }, { v6: false, personas, receivers: RECEIVERS })
    assert(a.kind === 'records')
    assert.equal(a.records[0]?.data, address)
  }
})

test('a label leads to a receiver that is known by its host, but not as the last', () => {
  const personas = new Set(PERSONALITIES.map(({ address }) => address))
  const around = { v6: false, personas, receivers: RECEIVERS }
  const exchange = (name: string, addresses = around): unknown => {
    const found = answer({ name, type: 'MX' }, addresses)
    if (found.kind !== 'records') return found.kind
    const data = found.records[0]?.data as { readonly exchange: string } | undefined
    return data?.exchange
  }
  assert.equal(exchange('shop.gmail.test'), 'gmail-smtp-in.l.google.com')
  assert.equal(exchange('shop.softbank.test'), 'mx.sandbox.test')
  assert.equal(exchange('example.com.au'), 'mx.sandbox.test')
  assert.equal(exchange('gmail.com', { ...around, receivers: [] }), 'mx.sandbox.test')
})
