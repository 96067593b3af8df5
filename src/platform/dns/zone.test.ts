import assert from 'node:assert/strict'
import { test } from 'node:test'

import { lookUp, parseZone } from './zone.ts'

const zone = parseZone(`
  example.com. 60 MX 10 MX.example.com.   ; comment
  mx.example.com A 192.0.2.1
  alias.example.com CNAME mx.example.com
  *.wild.example A 192.0.2.2
  near.wild.example TXT here it is
`)

test('a zone line is a record', () => {
  assert.deepEqual(zone[0], {
    name: 'example.com',
    ttl: 60,
    type: 'MX',
    data: { preference: 10, exchange: 'mx.example.com' },
  })
  assert.deepEqual(zone[4]?.data, 'here it is')
  assert.throws(() => parseZone('example.com SRV 1 2 3 x'), /not a zone line: example.com SRV/)
  assert.throws(() => parseZone('example.com A'), SyntaxError)
  assert.throws(() => parseZone('example.com constructor x'), SyntaxError)
})

test('names are found, denied, or without the type', () => {
  assert.equal(lookUp(zone, 'MX.Example.com', 'A').kind, 'records')
  assert.equal(lookUp(zone, 'mx.example.com', 'AAAA').kind, 'nodata')
  assert.equal(lookUp(zone, 'other.example.com', 'A').kind, 'nxdomain')
  // `wild.example` has no record, but names below it.
  assert.equal(lookUp(zone, 'wild.example', 'A').kind, 'nodata')
})

test('a CNAME is followed, and shown', () => {
  const found = lookUp(zone, 'alias.example.com', 'A')
  assert.deepEqual(found.kind === 'records' && found.records.map(({ type }) => type), ['CNAME', 'A'])
})

test('a wildcard answers under the name asked for, unless something closer exists', () => {
  const found = lookUp(zone, 'a.b.wild.example', 'A')
  assert.deepEqual(found.kind === 'records' && found.records[0]?.name, 'a.b.wild.example')
  assert.equal(lookUp(zone, 'near.wild.example', 'A').kind, 'nodata')
})
