import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { DnsRecord, DomainView, RecordStatus } from '#product/domain'

import { zoneDns } from './names.fixture.ts'
import { lookAt } from './records.ts'

const SENDER = {
  node: { name: 'out.example.net', returnPathDomain: 'bounce.example.net' },
  sources: [{ name: 'default', ehlo: 'out.example.net' }],
}

const own = { by: 'owner', required: true } as const
const KEY: DnsRecord = {
  ...own,
  name: 'k1._domainkey.example.org',
  type: 'TXT',
  purpose: 'dkim',
  value: 'v=DKIM1; k=rsa; p=AAAA',
}
const RECORDS = {
  ownership: {
    ...own,
    name: '_hikyaku.example.org',
    type: 'TXT',
    purpose: 'ownership',
    value: 'hikyaku-ownership=ab',
  },
  dkim: KEY,
  spf: { ...own, name: 'example.org', type: 'TXT', purpose: 'spf', value: 'v=spf1 a:out.example.net ~all' },
  dmarc: { ...own, name: '_dmarc.example.org', type: 'TXT', purpose: 'dmarc', value: 'v=DMARC1; p=none' },
  mx: { ...own, name: 'bounce.example.net', type: 'MX', purpose: 'return-path', value: '10 out.example.net' },
  alias: {
    ...own,
    name: 'click.example.org',
    type: 'CNAME',
    purpose: 'tracking',
    value: 'click.example.net',
  },
} as const satisfies Record<string, DnsRecord>

const ADDRESS = 'out.example.net A 1.1.1.7\n'

async function statusOf(record: DnsRecord, zone: string, failing: string[] = []): Promise<RecordStatus> {
  const view: DomainView = {
    domain: { name: 'example.org', organization: 'default', createdAt: 0, vouched: true, health: 'good' },
    keys: [],
    records: [record],
    statuses: [],
  }
  const { statuses } = await lookAt(zoneDns(zone, failing), view, SENDER)
  return statuses[0]!
}

const GOOD = `${ADDRESS}
  _hikyaku.example.org TXT hikyaku-ownership=ab
  _hikyaku.example.org TXT hikyaku-ownership=another
  k1._domainkey.example.org TXT v=DKIM1; k=rsa; p=AA AA
  example.org TXT v=spf1 include:all.example.net -all
  all.example.net TXT v=spf1 ip4:1.1.1.0/24 -all
  _dmarc.example.org TXT v=DMARC1; p=reject
  bounce.example.net MX 10 OUT.example.net
  click.example.org CNAME click.example.net
`

for (const [what, record] of Object.entries(RECORDS)) {
  test(`${what}: what is published is ok, nothing is missing, no answer is unknown`, async () => {
    assert.equal((await statusOf(record, GOOD)).status, 'ok')
    assert.equal((await statusOf(record, ADDRESS)).status, 'missing')
    const unknown = await statusOf(record, GOOD, [record.name])
    assert.deepEqual([unknown.status, unknown.why], ['unknown', 'timeout: no answer'])
    assert.equal(unknown.found, undefined)
  })
}

const WRONG = {
  ownership: ['_hikyaku.example.org TXT hikyaku-ownership=0', /another value/],
  dkim: ['k1._domainkey.example.org TXT v=DKIM1; k=rsa; p=BBBB', /another key/],
  spf: ['example.org TXT v=spf1 ip4:9.9.9.9 -all', /^fail for 1\.1\.1\.7/],
  dmarc: ['_dmarc.example.org TXT v=DMARC1; p=nonsense', /cannot be read/],
  mx: ['bounce.example.net MX 10 elsewhere.example', /does not name out\.example\.net/],
  alias: ['click.example.org CNAME elsewhere.example', /does not lead to click\.example\.net/],
} as const satisfies Record<keyof typeof RECORDS, unknown>

for (const [what, [zone, why]] of Object.entries(WRONG)) {
  test(`${what}: another record is wrong, and what is there is told`, async () => {
    const told = await statusOf(RECORDS[what as keyof typeof RECORDS], `${ADDRESS}${zone}`)
    assert.equal(told.status, 'wrong')
    assert.match(told.why ?? '', why)
    assert.equal(told.found?.length, 1)
  })
}

test('the policy of a parent is as good', async () => {
  const record = { ...RECORDS.dmarc, name: '_dmarc.news.example.org' }
  assert.equal((await statusOf(record, '_dmarc.example.org TXT v=DMARC1; p=none')).status, 'ok')
})

test('where mail leaves from is not known: then the term itself must stand in the SPF record', async () => {
  const record = { ...RECORDS.spf, value: 'v=spf1 include:spf.example.net ~all' }
  assert.equal(
    (await statusOf(record, 'example.org TXT v=spf1 mx +include:SPF.example.net -all')).status,
    'ok',
  )
  assert.equal((await statusOf(record, 'example.org TXT v=spf1 mx -all')).status, 'wrong')
})

test('several SPF records are an error, whatever they say', async () => {
  const zone = `${ADDRESS}example.org TXT v=spf1 a:out.example.net -all\nexample.org TXT v=spf1 -all`
  const told = await statusOf(RECORDS.spf, zone)
  assert.equal(told.status, 'wrong')
  assert.equal(told.found?.length, 2)
})

test('where there can be no CNAME the addresses themselves will do', async () => {
  const there = 'click.example.net A 1.1.1.9\n'
  const good = await statusOf(RECORDS.alias, `${there}click.example.org A 1.1.1.9`)
  assert.equal(good.status, 'ok')
  const elsewhere = await statusOf(RECORDS.alias, `${there}click.example.org A 9.9.9.9`)
  assert.equal(elsewhere.status, 'wrong')
})
