import assert from 'node:assert/strict'
import { test } from 'node:test'

import { addressKey, networks, plainAddress } from './networks.ts'

test('an IPv4 client on an IPv6 socket is the IPv4 client it is', () => {
  assert.equal(plainAddress('::ffff:192.0.2.1'), '192.0.2.1')
  assert.equal(plainAddress('192.0.2.1'), '192.0.2.1')
  assert.equal(plainAddress('fe80::1%eth0'), 'fe80::1')
  assert.equal(plainAddress(undefined), '')
})

test('networks of both families, single addresses, and none', () => {
  const some = networks(['192.0.2.0/24', '2001:db8::/32', '198.51.100.7'])
  for (const inside of ['192.0.2.255', '2001:db8:1::1', '198.51.100.7']) assert.ok(some(inside), inside)
  for (const outside of ['192.0.3.0', '2001:db9::1', '198.51.100.8', '']) assert.ok(!some(outside), outside)
  assert.ok(!networks([])('127.0.0.1'))
})

test('an IPv6 client is counted by its /64, however it is written', () => {
  assert.equal(addressKey('192.0.2.1'), '192.0.2.1')
  assert.equal(addressKey('2001:db8::1'), '2001:db8:0:0::/64')
  assert.equal(addressKey('2001:db8:0:0:1:2:3:4'), '2001:db8:0:0::/64')
  assert.equal(addressKey('2001:0DB8::ffff'), '2001:db8:0:0::/64')
  assert.equal(addressKey('::1'), '0:0:0:0::/64')
  assert.equal(addressKey('2001:db8:1:2::'), '2001:db8:1:2::/64')
})
