import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Learned } from '#engine/feedback'
import { messageIds } from '#engine/spool'

import { experienceOf } from './returning.ts'

const id = messageIds(0, () => 0)()

test('what came back is an experience of the organization and stream whose delivery it was', () => {
  const known = {
    message: { id, organization: 'acme', stream: 'marketing' },
    delivery: { key: { message: id, n: 2 }, to: { local: 'Aki', domain: 'example.com' } },
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
  assert.deepEqual(experienceOf({ ...known, kind: 'bounced', bounce } as unknown as Learned), {
    ...shared,
    kind: 'bounced',
    class: 'user-unknown',
    type: 'hard',
  })
  assert.deepEqual(experienceOf({ ...known, kind: 'complained' } as unknown as Learned), {
    ...shared,
    kind: 'complained',
  })
})
