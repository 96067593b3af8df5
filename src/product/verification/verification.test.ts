import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { DomainView, PublishedKey } from '#product/domain'

import { zoneDns } from './names.fixture.ts'
import { verifyDomain } from './verify.ts'
import type { Finding, Sender } from './index.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 10, 22)

function keyOf(selector: string, changes: Partial<PublishedKey> = {}): PublishedKey {
  return {
    domain: 'example.org',
    selector,
    algorithm: 'rsa-sha256',
    record: 'v=DKIM1; k=rsa; p=AAAA',
    state: 'active',
    createdAt: NOW,
    since: NOW,
    ...changes,
  }
}

function viewOf(...keys: readonly PublishedKey[]): DomainView {
  return {
    domain: {
      name: 'example.org',
      organization: 'default',
      createdAt: NOW,
      verifiedAt: NOW,
      vouched: true,
      health: 'good',
    },
    keys,
    records: [],
    statuses: [],
  }
}

const SENDER: Sender = {
  node: { name: 'out.example.net' },
  sources: [{ name: 'default', ehlo: 'out.example.net' }],
}
const BOUNCING: Sender = {
  ...SENDER,
  node: { name: 'out.example.net', returnPathDomain: 'bounce.example.net' },
}

const NODE = 'out.example.net A 1.1.1.7\n7.1.1.1.in-addr.arpa PTR out.example.net\n'
const GOOD = `${NODE}
  k1._domainkey.example.org TXT v=DKIM1; k=rsa; p=AAAA
  example.org TXT v=spf1 a:out.example.net -all
  example.org TXT some-other-verification=1
  example.org MX 10 mx.example.org
  mx.example.org A 1.1.1.8
  _dmarc.example.org TXT v=DMARC1; p=reject; rua=mailto:dmarc@example.org
`

type Told = readonly [level: string, text: string]

async function told(
  zone: string,
  check: string,
  of: Partial<{ view: DomainView; sender: Sender; failing: string[] }> = {},
) {
  const { view = viewOf(keyOf('k1')), sender = SENDER, failing = [] } = of
  const { findings } = await verifyDomain(zoneDns(zone, failing), view, sender, NOW)
  return findings.filter((finding) => finding.check === check)
}

const lines = (findings: readonly Finding[]): readonly Told[] =>
  findings.map(({ level, text }) => [level, text])

test('a domain whose records are published is good throughout, and what is not ours is passed over', async () => {
  const { domain, findings } = await verifyDomain(zoneDns(GOOD), viewOf(keyOf('k1')), SENDER, NOW)
  assert.equal(domain, 'example.org')
  assert.deepEqual(
    findings.map(({ level, check }) => [level, check]),
    [
      ['ok', 'dkim'],
      ['ok', 'spf'],
      ['ok', 'dmarc'],
      ['ok', 'dmarc'],
      ['ok', 'dmarc'],
      ['ok', 'mx'],
      ['ok', 'mta-sts'],
      ['ok', 'tls-rpt'],
      ['ok', 'bimi'],
      ['ok', 'ptr'],
      ['ok', 'bulk'],
      ['ok', 'bulk'],
      ['ok', 'bulk'],
    ],
  )
  assert.ok(findings.every((finding) => finding.publish === undefined && finding.advice === undefined))
})

test('of a domain without any record every finding says what to publish', async () => {
  const { findings } = await verifyDomain(zoneDns(NODE), viewOf(keyOf('k1')), BOUNCING, NOW)
  assert.deepEqual(
    findings
      .filter(({ level, check }) => level !== 'ok' && check !== 'bulk')
      .map(({ level, check, publish }) => [level, check, publish?.name, publish?.value]),
    [
      ['problem', 'dkim', 'k1._domainkey.example.org', 'v=DKIM1; k=rsa; p=AAAA'],
      ['warning', 'spf', 'example.org', 'v=spf1 a:out.example.net ~all'],
      ['problem', 'dmarc', '_dmarc.example.org', 'v=DMARC1; p=none'],
      ['problem', 'return-path', 'bounce.example.net', '10 out.example.net'],
      ['problem', 'return-path', 'bounce.example.net', 'v=spf1 a:out.example.net ~all'],
      ['warning', 'mx', undefined, undefined],
    ],
  )
})

