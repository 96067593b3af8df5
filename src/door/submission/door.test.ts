/** Limits, time, and the ways the door itself opens and closes. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'

import type { NewEvent } from '#engine/spool'
import type { Mailbox } from '#grammar/address'
import { reply } from '#grammar/smtp'
import type { Suppression } from '#product/suppression'

import { handIn } from './hand-in.ts'
import type { HandInRequest } from './hand-in.ts'
import { HOST, bench, limits, listener, turns } from './submission.fixture.ts'

const MESSAGE = 'From: a@example.org\r\nSubject: hello\r\n\r\nbody\r\n'
const PLAIN = `AUTH PLAIN ${Buffer.from('\0alice\0secret').toString('base64')}`

test('connections beyond the limit, in all and of one address, are told so and closed', async () => {
  await using all = await bench({ limits: { connections: 2 } })
  for (let i = 0; i < 2; i += 1) await (await all.client()).introduce()
  assert.match(await (await all.client()).rest(), /^421 4\.7\.0 Too many connections, /)

  await using one = await bench({ limits: { connectionsPerAddress: 1 } })
  const first = await one.client()
  await first.introduce()
  assert.match(await (await one.client()).rest(), /^421 4\.7\.0 Too many connections from your address/)
  await first.say('QUIT')
  await first.rest()
  first.destroy()
  while (one.open() > 0) await turns(1)
  const next = await one.client()
  assert.match(await next.reply(), /^220 /)
})

test('connections of one organization beyond the limit end at AUTH', async () => {
  await using door = await bench({
    listeners: [{ tls: 'none', authWithoutTls: true }],
    limits: { connectionsPerOrganization: 1 },
  })
  const [first, second] = [await door.client(), await door.client()]
  await first.introduce()
  await second.introduce()
  assert.match(await first.say(PLAIN), /^235 /)
  assert.match(await second.say(PLAIN), /^421 4\.7\.0 Too many connections of your organization/)
  assert.equal(await second.rest(), '')
})

test('S20: silence, a line that never ends, content that trickles, a handshake that never comes', async () => {
  await using door = await bench({ limits: { idle: 60_000 }, listeners: [{}, { tls: 'implicit' }] })
  const silent = await door.client()
  await silent.introduce()
  const halfway = await door.client()
  await halfway.introduce()
  const mute = await door.client({ listener: 1 })
  const slow = await door.client()
  await slow.introduce()
  await slow.envelope()
  await slow.say('DATA')
  const steady = await door.client()
  await steady.introduce()
  await steady.envelope()
  await steady.say('DATA')
  for (let seconds = 0; seconds < 60; seconds += 10) {
    halfway.send('N')
    slow.send('x')
    steady.send(`${seconds === 0 ? 'From: a@example.org\r\n' : ''}${'X: y\r\n'.repeat(200)}`)
    await turns(4)
    door.pass(10_000)
  }
  assert.match(await silent.rest(), /^421 4\.4\.2 /)
  assert.match(await halfway.rest(), /^421 4\.4\.2 /)
  assert.match(await slow.rest(), /^421 4\.4\.2 The content came too slowly/)
  assert.equal(await mute.rest(), '')
  steady.send('\r\n.\r\n')
  assert.match(await steady.reply(), /^250 /)
})

test('time is not held against a client while it waits for us', async () => {
  await using door = await bench({ limits: { idle: 5000, session: 10_000 } })
  const gate = Promise.withResolvers<void>()
  door.intake.gate = gate.promise
  const client = await door.client()
  await client.introduce()
  await client.envelope()
  await client.say('DATA')
  client.send(`${MESSAGE}.\r\n`)
  while (door.intake.asked === 0) await turns(1)
  door.pass(60_000)
  gate.resolve()
  assert.match(await client.reply(), /^250 /)
})

test('a drain sends idle sessions away, lets a transaction end, and takes nobody new', async () => {
  await using door = await bench()
  const idle = await door.client()
  await idle.introduce()
  const busy = await door.client()
  await busy.introduce()
  await busy.envelope()
  const { port } = door.door.addresses()[0] ?? { port: 0 }
  const drained = door.door.drain(30_000)
  assert.match(await idle.rest(), /^421 4\.3\.2 /)
  assert.equal(door.door.addresses().length, 0)
  assert.ok(port > 0)
  assert.match(await busy.say('DATA'), /^354 /)
  busy.send(`${MESSAGE}.\r\n`)
  assert.match(await busy.reply(), /^250 /)
  assert.match(await busy.rest(), /^421 4\.3\.2 /)
  busy.destroy()
  idle.destroy()
  await drained
  assert.equal(door.intake.kept.length, 1)
})

test('a drain ends in its time, whatever a client does', async () => {
  await using door = await bench()
  const busy = await door.client()
  await busy.introduce()
  await busy.envelope()
  await door.door.drain(1)
  assert.equal(await busy.rest(), '')
})

test('a reload that cannot listen leaves everything as it was', async () => {
  await using door = await bench({ listeners: [{ ...listener, name: 'first' }] })
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const before = door.door.addresses()
  const free = { ...listener, name: 'free', address: '127.0.0.1', port: 0 }
  const listeners = [free, { ...listener, name: 'second', address: '127.0.0.1', port }]
  await assert.rejects(door.door.reload({ listeners, limits: { ...limits, recipients: 5 } }), {
    code: 'EADDRINUSE',
  })
  assert.deepEqual(door.door.addresses(), before)
  const client = await door.client()
  await client.reply()
  assert.match(await client.say('EHLO client.example.org'), /RCPTMAX=100$/m)
  taken.close()
})

test('a reload holds for new sessions, on the same port, and drops none', async () => {
  await using door = await bench()
  const before = await door.client()
  await before.introduce()
  const [at] = door.door.addresses()
  const changed = { ...listener, name: 'listener 0', trusted: [] }
  await door.door.reload({ listeners: [changed], limits: { ...limits, recipients: 5 } })
  assert.deepEqual(door.door.addresses(), [at])
  const after = await door.client()
  await after.reply()
  assert.match(await after.say('EHLO client.example.org'), /RCPTMAX=5$/m)
  assert.match(await after.say('MAIL FROM:<a@example.org>'), /^530 /)
  assert.match(await before.say('MAIL FROM:<a@example.org>'), /^250 /)
  await door.door.reload({ listeners: [{ ...changed, name: 'other' }], limits })
  assert.deepEqual(
    door.door.addresses().map(({ name }) => name),
    ['other'],
  )
  assert.match(await before.say('RCPT TO:<b@example.com>'), /^250 /)
})

test('a listener that cannot listen is an error, and leaves none behind', async () => {
  await using door = await bench()
  const port = door.door.addresses()[0]?.port ?? 0
  await assert.rejects(
    bench({ listeners: [{}, { port }] }),
    (error: NodeJS.ErrnoException) => error.code === 'EADDRINUSE',
  )
})

test('a client that closes its side after the last octet is still answered', async () => {
  await using door = await bench()
  const client = await door.client()
  await client.introduce()
  await client.envelope()
  await client.say('DATA')
  client.socket.end(`${MESSAGE}.\r\nQUIT\r\n`)
  assert.match(await client.rest(), /^250 [^\r]*\r\n221 [^\r]*\r\n$/)
})

test('a large message whose stream is slow holds its client back, not the memory', async () => {
  await using door = await bench({ limits: { size: 50_000_000 } })
  const gate = Promise.withResolvers<void>()
  door.intake.gate = gate.promise
  const client = await door.client()
  await client.introduce()
  await client.envelope()
  await client.say('DATA')
  client.send(MESSAGE)
  const block = `${'x'.repeat(998)}\r\n`.repeat(2000)
  for (let i = 0; i < 10; i += 1) client.send(block)
  client.send('.\r\n')
  await turns(50)
  assert.ok(client.socket.writableLength > 10_000_000, 'the octets wait where they come from')
  gate.resolve()
  assert.match(await client.reply(), /^250 /)
  assert.equal(door.intake.kept[0]?.text.endsWith(block), true)
})

function broken(): Promise<never> {
  return Promise.reject(new Error('database'))
}

test('a directory or an authenticator that fails puts off, and the log says so', async () => {
  await using door = await bench({
    listeners: [{ tls: 'none', authWithoutTls: true }],
    parts: {
      domains: { maySend: broken, keys: broken },
      authenticator: { password: broken, scram: broken, used: () => {}, close: broken },
    },
  })
  const client = await door.client()
  await client.introduce()
  assert.match(await client.say('MAIL FROM:<a@example.org>'), /^451 4\.3\.0 /)
  assert.match(await client.say(PLAIN), /^454 4\.7\.0 /)
  assert.equal(door.log.named('submission.failed').length, 2)
  assert.ok(!JSON.stringify(door.log.events).includes('secret'))
})

test('what an operator hands in follows the rules of the door', async () => {
  await using door = await bench()
  const told: NewEvent[] = []
  const parts = {
    config: { node: { name: HOST }, limits },
    intake: door.intake,
    suppressions: { find: () => undefined },
    tell: (event: NewEvent) => void told.push(event),
    domains: { maySend: async (_: string, domain: string) => domain === 'example.org', keys: async () => [] },
    keyed: { once: () => assert.fail('it has no key') },
    now: () => 0,
  }
  const content = Buffer.from('From: a@example.org\nBcc: c@example.com\n\nbody\n')
  const request: HandInRequest = {
    organization: 'acme',
    stream: 's',
    from: 'a@example.org',
    to: ['b@example.com'],
    content,
    suppressed: 'refuse',
  }
  assert.deepEqual((await handIn(parts, request)).ok, true)
  const [kept] = door.intake.kept
  assert.equal(kept?.arrival.door, 'api')
  assert.ok(kept?.text.endsWith('\r\n\r\nbody\r\n'))
  assert.ok(!kept?.text.includes('Bcc'))
  for (const wrong of [
    { from: 'nobody' },
    { from: 'a@elsewhere.example' },
    { to: [] },
    { to: ['b@example.com', '@'] },
    { content: Buffer.from('Subject: none\r\n\r\n') },
    { content: Buffer.from('From: a@example.org\r\n\r\n\0') },
  ]) {
    assert.equal((await handIn(parts, { ...request, ...wrong })).ok, false, JSON.stringify(wrong))
  }
  const suppressions = { find: async () => GONE }
  assert.deepEqual(await handIn({ ...parts, suppressions }, request), {
    ok: false,
    why: 'suppressed',
    text: GONE_SAYS,
  })
  const others = {
    find: (_: string, __: string, to: { local: string }) => (to.local === 'gone' ? known : undefined),
  }
  const known = Promise.resolve(GONE)
  const two = { ...request, to: ['gone@example.com', 'b@example.com'], suppressed: 'skip' } as const
  const handed = await handIn({ ...parts, suppressions: others }, two)
  assert.deepEqual(handed.ok && handed.skipped, [
    { to: 'gone@example.com', why: GONE_SAYS.replace('b@', 'gone@') },
  ])
  const why = { organization: 'acme', stream: 's', reason: GONE_IS }
  assert.deepEqual(told, [
    { kind: 'suppressed', at: 0, to: 'b@example.com', ...why },
    { kind: 'suppressed', at: 0, to: 'gone@example.com', ...why },
  ])
  door.intake.refusing = reply(452, '4.3.1', 'Disk is short')
  assert.deepEqual(await handIn(parts, request), { ok: false, why: 'unavailable', text: 'Disk is short' })
})

const GONE_SAYS =
  '<b@example.com> is suppressed since 2026-11-22 (bounce, user-unknown): 550 5.1.1 No such user'

const GONE_IS = 'bounce, user-unknown: 550 5.1.1 No such user'

const GONE: Suppression = {
  organization: 'acme',
  stream: '*',
  address: 'gone@example.com',
  reason: 'bounce',
  class: 'user-unknown',
  evidence: '550 5.1.1 No such user',
  createdAt: Date.UTC(2026, 10, 22),
}

/** `gone` is suppressed, `again` was, and of `broken` nobody can tell. */
function find(organization: string, stream: string, { local }: Mailbox) {
  assert.deepEqual([organization, stream], ['acme', 'transactional'])
  switch (local) {
    case 'broken':
      return Promise.reject(new Error('the database is away'))
    case 'gone':
      return Promise.resolve(GONE)
    case 'again':
      return Promise.resolve(undefined)
    default:
      return undefined
  }
}

