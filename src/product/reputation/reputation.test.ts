import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Dns } from '#platform/dns'

import { zoneDns } from '../verification/names.fixture.ts'

import { blocklisted } from './blocklist.ts'
import { ReputationWatch } from './watch.ts'

const LIST = 'list.example'
const ZONE = `
7.0.0.11.list.example A 127.0.0.2
7.0.0.11.list.example TXT see https://list.example/11.0.0.7
8.0.0.11.list.example A 127.255.255.254
9.0.0.11.list.example A 198.51.100.1
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.list.example A 127.0.0.4
`

test('an address that a list names is listed, with code and words, in either family', async () => {
  assert.deepEqual(await blocklisted(zoneDns(ZONE), '11.0.0.7', LIST), {
    kind: 'listed',
    codes: ['127.0.0.2'],
    text: 'see https://list.example/11.0.0.7',
  })
  assert.equal((await blocklisted(zoneDns(ZONE), '2001:db8::1', LIST)).kind, 'listed')
  assert.deepEqual(await blocklisted(zoneDns(ZONE), '11.0.0.1', LIST), { kind: 'clear' })
})

test('a list that refuses us, or a zone that answers everything, says nothing of the address', async () => {
  const refused = await blocklisted(zoneDns(ZONE), '11.0.0.8', LIST)
  assert.match(refused.kind === 'unknown' ? refused.why : '', /public resolvers/)
  assert.equal((await blocklisted(zoneDns(ZONE), '11.0.0.9', LIST)).kind, 'unknown')
  const away = zoneDns(ZONE, ['1.0.0.11.list.example'])
  assert.equal((await blocklisted(away, '11.0.0.1', LIST)).kind, 'unknown')
})

const NAMES = `
7.0.0.11.in-addr.arpa PTR mx.example.org
mx.example.org A 11.0.0.7
`

function watching(zones: () => Dns): ReputationWatch {
  let now = 0
  return new ReputationWatch({
    dns: { query: (name, type) => zones().query(name, type), cached: () => undefined },
    sources: [{ name: 'main', address: '11.0.0.7', ehlo: 'mx.example.org' }],
    blocklists: [LIST],
    now: () => (now += 1),
  })
}

test('what is bad is told once, that it is mended is told, and what nobody knows is no news', async () => {
  let dns: Dns = zoneDns(NAMES + ZONE)
  const watch = watching(() => dns)
  const [first, ...others] = await watch.look()
  assert.deepEqual(others, [])
  assert.equal(first?.standing.by, LIST)
  assert.match(first.standing.text, /^127\.0\.0\.2: see https:/)
  assert.deepEqual(await watch.look(), [])
  assert.deepEqual(
    watch.standings.map(({ by, state }) => [by, state]),
    [
      [LIST, 'bad'],
      ['ptr', 'good'],
    ],
  )
  dns = zoneDns(NAMES, ['7.0.0.11.list.example'])
  assert.deepEqual(await watch.look(), [])
  dns = zoneDns(NAMES)
  const [mended] = await watch.look()
  assert.deepEqual([mended?.standing.state, mended?.was], ['good', 'bad'])
  dns = zoneDns(NAMES + ZONE)
  const [again] = await watch.look()
  assert.deepEqual([again?.standing.state, again?.was], ['bad', 'good'])
})

test('a name that does not lead back is bad, and so is none', async () => {
  const astray = await watching(() => zoneDns('7.0.0.11.in-addr.arpa PTR mx.example.org\n')).look()
  assert.match(astray[0]?.standing.text ?? '', /does not lead back/)
  const nameless = await watching(() => zoneDns('')).look()
  assert.match(nameless[0]?.standing.text ?? '', /no PTR record/)
})

test('of an address that nobody outside sees nobody is asked', async () => {
  const dns = zoneDns('mx.example.org A 127.0.0.1\nmx.example.org AAAA ::1\n')
  const sources = [{ name: 'main', ehlo: 'mx.example.org' }]
  const watch = new ReputationWatch({ dns, sources, blocklists: [LIST], now: () => 0 })
  assert.deepEqual(await watch.look(), [])
  assert.deepEqual(watch.standings, [])
  assert.ok(dns.asked.every((question) => !question.includes(LIST)))
})
