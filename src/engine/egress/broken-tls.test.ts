import assert from 'node:assert/strict'
import { test } from 'node:test'

import { BROKEN_FOR, BrokenTls } from './broken-tls.ts'

const HOST = 'mx.example.net'

test('a host is remembered for its time and not longer', () => {
  const broken = new BrokenTls()
  broken.add(HOST, 0, 'no handshake')
  assert.equal(broken.has(HOST, BROKEN_FOR - 1), true)
  assert.equal(broken.has(HOST, BROKEN_FOR), false)
  assert.equal(broken.has('other.example.net', 0), false)
})

test('since when is told from the first failure after TLS last worked', () => {
  const broken = new BrokenTls()
  broken.add(HOST, 1_000, 'first')
  broken.add(HOST, BROKEN_FOR + 2_000, 'second')
  const seen = broken.list(BROKEN_FOR + 3_000)
  assert.deepEqual(seen, [{ host: HOST, since: 1_000, until: 2 * BROKEN_FOR + 2_000, why: 'second' }])
  broken.mended(HOST)
  assert.deepEqual(broken.list(0), [])
  broken.add(HOST, 5_000, 'third')
  assert.equal(broken.list(5_000)[0]?.since, 5_000)
})

test('what an earlier process knew is known again', () => {
  const before = new BrokenTls()
  before.add(HOST, 0, 'no handshake')
  const after = new BrokenTls(before.list(1))
  assert.equal(after.has(HOST, 1), true)
  assert.deepEqual(after.list(1), before.list(1))
})

test('the memory is bounded, and the oldest goes first', () => {
  const broken = new BrokenTls()
  for (let n = 0; n <= 10_000; n += 1) broken.add(`mx${n}.example.net`, 0, '')
  assert.equal(broken.has('mx0.example.net', 0), false)
  assert.equal(broken.has('mx1.example.net', 0), true)
  assert.equal(broken.has('mx10000.example.net', 0), true)
  assert.equal(
    new BrokenTls([...broken.list(0), { host: HOST, since: 0, until: 1, why: '' }]).list(0).length,
    10_000,
  )
})
