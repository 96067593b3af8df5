import assert from 'node:assert/strict'
import { test } from 'node:test'

import { domainStatus } from './domain-status.ts'
import { published } from './published.ts'

test('a domain that broke is told to its organization, with the records to look at', () => {
  const records = ['s1._domainkey.example.org TXT missing', '_dmarc.example.org TXT wrong']
  const event = domainStatus({ organization: 'acme', name: 'example.org', kind: 'broken', records }, 0)
  assert.equal(event.organization, 'acme')
  assert.deepEqual(published({ id: '0-1-0', ...event }), {
    id: '0-1-0',
    kind: 'domain-status',
    time: '1970-01-01T00:00:00.000Z',
    reason: 's1._domainkey.example.org TXT missing; _dmarc.example.org TXT wrong',
    data: { domain: 'example.org', status: 'broken' },
  })
})

test('one that recovered has nothing to look at', () => {
  const change = { organization: 'acme', name: 'example.org', kind: 'recovered', records: [] } as const
  assert.equal(domainStatus(change, 0).reason, undefined)
})
