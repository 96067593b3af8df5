import assert from 'node:assert/strict'
import { test } from 'node:test'

import { checkBroken, checkDomains } from './domain.ts'
import type { DomainBook } from './domain.ts'

const BOOK: DomainBook = {
  domains: async () => [
    {
      name: 'example.org',
      organization: 'default',
      createdAt: 0,
      verifiedAt: 0,
      vouched: true,
      health: 'good',
    },
  ],
  domainVerify: async ({ name }) => ({
    domain: name,
    findings: [
      { level: 'ok', check: 'dkim', text: 'good' },
      { level: 'problem', check: 'spf', text: 'none', publish: { name, type: 'TXT', value: 'v=spf1 -all' } },
    ],
  }),
  brokenTls: async () => [],
}

test('of a domain all that is not good is shown', async () => {
  assert.deepEqual(await checkDomains(BOOK), [
    {
      level: 'problem',
      check: 'domain example.org',
      text: 'spf: none',
      publish: { name: 'example.org', type: 'TXT', value: 'v=spf1 -all' },
    },
  ])
})

test('without a domain nothing can be sent', async () => {
  const [none, ...more] = await checkDomains({ ...BOOK, domains: async () => [] })
  assert.deepEqual([none?.level, more], ['warning', []])
})

test('hosts that get mail in clear because their TLS is broken are told', async () => {
  assert.equal((await checkBroken(BOOK)).level, 'ok')
  const hosts = ['a', 'b', 'c', 'd'].map((host) => ({ host: `${host}.example`, since: 0, until: 1, why: '' }))
  const { level, text } = await checkBroken({ ...BOOK, brokenTls: async () => hosts })
  assert.deepEqual([level, text.slice(0, 7), text.includes('d.example')], ['warning', '4 hosts', false])
})
