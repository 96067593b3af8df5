import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { beginSocks, stepSocks } from './socks.ts'
import type { Socks, SocksRequest, SocksStep } from './socks.ts'

const target = { address: '192.0.2.1', port: 25 }
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

function send(step: SocksStep): { readonly socks: Socks; readonly octets: string } {
  assert.equal(step.kind, 'send')
  return step.kind === 'send'
    ? { socks: step.socks, octets: step.octets.toString('hex') }
    : assert.fail('nothing is sent')
}

test('without a login the proxy is asked to connect at once', () => {
  const begun = beginSocks(target)
  assert.equal(begun.octets.toString('hex'), '050100')
  const asked = send(stepSocks(begun.socks, hex('0500')))
  assert.equal(asked.octets, '05010001c00002010019')
  const answer = hex('05 00 00 01 0a000001 1f90')
  assert.deepEqual(stepSocks(asked.socks, Buffer.concat([answer, Buffer.from('220 ')])), {
    kind: 'connected',
    used: 10,
  })
})

test('a login is given where the proxy wants it, and a wrong one is said to be so', () => {
  const begun = beginSocks({ ...target, login: { user: 'u', password: 'geheim' } })
  assert.equal(begun.octets.toString('hex'), '05020002')
  const { socks, octets } = send(stepSocks(begun.socks, hex('0502')))
  assert.equal(octets, `01 01 75 06 ${Buffer.from('geheim').toString('hex')}`.replaceAll(' ', ''))
  assert.deepEqual(stepSocks(socks, hex('0101')), { kind: 'refused', why: 'the login is wrong' })
  assert.equal(send(stepSocks(socks, hex('0100'))).octets, '05010001c00002010019')
})

test('a login that was not offered is not given', () => {
  assert.deepEqual(stepSocks(beginSocks(target).socks, hex('0502')).kind, 'refused')
  assert.deepEqual(stepSocks(beginSocks(target).socks, hex('05ff')).kind, 'refused')
})

const ipv6: readonly (readonly [address: string, octets: string])[] = [
  ['2001:db8::1', '20010db8000000000000000000000001'],
  ['::', '00000000000000000000000000000000'],
  ['::1', '00000000000000000000000000000001'],
  ['fe80::', 'fe800000000000000000000000000000'],
  ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
]
for (const [address, octets] of ipv6) {
  test(`the address ${address} is sent as sixteen octets`, () => {
    const { socks } = beginSocks({ address, port: 587 })
    assert.equal(send(stepSocks(socks, hex('0500'))).octets, `05010004${octets}024b`)
  })
}

test('each answer ends where its kind of address says', () => {
  const { socks } = send(stepSocks(beginSocks(target).socks, hex('0500')))
  assert.deepEqual(stepSocks(socks, hex(`05000004${'00'.repeat(18)}`)), { kind: 'connected', used: 22 })
  assert.deepEqual(stepSocks(socks, hex(`0500000303616263 0000`)), { kind: 'connected', used: 10 })
  assert.equal(stepSocks(socks, hex('05000009000000000000')).kind, 'refused')
  assert.deepEqual(stepSocks(socks, hex('0505000100000000 0000')), {
    kind: 'refused',
    why: 'the connection was refused',
  })
})

test('octets may come one at a time, and garbage is refused or waited out, never believed', () => {
  const { socks } = send(stepSocks(beginSocks(target).socks, hex('0500')))
  const answer = hex('05 00 00 01 0a000001 1f90')
  for (let n = 0; n < answer.length; n += 1)
    assert.equal(stepSocks(socks, answer.subarray(0, n)).kind, 'more', String(n))
  const requests: readonly SocksRequest[] = [target, { ...target, login: { user: 'a', password: 'b' } }]
  fc.assert(
    fc.property(fc.constantFrom(...requests), fc.uint8Array({ maxLength: 300 }), (request, octets) => {
      const first = stepSocks(beginSocks(request).socks, Buffer.from(octets))
      assert.notEqual(first.kind, 'connected')
    }),
  )
})