test('a suppressed recipient is refused with what shows it, and the others of the message are taken', async () => {
  const events: NewEvent[] = []
  const tell = (event: NewEvent): void => void events.push(event)
  await using door = await bench({ parts: { suppressions: { find }, tell } })
  const client = await door.client()
  await client.introduce()
  assert.match(await client.say('MAIL FROM:<a@example.org>'), /^250/)
  assert.equal(
    await client.say('RCPT TO:<gone@example.com>'),
    '550 5.7.1 <gone@example.com> is suppressed since 2026-11-22 (bounce, user-unknown): 550 5.1.1 No such user',
  )
  assert.match(await client.say('RCPT TO:<broken@example.com>'), /^451 4\.3\.0 /)
  assert.match(await client.say('RCPT TO:<again@example.com>'), /^250/)
  assert.match(await client.say('RCPT TO:<good@example.com>'), /^250/)
  assert.match(await client.say('DATA'), /^354/)
  assert.match(await client.say('From: a@example.org\r\n\r\nx\r\n.'), /^250/)
  const [kept] = door.intake.kept
  assert.deepEqual(
    kept?.arrival.envelope.to.map(({ to }) => to.local),
    ['again', 'good'],
  )
  const [told] = door.log.named('recipient.suppressed')
  assert.equal(told?.['to'], 'gone@example.com')
  assert.deepEqual(
    events.map(({ kind, organization, stream, to, reason }) => [kind, organization, stream, to, reason]),
    [['suppressed', 'acme', 'transactional', 'gone@example.com', GONE_IS]],
  )
  assert.equal(door.log.named('submission.failed').length, 1)
})