/** The TXT records at the selector, and what is said of an active key. */
const KEYS: readonly (readonly [records: readonly string[], level: string, says: RegExp])[] = [
  [['v=DKIM1; k=rsa; p=AAAA'], 'ok', /published, and signing/],
  [['k=rsa; p=AA AA ;'], 'ok', /signing/],
  [['p=AAAA'], 'ok', /signing/],
  [['v=DKIM1; h=sha1:sha256; s=email; p=AAAA'], 'ok', /signing/],
  [['v=DKIM1; t=s; p=AAAA'], 'ok', /signing/],
  [['v=DKIM1; t=s:y; p=AAAA'], 'warning', /t=y/],
  [[], 'problem', /not in the DNS/],
  [['v=DKIM1; p=BBBB'], 'problem', /another key/],
  [['v=DKIM1; p='], 'problem', /revoked/],
  [['v=DKIM1; k=ed25519; p=AAAA'], 'problem', /"ed25519", not rsa/],
  [['v=DKIM2; p=AAAA'], 'problem', /version "DKIM2"/],
  [['v=DKIM1; h=sha1; p=AAAA'], 'problem', /sha256/],
  [['v=DKIM1; s=tlsrpt; p=AAAA'], 'problem', /not for mail/],
  [['p=AAAA; p=AAAA'], 'problem', /no key record: "p=AAAA; p=AAAA"/],
  [['v=DKIM1; p=AAAA', 'v=DKIM1; p=BBBB'], 'problem', /2 TXT records/],
]

for (const [records, level, says] of KEYS) {
  test(`the key record ${JSON.stringify(records)} is ${level}`, async () => {
    const zone = records.map((text) => `k1._domainkey.example.org TXT ${text}\n`).join('')
    const [finding] = await told(zone, 'dkim')
    assert.equal(finding?.level, level)
    assert.match(finding.text, says)
    assert.equal(finding.publish === undefined, level === 'ok')
  })
}

test('keys that wait and keys that are retired are judged by what their records are for', async () => {
  const view = viewOf(
    keyOf('new', { state: 'published' }),
    keyOf('old', { state: 'retired', removableAt: NOW + DAY }),
    keyOf('older', { state: 'retired', removableAt: NOW - DAY }),
  )
  assert.deepEqual(lines(await told('', 'dkim', { view })), [
    ['warning', 'new: not in the DNS yet; it signs nothing until it is activated'],
    ['warning', 'old: retired, but mail it signed may still be under way'],
    ['ok', 'older: retired, and its record is gone'],
  ])
  const zone = ['new', 'old', 'older'].map((name) => `${name}._domainkey.example.org TXT p=AAAA\n`).join('')
  const found = await told(zone, 'dkim', { view })
  assert.deepEqual(lines(found), [
    ['ok', 'new: published, ready to be activated'],
    ['ok', 'old: retired; the record stays for mail under way'],
    ['ok', 'older: retired long ago'],
  ])
  assert.equal(found[2]?.advice, 'the record may be removed')
})

test('an SPF record that does not name this node gets the mechanism before its end', async () => {
  const record =
    'example.org TXT v=spf1 include:other.example -all\nother.example TXT v=spf1 ip4:1.1.1.1 -all\n'
  const [finding] = await told(NODE + record, 'spf')
  assert.equal(finding?.level, 'problem')
  assert.equal(finding.text, 'example.org, from 1.1.1.7: fail by "-all", 1 of 10 lookups')
  assert.equal(finding.publish?.value, 'v=spf1 include:other.example a:out.example.net -all')
})

test('each source address is judged, and one that the node name does not lead to is published as such', async () => {
  const sources = [
    { name: 'a', address: '1.1.1.7', ehlo: 'out.example.net' },
    { name: 'b', address: '1.1.1.9', ehlo: 'out.example.net' },
    { name: 'c', address: '2606:4700::9', ehlo: 'out.example.net' },
  ]
  const zone = `${NODE}example.org TXT v=spf1 a:out.example.net ?all\n`
  const found = await told(zone, 'spf', { sender: { ...SENDER, sources } })
  assert.deepEqual(
    found.map(({ level, publish }) => [level, publish?.value]),
    [
      ['ok', undefined],
      ['problem', 'v=spf1 a:out.example.net ip4:1.1.1.9 ?all'],
      ['problem', 'v=spf1 a:out.example.net ip6:2606:4700::9 ?all'],
    ],
  )
})

