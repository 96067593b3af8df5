import assert from 'node:assert/strict'
import { test } from 'node:test'

import { spf as oracle } from 'mailauth/lib/spf/index.js'

import { zoneDns } from './names.fixture.ts'
import { evaluateSpf } from './spf.ts'

const ZONE = `
  direct.example TXT v=spf1 ip4:198.51.100.7 -all
  net.example TXT v=spf1 ip4:198.51.100.0/24 ip6:2001:db8:1::/48 ~all
  a.example TXT v=spf1 a -all
  a.example A 198.51.100.7
  a.example AAAA 2001:db8:1::7
  anet.example TXT v=spf1 a:a.example/28//64 -all
  mx.example TXT v=spf1 mx -all
  mx.example MX 10 a.example
  include.example TXT v=spf1 include:direct.example ?all
  nested.example TXT v=spf1 include:include.example include:net.example -all
  softly.example TXT v=spf1 include:net.example -all
  redirect.example TXT v=spf1 redirect=direct.example
  ignored.example TXT v=spf1 redirect=missing.example +all
  redirected-nowhere.example TXT v=spf1 redirect=missing.example
  includes-nothing.example TXT v=spf1 include:missing.example -all
  none.example TXT hello
  two.example TXT v=spf1 -all
  two.example TXT v=spf1 +all
  wrong.example TXT v=spf1 ip4:198.51.100.7 nonsense:x -all
  late-wrong.example TXT v=spf1 +all ip4:300.1.1.1/8/ a:
  prefix.example TXT v=spf1 ip4:198.51.100.0/33 -all
  neutral.example TXT v=spf1 ip4:203.0.113.1
  empty.example TXT v=spf1
  upper.example TXT V=SPF1 IP4:198.51.100.7 -ALL
  modifiers.example TXT v=spf1 exp=why.example unknown=x ip4:198.51.100.7 -all
  exists.example TXT v=spf1 exists:%{ir}.%{v}.list.example -all
  7.100.51.198.in-addr.list.example A 127.0.0.2
  sender.example TXT v=spf1 exists:%{l}.%{d2}.list.example -all
  postmaster.sender.example.list.example A 127.0.0.2
  macro.example TXT v=spf1 exists:%{q}.example -all
  ptr.example TXT v=spf1 ptr -all
  7.100.51.198.in-addr.arpa PTR out.ptr.example
  out.ptr.example A 198.51.100.7
  voids.example TXT v=spf1 a:v1.example a:v2.example a:v3.example ip4:198.51.100.7 -all
  loop.example TXT v=spf1 include:loop.example -all
  ten.example TXT v=spf1 a:b1.example a:b2.example a:b3.example a:b4.example a:b5.example a:b6.example a:b7.example a:b8.example a:b9.example a:a.example -all
  eleven.example TXT v=spf1 a:b1.example a:b2.example a:b3.example a:b4.example a:b5.example a:b6.example a:b7.example a:b8.example a:b9.example a:b1.example a:a.example -all
  b1.example A 203.0.113.1
  b2.example A 203.0.113.1
  b3.example A 203.0.113.1
  b4.example A 203.0.113.1
  b5.example A 203.0.113.1
  b6.example A 203.0.113.1
  b7.example A 203.0.113.1
  b8.example A 203.0.113.1
  b9.example A 203.0.113.1
`

const V4 = '198.51.100.7'
const V6 = '2001:db8:1::7'

