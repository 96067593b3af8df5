/** Where the door asks what an organization may send, and what it answers. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Exhausted } from '#engine/queue'

import { handIn } from './hand-in.ts'
import type { HandInRequest } from './hand-in.ts'
import { HOST, bench, limits } from './submission.fixture.ts'

const UNTIL = Date.UTC(2026, 10, 22, 1)
const USED: Exhausted = { quota: 'hour', limit: 10, used: 10, wanted: 1, until: UNTIL }

/** Two recipients and 100 octets a message. */
const SMALL = {
  refusal: (_of: object, { recipients, size = 0 }: { recipients: number; size?: number }) => {
    if (size > 100) return { quota: 'size', limit: 100 } as const
    return recipients > 2 ? ({ quota: 'recipients', limit: 2 } as const) : undefined
  },
  size: () => ({ quota: 'size', limit: 100 }) as const,
  left: () => [],
}

test('when a window is used up no transaction begins: the client is to come back', async () => {
  await using door = await bench({ parts: { allowance: { ...SMALL, refusal: () => USED } } })
  const client = await door.client()
  await client.introduce()
  assert.equal(
    await client.say('MAIL FROM:<a@example.org>'),
    '452 4.7.1 The quota of your organization is 10 recipients an hour: it is used up until 2026-11-22T01:00:00Z',
  )
})

test('recipients beyond the quota are refused one by one, and those before are sent to', async () => {
  await using door = await bench({ parts: { allowance: SMALL } })
  const client = await door.client()
  await client.introduce()
  await client.say('MAIL FROM:<a@example.org>')
  for (const name of ['one', 'two']) assert.match(await client.say(`RCPT TO:<${name}@example.com>`), /^250 /)
  assert.match(await client.say('RCPT TO:<three@example.com>'), /^452 4\.5\.3 /)
  await client.say('DATA')
  assert.match(await client.say('From: a@example.org\r\n\r\nx\r\n.'), /^250 /)
  assert.equal(door.intake.kept[0]?.arrival.envelope.to.length, 2)
})

test('a message beyond the quota is refused by what it says of its size, or by what it has', async () => {
  await using door = await bench({ parts: { allowance: SMALL } })
  const client = await door.client()
  await client.introduce()
  const large = /^552 5\.3\.4 Message size exceeds the quota of your organization: 100 octets$/
  assert.match(await client.say('MAIL FROM:<a@example.org> SIZE=101'), large)
  assert.match(await client.say('MAIL FROM:<a@example.org> SIZE=50'), /^250 /)
  await client.say('RCPT TO:<b@example.com>')
  await client.say('DATA')
  assert.match(await client.say(`From: a@example.org\r\n\r\n${'x'.repeat(100)}\r\n.`), large)
  assert.match(await client.say('MAIL FROM:<a@example.org>'), /^250 /)
  assert.deepEqual(door.intake.kept, [])
})

test('what is handed in hears which quota stands in the way, and what is left', async () => {
  await using door = await bench()
  const left = [{ quota: 'hour', limit: 10, left: 3, length: 3600, wait: 60 }] as const
  const parts = {
    config: { node: { name: HOST }, limits },
    intake: door.intake,
    suppressions: { find: () => undefined },
    tell: () => {},
    domains: { maySend: async () => true, keys: async () => [] },
    keyed: { once: () => assert.fail('it has no key') },
    now: () => 0,
    allowance: { ...SMALL, left: () => left },
  }
  const request: HandInRequest = {
    organization: 'acme',
    stream: 's',
    from: 'a@example.org',
    to: ['b@example.com'],
    content: Buffer.from('From: a@example.org\r\n\r\nx\r\n'),
    suppressed: 'refuse',
  }
  const kept = await handIn(parts, request)
  assert.deepEqual(kept.ok && kept.left, left)
  const to = ['b@example.com', 'c@example.com', 'd@example.com']
  const many = await handIn(parts, { ...request, to })
  assert.deepEqual(!many.ok && many.why === 'quota' && [many.exhausted, many.left], [
    { quota: 'recipients', limit: 2 },
    left,
  ])
  const large = await handIn(parts, { ...request, content: Buffer.alloc(101, 'x') })
  assert.deepEqual(!large.ok && large.why === 'quota' && large.exhausted.quota, 'size')
  door.intake.exhausted = USED
  const late = await handIn(parts, request)
  assert.deepEqual(!late.ok && late.why === 'quota' && late.exhausted, USED)
  assert.match(late.ok ? '' : late.text, /^The quota of your organization is 10 recipients an hour/)
})
