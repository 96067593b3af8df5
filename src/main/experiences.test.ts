import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Ending } from '#engine/queue'
import { messageIds } from '#engine/spool'
import type { Attempt, Settlement } from '#engine/spool'
import { memoryLog } from '#platform/log'
import type { Experience } from '#product/suppression'

import { Experiences } from './experiences.ts'

const id = messageIds(0, () => 0)()

function ending(state: Settlement['state'], local: string, more: { readonly door?: string } = {}): Ending {
  const to = { local, domain: 'example.com' }
  const bounce = { class: 'user-unknown', type: 'hard', rule: 'status 5.1.1' }
  const attempt = { code: 550, enhanced: '5.1.1', text: 'No such user', stage: 'RCPT', bounce } as Attempt
  return {
    claimed: {
      message: { id, organization: 'acme', stream: 'marketing', door: 'submission', ...more },
      delivery: { key: { message: id, n: 3 }, to },
    },
    settlement: {
      key: { message: id, n: 3 },
      state,
      due: 0,
      at: 7,
      attempt,
      reason: '550 5.1.1 No such user',
    },
  } as unknown as Ending
}

function gathering(record: (batch: readonly Experience[]) => Promise<void>) {
  const log = memoryLog()
  const experiences = new Experiences({
    filter: { bouncedSoftly: (_organization, { local }) => local === 'full' },
    record,
    log,
  })
  return { experiences, log }
}

test('bounces are handed on with class and evidence, and successes only of those who bounced softly', async () => {
  const batches: (readonly Experience[])[] = []
  const { experiences } = gathering(async (batch) => void batches.push(batch))
  experiences.ended(ending('bounced', 'Gone'))
  experiences.ended(ending('delivered', 'full'))
  experiences.ended(ending('delivered', 'good'))
  experiences.ended(ending('waiting', 'later'))
  experiences.ended(ending('cancelled', 'never'))
  experiences.ended(ending('bounced', 'ours', { door: 'platform' }))
  experiences.ended(ending('bounced', 'postmaster', { door: 'mx' }))
  await experiences.flush()
  await experiences.flush()
  assert.equal(batches.length, 1)
  const known = { organization: 'acme', stream: 'marketing', delivery: `${id}.3`, at: 7 }
  assert.deepEqual(batches[0], [
    {
      ...known,
      address: 'gone@example.com',
      kind: 'bounced',
      evidence: '550 5.1.1 No such user',
      class: 'user-unknown',
      type: 'hard',
    },
    { ...known, address: 'full@example.com', kind: 'delivered' },
  ])
})

test('what cannot be written down is logged, and mail goes on', async () => {
  const { experiences, log } = gathering(() => Promise.reject(new Error('the disk is full')))
  experiences.ended(ending('expired', 'gone'))
  await experiences.flush()
  assert.deepEqual(
    log.lines.map(({ event }) => event),
    ['suppression.not-recorded'],
  )
})
