import assert from 'node:assert/strict'
import { test } from 'node:test'

import { narrowed } from './limits.ts'
import type { PathLimits } from './limits.ts'

const ours: PathLimits = {
  connections: 5,
  messagesPerConnection: 100,
  recipientsPerConnection: Infinity,
  recipientsPerTransaction: 50,
  domainsPerTransaction: Infinity,
  idle: 5000,
  tls: 'opportunistic',
  timeouts: {
    connect: 1,
    greeting: 1,
    ehlo: 1,
    tls: 1,
    mail: 1,
    rcpt: 1,
    data: 1,
    block: 1,
    end: 1,
    quit: 1,
  },
}

test('a peer narrows our limits and never widens them', () => {
  const peer = { mailMax: 20, rcptMax: 1000, rcptDomainMax: 1 }
  assert.deepEqual(narrowed(ours, peer), { ...ours, messagesPerConnection: 20, domainsPerTransaction: 1 })
})

test('a peer that says nothing changes nothing', () => {
  assert.deepEqual(narrowed(ours, {}), ours)
})