test('behind NAT the addresses are those of the EHLO name', async () => {
  const sources = [{ name: 'nat', address: '10.0.0.5', ehlo: 'out.example.net' }]
  const [finding] = await told(`${NODE}example.org TXT v=spf1 ip4:1.1.1.7 -all\n`, 'spf', {
    sender: { ...SENDER, sources },
  })
  assert.equal(finding?.text, 'example.org, from 1.1.1.7: pass by "ip4:1.1.1.7", 0 of 10 lookups')
})

const SPF: readonly (readonly [zone: string, level: string, says: RegExp])[] = [
  ['example.org TXT v=spf1 +all', 'warning', /pass by "\+all"/],
  ['example.org TXT v=spf1 a:out.example.net\nexample.org TXT v=spf1 -all', 'problem', /2 SPF records/],
  ['example.org TXT v=spf1 a:out.example.net nonsense', 'problem', /permerror by "nonsense of example\.org"/],
  ['example.org TXT v=spf1 include:later.example -all', 'warning', /temperror/],
  ['example.org TXT v=spf10 -all', 'problem', /has no SPF record/],
]

for (const [zone, level, says] of SPF) {
  test(`${zone.split('\n').join(', and ')} is ${level}`, async () => {
    const [finding] = await told(NODE + zone, 'spf', { failing: ['later.example'] })
    assert.equal(finding?.level, level)
    assert.match(finding.text, says)
  })
}

test('without a known address the SPF record is shown and not judged', async () => {
  const [finding] = await told('example.org TXT v=spf1 -all', 'spf')
  assert.deepEqual([finding?.level, finding?.publish], ['warning', undefined])
  assert.match(finding?.text ?? '', /"v=spf1 -all"; from where this node sends is not known/)
})

/** Records at _dmarc, and what is said first. */
const DMARC: readonly (readonly [zone: string, level: string, says: RegExp])[] = [
  ['_dmarc.example.org TXT v=DMARC1; p=none', 'ok', /p=none/],
  ['_dmarc.example.org TXT v=DMARC1;p=quarantine', 'ok', /p=quarantine/],
  ['_dmarc.example.org TXT v=DMARC1; p=REJECT', 'ok', /p=reject/],
  ['_dmarc.example.org TXT v=DMARC1', 'problem', /cannot be read: "v=DMARC1"/],
  ['_dmarc.example.org TXT v=DMARC1; p=refuse', 'problem', /cannot be read/],
  ['_dmarc.example.org TXT p=reject; v=DMARC1', 'problem', /no DMARC policy/],
  [
    '_dmarc.example.org TXT v=DMARC1; p=none\n_dmarc.example.org TXT v=DMARC1; p=reject',
    'problem',
    /several/,
  ],
]

for (const [zone, level, says] of DMARC) {
  test(`${zone.split('\n').join(', and ')} is ${level}`, async () => {
    const [finding] = await told(zone, 'dmarc')
    assert.equal(finding?.level, level)
    assert.match(finding.text, says)
  })
}

test('a subdomain has the policy of its parent for subdomains', async () => {
  const view = { ...viewOf(), domain: { ...viewOf().domain, name: 'news.example.org' } }
  const [finding] = await told(
    '_dmarc.example.org TXT v=DMARC1; p=none; sp=reject; rua=mailto:a@example.org',
    'dmarc',
    { view },
  )
  assert.deepEqual([finding?.level, finding?.text], ['ok', "_dmarc.example.org, a parent's: p=reject"])
})

const policy = (tags: string): string =>
  `_dmarc.example.org TXT v=DMARC1; p=reject; rua=mailto:a@example.org; ${tags}`

