import assert from 'node:assert/strict'
import { test } from 'node:test'

import { DnsServer, parseZone, Resolver } from '#platform/dns'
import type { Question, Said } from '#platform/dns'

import { DNS_CONFIG } from '../../../test/web.ts'

import { findDane, formatTlsa } from './tlsa.ts'
import type { Dane } from './tlsa.ts'

const SHA256 = 'ab'.repeat(32)
const SHA512 = 'cd'.repeat(64)

type Found = { readonly dane: Dane; readonly asked: readonly string[] }

async function found(zone: string, options: { host?: string; authentic?: boolean } = {}): Promise<Found> {
  const { host = 'mx.example', authentic = true } = options
  const answer = parseZone(zone)
  const asked: string[] = []
  const heard = ({ name, type }: Question): void => void asked.push(`${type} ${name.toLowerCase()}`)
  await using server = await DnsServer.on({ answer, authentic, heard })
  using dns = new Resolver({ config: { ...DNS_CONFIG, servers: [server.endpoint] }, now: () => 0 })
  return { dane: await findDane(host, 25, dns), asked: asked.filter((one) => one.startsWith('TLSA')) }
}

function records(dane: Dane): readonly string[] {
  return dane.kind === 'usable' ? dane.records.map(formatTlsa) : []
}

test('the records of a host whose addresses are secure are obeyed', async () => {
  const { dane } = await found(`
    mx.example A 192.0.2.1
    _25._tcp.mx.example TLSA 3 1 1 ${SHA256}
    _25._tcp.mx.example TLSA 2 0 2 ${SHA512}`)
  assert.ok(dane.kind === 'usable')
  assert.deepEqual(records(dane).toSorted(), [`2 0 2 ${SHA512}`, `3 1 1 ${SHA256}`])
  assert.deepEqual([dane.base, dane.names], ['mx.example', ['mx.example']])
})

test('without a resolver that vouches nothing is asked, and nothing counts. RFC 7672 §2.2.2', async () => {
  const zone = `mx.example A 192.0.2.1\n_25._tcp.mx.example TLSA 3 1 1 ${SHA256}`
  assert.deepEqual(await found(zone, { authentic: false }), { dane: { kind: 'none' }, asked: [] })
})

test('a host without records, without addresses or with an address for a name has none', async () => {
  assert.equal((await found('mx.example A 192.0.2.1')).dane.kind, 'none')
  assert.equal((await found('other.example A 192.0.2.1')).dane.kind, 'none')
  assert.equal((await found('mx.example A 192.0.2.1', { host: '192.0.2.1' })).dane.kind, 'none')
})

test('records stand where the CNAMEs of the host lead, or else at its own name. RFC 7672 §2.2.3', async () => {
  const alias = 'mx.example CNAME real.example\nreal.example A 192.0.2.1\n'
  const first = await found(
    `${alias}_25._tcp.real.example TLSA 3 1 1 ${SHA256}\n_25._tcp.mx.example TLSA 3 0 1 ${SHA256}`,
  )
  assert.deepEqual(records(first.dane), [`3 1 1 ${SHA256}`])
  assert.ok(first.dane.kind === 'usable')
  assert.deepEqual(first.dane.names, ['real.example', 'mx.example'])
  const second = await found(`${alias}_25._tcp.mx.example TLSA 3 0 1 ${SHA256}`)
  assert.deepEqual(records(second.dane), [`3 0 1 ${SHA256}`])
  assert.deepEqual(second.asked, ['TLSA _25._tcp.real.example', 'TLSA _25._tcp.mx.example'])
})

test('records that cannot be used leave TLS mandatory. RFC 7672 §2.2', async () => {
  const unusable = [
    `0 1 1 ${SHA256}`,
    `1 1 1 ${SHA256}`,
    '3 1 1 abcd',
    `3 2 1 ${SHA256}`,
    `3 1 3 ${SHA256}`,
    `4 1 1 ${SHA256}`,
  ]
  const zone = unusable.map((one) => `_25._tcp.mx.example TLSA ${one}`).join('\n')
  const { dane } = await found(`mx.example A 192.0.2.1\n${zone}`)
  assert.equal(dane.kind, 'unusable')
})

test('of the digests of one usage and selector only the strongest counts. RFC 7672 §5', async () => {
  const { dane } = await found(`
    mx.example A 192.0.2.1
    _25._tcp.mx.example TLSA 3 1 1 ${SHA256}
    _25._tcp.mx.example TLSA 3 1 2 ${SHA512}
    _25._tcp.mx.example TLSA 3 0 1 ${SHA256}
    _25._tcp.mx.example TLSA 3 1 0 aa`)
  assert.deepEqual(records(dane).toSorted(), ['3 0 1 ' + SHA256, '3 1 0 aa', '3 1 2 ' + SHA512])
})

function bogus({ type, name }: Question): Said {
  if (type === 'TLSA') return { kind: 'servfail' }
  return type === 'A'
    ? { kind: 'records', records: parseZone(`${name.toLowerCase()} A 192.0.2.1`) }
    : { kind: 'nodata', ttl: 60 }
}

test('a lookup that fails is no leave to do without. RFC 7672 §2.1.2', async () => {
  await using server = await DnsServer.on({ answer: bogus, authentic: true })
  using dns = new Resolver({ config: { ...DNS_CONFIG, servers: [server.endpoint] }, now: () => 0 })
  const dane = await findDane('mx.example', 25, dns)
  assert.equal(dane.kind, 'failed')
})
