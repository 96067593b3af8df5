import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { formatXclient, parseXclient } from './xclient.ts'

test('reads what Postfix sends', () => {
  const argument =
    'NAME=spike.porcupine.org ADDR=168.100.189.2 PORT=25 PROTO=ESMTP HELO=spike LOGIN=jane+40example.com DESTADDR=IPV6:2001:DB8::1 DESTPORT=587'
  assert.deepEqual(parseXclient(argument), {
    name: 'spike.porcupine.org',
    address: '168.100.189.2',
    port: 25,
    protocol: 'ESMTP',
    helo: 'spike',
    login: 'jane@example.com',
    destinationAddress: '2001:db8::1',
    destinationPort: 587,
  })
})

test('what the proxy does not know is null, what it does not say is absent', () => {
  assert.deepEqual(parseXclient('name=[UNAVAILABLE] helo=[tempunavail]'), { name: null, helo: null })
})

const refused = [
  '',
  'NAME',
  'NAME=',
  '=x',
  'COLOUR=red',
  'NAME=a NAME=b',
  'ADDR=1.2.3',
  'ADDR=2001:db8::g',
  'ADDR=fe80::1%eth0',
  'PORT=65536',
  'PORT=-1',
  'PORT=1e3',
  'PROTO=SMTPS',
  'HELO=a+0D+0Ab',
  'LOGIN=a+00b',
  'HELO=a+2',
  'HELO=a b',
  `HELO=${'x'.repeat(256)}`,
]
for (const argument of refused) {
  test(`refuses ${JSON.stringify(argument).slice(0, 40)}`, () =>
    assert.equal(parseXclient(argument), undefined))
}

test('what is formatted is read back', () => {
  const word = fc.oneof(
    fc.constant(null),
    fc.stringMatching(/^[!-~]{1,40}$/).filter((text) => !/^\[(TEMP)?UNAVAIL/i.test(text)),
  )
  const port = fc.oneof(fc.constant(null), fc.nat({ max: 65_535 }))
  const address = fc.oneof(fc.constant(null), fc.ipV4())
  const attributes = fc.record(
    {
      name: word,
      address,
      port,
      protocol: fc.constantFrom('SMTP' as const, 'ESMTP' as const, null),
      helo: word,
      login: word,
      destinationAddress: fc.constantFrom(null, '2001:db8::1'),
      destinationPort: port,
    },
    { requiredKeys: ['address'] },
  )
  fc.assert(
    fc.property(attributes, (said) => {
      const line = formatXclient(said)
      assert.match(line, /^XCLIENT [!-~]/)
      assert.deepEqual({ ...parseXclient(line.slice('XCLIENT '.length)) }, { ...said })
    }),
  )
})