test('alignment tells what carries DMARC', async () => {
  const strict = await told(policy('adkim=s; aspf=s'), 'dmarc')
  assert.deepEqual(
    strict.map(({ level }) => level),
    ['ok', 'warning', 'ok'],
  )
  const elsewhere = await told(policy(''), 'dmarc', { sender: BOUNCING })
  assert.match(elsewhere[2]?.text ?? '', /SPF does not align: return paths are in bounce\.example\.net/)
  const below = { ...SENDER, node: { name: 'out.example.net', returnPathDomain: 'bounce.example.org' } }
  assert.match((await told(policy(''), 'dmarc', { sender: below }))[2]?.text ?? '', /SPF aligns/)
  assert.match((await told(policy('aspf=s'), 'dmarc', { sender: below }))[2]?.text ?? '', /does not align/)
})

const MX: readonly (readonly [zone: string, level: string, says: RegExp])[] = [
  ['example.org MX 0 .', 'problem', /null MX/],
  ['example.org A 1.1.1.8', 'warning', /no MX record; its own address 1\.1\.1\.8/],
  ['example.org TXT x', 'problem', /neither MX nor address/],
  [
    'example.org MX 10 gone.example.org',
    'problem',
    /no MX of example\.org has an address: gone\.example\.org/,
  ],
  ['example.org MX 10 later.example', 'ok', /takes mail at later\.example/],
]

for (const [zone, level, says] of MX) {
  test(`bounces to a domain with ${zone}: ${level}`, async () => {
    const [finding] = await told(zone, 'mx', { failing: ['later.example'] })
    assert.equal(finding?.level, level)
    assert.match(finding.text, says)
    // With return paths of our own, nothing of ours comes back to the domain.
    const [elsewhere] = await told(zone, 'mx', { failing: ['later.example'], sender: BOUNCING })
    assert.equal(elsewhere?.level, level === 'problem' ? 'warning' : level)
  })
}

test('one dead MX beside a living one is a warning of its own', async () => {
  const found = await told(`${GOOD}example.org MX 20 gone.example.org`, 'mx')
  assert.deepEqual(lines(found), [
    ['ok', 'example.org takes mail at mx.example.org, gone.example.org'],
    ['warning', 'MX of example.org without an address: gone.example.org'],
  ])
})

test('a resolver that does not answer makes warnings, never problems', async () => {
  const failing = [
    'k1._domainkey.example.org',
    'example.org',
    '_dmarc.example.org',
    'bounce.example.net',
    '_mta-sts.example.org',
    '_smtp._tls.example.org',
    'default._bimi.example.org',
    '7.1.1.1.in-addr.arpa',
  ]
  const { findings } = await verifyDomain(zoneDns(NODE, failing), viewOf(keyOf('k1')), BOUNCING, NOW)
  const asked = findings.filter(({ check }) => check !== 'bulk')
  assert.deepEqual(
    asked.map(({ level }) => level),
    Array.from({ length: 10 }, () => 'warning'),
  )
  assert.ok(findings.every(({ level }) => level !== 'problem'))
  assert.ok(asked.every(({ text }) => text.includes('timeout: no answer')))
})

test('what strangers publish cannot steer a terminal or run on', async () => {
  const zone = zoneDns('')
  const hostile = `v=DKIM1; q=\u001b[2J\u202e${'x'.repeat(5000)}`
  const query = async () => ({ kind: 'records', name: 'x', authentic: false, records: [hostile], expires: 0 })
  const { findings } = await verifyDomain(
    { ...zone, query: query as never },
    viewOf(keyOf('k1')),
    SENDER,
    NOW,
  )
  for (const { text } of findings) {
    assert.doesNotMatch(text, /[\p{Cc}\u202e]/u)
    assert.ok(text.length < 400)
  }
})

test('return paths below the domain itself agree with it', async () => {
  const own = {
    name: 'hk-bounce.example.org',
    type: 'CNAME',
    purpose: 'return-path',
    by: 'owner',
    required: false,
    status: 'ok',
  } as const
  const view = { ...viewOf(keyOf('k1')), statuses: [own] }
  const found = await told(GOOD, 'dmarc', { sender: BOUNCING, view })
  assert.ok(found.some(({ text }) => text === 'SPF aligns: return paths are in hk-bounce.example.org'))
})
