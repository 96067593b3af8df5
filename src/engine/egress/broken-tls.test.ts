import assert from 'node:assert/strict'
import { test } from 'node:test'

import { BROKEN_FOR, BrokenTls } from './broken-tls.ts'

test('a host is remembered for its time and not longer', () => {
  const broken = new BrokenTls()
  broken.add('mx.example.net', 0)
  assert.equal(broken.has('mx.example.net', BROKEN_FOR - 1), true)
  assert.equal(broken.has('mx.example.net', BROKEN_FOR), false)
  assert.equal(broken.has('other.example.net', 0), false)
})

test('the memory is bounded, and the oldest goes first', () => {
  const broken = new BrokenTls()
  for (let n = 0; n <= 10_000; n += 1) broken.add(`mx${n}.example.net`, 0)
  assert.equal(broken.has('mx0.example.net', 0), false)
  assert.equal(broken.has('mx1.example.net', 0), true)
  assert.equal(broken.has('mx10000.example.net', 0), true)
})
