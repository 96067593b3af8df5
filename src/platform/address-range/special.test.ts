import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { isLoopback, isPrivate, normalAddress } from './special.ts'

const PRIVATE = [
  '0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 169.254.169.254',
  '172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7',
  '203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255',
  ':: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.1.2.3 0:0:0:0:0:ffff:a9fe:a9fe',
  '64:ff9b::7f00:1 64:ff9b::10.0.0.1 64:ff9b:1::808:808 ::ffff:0:8.8.8.8 100::1 2001::1',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 3fff::1 3fff:fff::1',
  '2002:7f00:1:: 2002:a00:1::1 2002:c0a8:101::1 5f00::1 fc00::1 fd12:3456::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1',
].flatMap((line) => line.split(' '))

const PUBLIC = [
  '1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 128.0.0.1 172.15.0.1 172.32.0.1',
  '192.0.1.1 192.167.1.1 192.169.0.1 198.17.0.1 198.20.0.1 223.255.255.255 169.253.0.1 169.255.0.1',
  '::ffff:8.8.8.8 ::ffff:808:808 64:ff9b::808:808 64:ff9b::8.8.8.8 2002:808:808::1',
  '2001:4860:4860::8888 2001:200::1 2400:4000::1 2a00:1450::1b 2001:db7::1 3ffe::1 2620:0:2d0:200::7',
].flatMap((line) => line.split(' '))

for (const address of PRIVATE) test(`${address} is private`, () => assert.equal(isPrivate(address), true))
for (const address of PUBLIC) test(`${address} is public`, () => assert.equal(isPrivate(address), false))

test('what is no IP address counts as private', () => {
  for (const text of [
    '',
    'localhost',
    '127.1',
    '0x7f.0.0.1',
    '2130706433',
    '0177.0.0.1',
    '1.2.3.4 ',
    '[::1]',
    ':::',
  ]) {
    assert.equal(isPrivate(text), true, text)
  }
})

test('an address has one spelling', () => {
  assert.equal(normalAddress('::FFFF:192.0.2.1'), '192.0.2.1')
  assert.equal(normalAddress('2001:DB8:0:0:1:0:0:1'), '2001:db8::1:0:0:1')
  assert.equal(normalAddress('2001:0db8:0000:0001:0001:0001:0001:0001'), '2001:db8:0:1:1:1:1:1')
  assert.equal(normalAddress('0:0:0:0:0:0:0:0'), '::')
  assert.equal(normalAddress('1::'), '1::')
  assert.equal(normalAddress('64:ff9b::192.0.2.33'), '64:ff9b::c000:221')
  assert.equal(normalAddress('fe80::1%lo'), undefined)
  assert.equal(normalAddress('example.com'), undefined)
})

test('every spelling of an IPv6 address is judged the same', () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const normal = normalAddress(address)
      assert.ok(normal !== undefined)
      assert.equal(normalAddress(normal), normal)
      assert.equal(isPrivate(normal), isPrivate(address))
    }),
  )
})

test('an IPv4 address is judged the same inside its wrappings', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      assert.equal(isPrivate(`::ffff:${address}`), isPrivate(address))
      assert.equal(isPrivate(`64:ff9b::${address}`), isPrivate(address))
    }),
  )
})

test('loopback is told from the rest', () => {
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1']) {
    assert.equal(isLoopback(address), true, address)
  }
  for (const address of ['128.0.0.1', '::', '::2', 'localhost', '127.example.com']) {
    assert.equal(isLoopback(address), false, address)
  }
})
