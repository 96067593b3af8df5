import assert from 'node:assert/strict'
import { test } from 'node:test'

import { messageIds } from '#engine/spool'

import { experienceOf } from './returning.ts'

const id = messageIds(0, () => 0)()

test('what came back is an experience of the organization and stream whose delivery it was', () => {
  const known = {
    organization: 'acme',
    stream: 'marketing',
    to: { local: 'Aki', domain: 'example.com' },
    delivery: { message: id, n: 2 },
    at: 7,
    evidence: 'its words',
  }
  const shared = {
    organization: 'acme',
    stream: 'marketing',
    address: 'aki@example.com',
    delivery: `${id}.2`,
    at: 7,
    evidence: 'its words',
  }
  const bounce = { class: 'user-unknown', type: 'hard', rule: 'a rule' } as const
  assert.deepEqual(experienceOf({ ...known, kind: 'bounced', bounce }), {
    ...shared,
    kind: 'bounced',
    class: 'user-unknown',
    type: 'hard',
  })
  assert.deepEqual(experienceOf({ ...known, kind: 'complained' }), {
    ...shared,
    kind: 'complained',
  })
})
