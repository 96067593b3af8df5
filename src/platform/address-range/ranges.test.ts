import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseRanges } from './ranges.ts'
import type { Ranges } from './ranges.ts'

function ranges(...texts: string[]): Ranges {
  const parsed = parseRanges(texts)
  assert.ok(parsed.ok)
  return parsed.ranges
}

test('networks and single addresses match', () => {
  const some = ranges('10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1')
  for (const address of ['10.255.0.1', '192.0.2.7', '2001:db8:ffff::1', '::1', '::ffff:10.1.2.3']) {
    assert.equal(some.matches(address), true, address)
  }
  for (const address of [
    '11.0.0.1',
    '192.0.2.8',
    '2001:db9::1',
    '::2',
    '::ffff:11.0.0.1',
    'localhost',
    '',
    '::1%lo',
  ]) {
    assert.equal(some.matches(address), false, address)
  }
})

test('no range matches nothing, /0 matches its own family only', () => {
  assert.equal(ranges().matches('127.0.0.1'), false)
  assert.equal(ranges('0.0.0.0/0').matches('203.0.113.1'), true)
  assert.equal(ranges('0.0.0.0/0').matches('::ffff:203.0.113.1'), true)
  assert.equal(ranges('0.0.0.0/0').matches('2001:db8::1'), false)
  assert.equal(ranges('::/0').matches('2001:db8::1'), true)
  assert.equal(ranges('::/0').matches('203.0.113.1'), false)
  assert.equal(ranges('::/0').matches('::ffff:203.0.113.1'), false)
})

test('a mapped network is the IPv4 network it wraps', () => {
  const mapped = ranges('::ffff:10.0.0.0/104')
  assert.equal(mapped.matches('10.9.9.9'), true)
  assert.equal(mapped.matches('11.0.0.1'), false)
})

test('every wrong text is named', () => {
  const wrong = [
    '10.0.0.0/33',
    '10.0.0/8',
    '::1/129',
    'example.com',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/1e1',
    '',
    '::ffff:0:0/96',
  ]
  assert.deepEqual(parseRanges(['10.0.0.0/8', ...wrong]), { ok: false, wrong })
})
