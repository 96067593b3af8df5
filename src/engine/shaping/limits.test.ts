import assert from 'node:assert/strict'
import { test } from 'node:test'

import { narrowed } from './limits.ts'
import type { PathLimits } from './limits.ts'

const ours: PathLimits = {
  connections: 5,
  messagesPerConnection: 100,
  recipientsPerTransaction: 50,
  domainsPerTransaction: Infinity,
  idle: 5000,
  rate: { perSecond: 0, burst: 1 },
}

test('a peer narrows our limits and never widens them', () => {
  const peer = { mailMax: 20, rcptMax: 1000, rcptDomainMax: 1 }
  assert.deepEqual(narrowed(ours, peer), { ...ours, messagesPerConnection: 20, domainsPerTransaction: 1 })
})

test('a peer that says nothing changes nothing', () => {
  assert.deepEqual(narrowed(ours, {}), ours)
})
