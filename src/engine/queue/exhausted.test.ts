import assert from 'node:assert/strict'
import { test } from 'node:test'

import { memorySpool, messageIds } from '#engine/spool'
import type { Spool } from '#engine/spool'
import { memoryLog } from '#platform/log'

import { exhaustedReply } from './exhausted.ts'
import type { Allowing, Exhausted } from './exhausted.ts'
import { createIntake } from './intake.ts'
import type { Arrival, Intake } from './intake.ts'

const NOON = Date.UTC(2026, 10, 22, 12)
const BODY = Buffer.from('Subject: x\r\n\r\nx\r\n')
const USED: Exhausted = { quota: 'hour', limit: 10, used: 10, wanted: 1, until: NOON + 3_600_000 }

type Rig = { readonly intake: Intake; readonly counted: (number | boolean)[]; isUsedUp: boolean }

/** Notes how many are taken, and whether they were kept. */
async function rig(some: Partial<Spool> = {}): Promise<Rig> {
  const counted: (number | boolean)[] = []
  const at = { isUsedUp: false }
  const allowance: Allowing = {
    take(_of, { recipients }) {
      if (at.isUsedUp) return { ok: false, exhausted: USED }
      counted.push(recipients)
      return { ok: true, over: (isKept) => counted.push(isKept) }
    },
  }
  const intake = createIntake({
    spool: { ...(await memorySpool()), ...some },
    queue: { reserve: () => true, free: () => {}, arrived: () => {} },
    expire: 1,
    expireNull: 1,
    log: memoryLog(),
    allowance,
    newId: messageIds(1, () => NOON),
    now: () => NOON,
    pressure: () => undefined,
  })
  return Object.assign(at, { intake, counted })
}

function arrival(intake: Intake, door = 'submission'): Arrival {
  const to = ['a', 'b'].map((local) => ({ to: { local, domain: 'example.com' } }))
  return {
    id: intake.newId(),
    envelope: { from: null, to, body: '7bit', smtputf8: false, requireTls: false, priority: 0 },
    organization: 'acme',
    stream: 'news',
    door,
    client: { address: '192.0.2.1', helo: 'client', protocol: 'ESMTPSA' },
  }
}

test('each recipient counts when the message is kept, in one buffer or as a stream', async () => {
  const { intake, counted } = await rig()
  assert.ok((await intake.accept(arrival(intake), BODY)).ok)
  const large = arrival(intake)
  const writing = intake.stream(large.id)
  await writing.write(BODY)
  assert.ok((await writing.accept(large, BODY.length)).ok)
  assert.deepEqual(counted, [2, true, 2, true])
})

test('what is beyond the quota is not kept, and nothing of it stays', async () => {
  let discarded = 0
  const writing = {
    write: async () => {},
    accept: () => assert.fail('it is beyond the quota'),
    discard: async () => void (discarded += 1),
  }
  const at = await rig({ accept: () => assert.fail('it is beyond the quota'), write: () => writing })
  at.isUsedUp = true
  const refused = await at.intake.accept(arrival(at.intake), BODY)
  assert.deepEqual(!refused.ok && [refused.reply.code, refused.exhausted], [452, USED])
  const large = arrival(at.intake)
  assert.ok(!(await at.intake.stream(large.id).accept(large, BODY.length)).ok)
  assert.equal(discarded, 1)
})

test('a message that the store does not keep is counted no more', async () => {
  const full = await rig({ accept: () => Promise.reject(new Error('the store is gone')) })
  await assert.rejects(full.intake.accept(arrival(full.intake), BODY))
  assert.deepEqual(full.counted, [2, false])
})

test('mail of our own is of nobody’s quota', async () => {
  const at = await rig()
  at.isUsedUp = true
  for (const door of ['platform', 'mx'])
    assert.ok((await at.intake.accept(arrival(at.intake, door), BODY)).ok)
  assert.deepEqual(at.counted, [])
})

function said(exhausted: Exhausted): string {
  const { code, enhanced, lines } = exhaustedReply(exhausted)
  return `${code} ${enhanced} ${lines.join(' ')}`
}

test('a reply says which quota, of whom, and until when', () => {
  assert.equal(
    said(USED),
    '452 4.7.1 The quota of your organization is 10 recipients an hour: it is used up until 2026-11-22T13:00:00Z',
  )
  assert.equal(
    said({ ...USED, quota: 'month', used: 7, stream: 'news' }),
    '452 4.7.1 The quota of the stream news is 10 recipients a month: 3 are left until 2026-11-22T13:00:00Z',
  )
  assert.match(said({ quota: 'recipients', limit: 3 }), /^452 4\.5\.3 Too many recipients: .* 3 a message$/)
  assert.match(said({ quota: 'size', limit: 500 }), /^552 5\.3\.4 Message size exceeds .*: 500 octets$/)
})