/** From which address, for which domain, with which result, after how many lookups. */
const TABLE: readonly (readonly [domain: string, address: string, result: string, lookups: number])[] = [
  ['direct.example', V4, 'pass', 0],
  ['direct.example', '198.51.100.8', 'fail', 0],
  ['direct.example', '::ffff:198.51.100.7', 'pass', 0],
  ['net.example', '198.51.100.200', 'pass', 0],
  ['net.example', V6, 'pass', 0],
  ['net.example', '203.0.113.9', 'softfail', 0],
  ['a.example', V4, 'pass', 1],
  ['a.example', V6, 'pass', 1],
  ['anet.example', '198.51.100.15', 'pass', 1],
  ['anet.example', '198.51.100.16', 'fail', 1],
  ['anet.example', '2001:db8:1::ffff', 'pass', 1],
  ['mx.example', V4, 'pass', 1],
  ['include.example', V4, 'pass', 1],
  ['include.example', '198.51.100.8', 'neutral', 1],
  ['nested.example', '198.51.100.9', 'pass', 3],
  ['softly.example', '203.0.113.9', 'fail', 1],
  ['redirect.example', V4, 'pass', 1],
  ['ignored.example', V4, 'pass', 0],
  ['redirected-nowhere.example', V4, 'permerror', 1],
  ['includes-nothing.example', V4, 'permerror', 1],
  ['none.example', V4, 'none', 0],
  ['missing.example', V4, 'none', 0],
  ['two.example', V4, 'permerror', 0],
  ['wrong.example', V4, 'permerror', 0],
  ['late-wrong.example', V4, 'permerror', 0],
  ['prefix.example', V4, 'permerror', 0],
  ['neutral.example', V4, 'neutral', 0],
  ['empty.example', V4, 'neutral', 0],
  ['upper.example', V4, 'pass', 0],
  ['modifiers.example', V4, 'pass', 0],
  ['exists.example', V4, 'pass', 1],
  ['exists.example', '198.51.100.8', 'fail', 1],
  ['sender.example', V4, 'pass', 1],
  ['macro.example', V4, 'permerror', 0],
  ['ptr.example', V4, 'pass', 1],
  ['ptr.example', '198.51.100.8', 'fail', 1],
  ['voids.example', V4, 'permerror', 3],
  ['loop.example', V4, 'permerror', 11],
  ['ten.example', V4, 'pass', 10],
  ['eleven.example', V4, 'permerror', 11],
]

const question = (address: string, domain: string) => ({
  address,
  helo: 'mail.example.net',
  sender: { local: 'postmaster', domain },
})

for (const [domain, address, result, lookups] of TABLE) {
  test(`SPF of ${domain} from ${address}: ${result} after ${lookups} lookups`, async () => {
    const verdict = await evaluateSpf(zoneDns(ZONE), domain, question(address, domain))
    assert.deepEqual([verdict.result, verdict.lookups], [result, lookups], verdict.because)
  })
}

/** mailauth 4.13 reads no further than the term that matches; RFC 7208 §4.6 has the whole record read first. */
const ORACLE_DIFFERS = new Set(['late-wrong.example'])

test('another implementation comes to the same results', async () => {
  const dns = zoneDns(ZONE)
  const resolver = async (name: string, type: string): Promise<unknown> => {
    const answer = await dns.query(name, type as 'A')
    if (answer.kind === 'records')
      return type === 'TXT' ? answer.records.map((text) => [text]) : answer.records
    throw Object.assign(new Error(answer.kind), { code: answer.kind === 'nodata' ? 'ENODATA' : 'ENOTFOUND' })
  }
  for (const [domain, address, result] of TABLE) {
    if (ORACLE_DIFFERS.has(domain)) continue
    const verdict = await oracle({
      sender: `postmaster@${domain}`,
      ip: address.replace('::ffff:', ''),
      helo: 'mail.example.net',
      mta: 'mx.example.org',
      resolver: resolver as never,
    })
    assert.equal(verdict.status.result, result, `${domain} from ${address}`)
  }
})

test('what nobody can tell now is a temporary error, and never a pass', async () => {
  const zone =
    'x.example TXT v=spf1 a:later.example +all\nincludes.example TXT v=spf1 include:later.example +all'
  for (const domain of ['x.example', 'includes.example', 'later.example']) {
    const verdict = await evaluateSpf(zoneDns(zone, ['later.example']), domain, question(V4, domain))
    assert.equal(verdict.result, 'temperror', domain)
  }
})

test('the verdict names the term that decided', async () => {
  const dns = zoneDns(ZONE)
  const because = async (domain: string) => (await evaluateSpf(dns, domain, question(V4, domain))).because
  assert.equal(await because('a.example'), 'a')
  assert.equal(await because('nested.example'), 'include:include.example')
  assert.equal(await because('voids.example'), 'more than 2 lookups lead to nothing')
  assert.equal(await because('eleven.example'), 'more than 10 lookups')
})
