/** Sessions of fragments that make sense alone and seldom together, cut anywhere, over a socket. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { bench } from './submission.fixture.ts'
import type { Bench } from './submission.fixture.ts'

const FRAGMENTS = [
  'EHLO client.example.org\r\n',
  'HELO x\r\n',
  'MAIL FROM:<a@example.org>\r\n',
  'MAIL FROM:<>\r\n',
  'MAIL FROM:<a@example.org> BODY=BINARYMIME\r\n',
  'RCPT TO:<b@example.com>\r\n',
  'RCPT TO:<c@example.com>\r\n',
  'DATA\r\n',
  'From: a@example.org\r\n\r\nbody\r\n.\r\n',
  '.\r\n',
  'BDAT 27 LAST\r\nFrom: a@example.org\r\n\r\nbody',
  'BDAT 5\r\nFrom:',
  'BDAT 0 LAST\r\n',
  'RSET\r\n',
  'NOOP\r\n',
  'STARTTLS\r\n',
  'AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n',
  'AUTH LOGIN\r\n',
  'AUTH SCRAM-SHA-256 biwsbj1hbGljZSxyPWFiYw==\r\n',
  '*\r\n',
  'QUIT\r\n',
  'VRFY x\r\n',
  'x\n',
  '\0\r\n',
  '\xff\xfe\r\n',
  '\r',
  '\r\n',
  'MAIL FROM:<a@example.org',
] as const

/** What a transaction is made of, in order: chance alone would seldom get that far. */
const IN_ORDER = [0, 2, 5, 7, 8] as const

function chance(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    // Park and Miller: a failure can be played again by its seed.
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
}

async function session(door: Bench, seed: number): Promise<string> {
  const random = chance(seed)
  const client = await door.client()
  await client.reply()
  let octets = ''
  for (let i = 0; i < 40; i += 1) {
    const pick = random(3) === 0 ? random(FRAGMENTS.length) : IN_ORDER[i % IN_ORDER.length]
    octets += FRAGMENTS[pick ?? 0] ?? ''
  }
  for (let at = 0; at < octets.length && !client.closed;) {
    const length = 1 + random(60)
    client.send(octets.slice(at, at + length))
    at += length
    await new Promise((resolve) => setImmediate(resolve))
  }
  client.socket.end()
  return await client.rest()
}

test('no sequence of octets breaks the door, and whatever is kept had a sender and a recipient', async () => {
  await using door = await bench({
    listeners: [{ authWithoutTls: true }],
    limits: { errors: 15, authFailuresPerAddress: 1000, authFailuresPerLogin: 1000 },
  })
  const heard = await Promise.all(Array.from({ length: 100 }, (_, i) => session(door, 1000 + i)))
  for (const [i, text] of heard.entries()) {
    // Every octet of ours is a reply line. RFC 5321 §4.2
    for (const line of text.split('\r\n').slice(0, -1)) assert.match(line, /^\d{3}[ -]/, `seed ${1000 + i}`)
  }
  assert.deepEqual(door.log.named('submission.failed'), [])
  assert.ok(door.intake.kept.length > 10, `${door.intake.kept.length} kept`)
  for (const { arrival, text } of door.intake.kept) {
    assert.ok(arrival.envelope.to.length > 0)
    assert.match(text, /^From: a@example\.org\r\n/m)
  }
})
