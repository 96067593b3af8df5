/** The longest session, wherever it is; and what is left of a message whose session ends in the middle of it. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { ListenerConfig } from '#platform/config'

import { bench, turns } from './submission.fixture.ts'
import type { Bench, Client } from './submission.fixture.ts'

const MESSAGE = 'From: a@example.org\r\nSubject: hello\r\n\r\nbody\r\n'
/** Far beyond what is kept in one buffer. */
const LARGE = MESSAGE + `${'x'.repeat(76)}\r\n`.repeat(6000)
const OVER = '421 4.4.2 The session lasted too long: the limit is 60 s, closing'

/** In a session of 60 s at most, what a client does every 10 s to look alive. */
const PLACES: readonly {
  readonly place: string
  readonly listener?: Partial<ListenerConfig>
  readonly begin: (client: Client) => Promise<unknown>
  readonly again: (client: Client) => unknown
}[] = [
  { place: 'ready', begin: (client) => client.introduce(), again: (client) => client.say('NOOP') },
  {
    place: 'mail',
    begin: async (client) => {
      await client.introduce()
      await client.envelope()
    },
    again: (client) => client.say('RCPT TO:<jane@example.com>'),
  },
  {
    place: 'data',
    begin: async (client) => {
      await client.introduce()
      await client.envelope()
      await client.say('DATA')
      client.send('From: a@example.org\r\n')
    },
    again: (client) => client.send('X: y\r\n'.repeat(500)),
  },
  {
    place: 'data',
    begin: async (client) => {
      await client.introduce()
      await client.envelope()
      await client.say('DATA')
      client.send(LARGE)
    },
    again: (client) => client.send('more\r\n'.repeat(500)),
  },
  {
    place: 'chunks',
    begin: async (client) => {
      await client.introduce()
      await client.envelope()
      await client.say(`BDAT ${LARGE.length}\r\n${LARGE.slice(0, -2)}`)
    },
    again: (client) => client.say('BDAT 6\r\nmore'),
  },
  {
    place: 'chunk',
    begin: async (client) => {
      await client.introduce()
      await client.envelope()
      client.send(`BDAT 900000\r\n${LARGE}`)
    },
    again: (client) => client.send('more\r\n'.repeat(500)),
  },
  {
    place: 'challenged',
    listener: { tls: 'none', authWithoutTls: true },
    begin: async (client) => {
      await client.introduce()
      await client.say('AUTH LOGIN')
    },
    again: async (client) => {
      await client.say('*')
      await client.say('AUTH LOGIN')
    },
  },
]

for (const [number, { place, listener = {}, begin, again }] of PLACES.entries()) {
  test(`a session ends in its time at ${place} (${number}), and nothing of it stays`, async () => {
    await using door = await bench({
      limits: { session: 60_000, minimumRate: 10 },
      listeners: [{ bareNewline: 'normalize', ...listener }],
    })
    const client = await door.client()
    await begin(client)
    const isChunked = door.intake.chunks
    for (let seconds = 0; seconds < 60; seconds += 10) {
      assert.equal(door.log.named('submission.cut').length, 0)
      await again(client)
      await turns(4)
      door.pass(10_000)
    }
    assert.equal((await client.rest()).trimEnd(), OVER)
    const [cut] = door.log.named('submission.cut')
    assert.equal(cut?.['limit'], 'limits.session')
    assert.equal(cut?.['place'], place)
    assert.equal(door.intake.kept.length, 0)
    assert.equal(door.intake.discarded, isChunked > 0 || door.intake.chunks > 0 ? 1 : 0)
  })
}

test('a session ends in its time within a handshake, and no word in clear falls into it', async () => {
  await using door = await bench({
    limits: { session: 20_000 },
    listeners: [{}, { tls: 'implicit' }],
  })
  const upgrading = await door.client()
  await upgrading.introduce()
  assert.match(await upgrading.say('STARTTLS'), /^220 /)
  const implicit = await door.client({ listener: 1 })
  while (door.open() < 2) await turns(1)
  door.pass(20_000)
  assert.equal(await upgrading.rest(), '')
  assert.equal(await implicit.rest(), '')
  const cuts = door.log.named('submission.cut')
  assert.deepEqual(
    cuts.map(({ limit }) => String(limit)),
    ['limits.session', 'limits.session'],
  )
})

test('a content that is complete gets its reply, and the session ends behind it', async () => {
  await using door = await bench({ limits: { session: 60_000 } })
  const gate = Promise.withResolvers<void>()
  door.intake.gate = gate.promise
  const client = await door.client()
  await client.introduce()
  await client.envelope()
  await client.say('DATA')
  // What is pipelined behind it is not begun any more. RFC 2920 §3.1
  client.send(`${MESSAGE}.\r\nMAIL FROM:<a@example.org>\r\n`)
  while (door.intake.asked === 0) await turns(1)
  door.pass(120_000)
  assert.equal(door.log.named('submission.cut').length, 0)
  gate.resolve()
  const said = (await client.rest()).trimEnd().split('\r\n')
  assert.match(said[0] ?? '', /^250 2\.0\.0 Queued as /)
  assert.deepEqual(said.slice(1), [OVER])
  assert.equal(door.intake.kept.length, 1)
})

test('what a client is late for is told with its limit', async () => {
  await using door = await bench({
    limits: { idle: 30_000, session: 600_000, minimumRate: 100, minimumRateWindow: 60_000 },
  })
  const silent = await door.client()
  await silent.introduce()
  const slow = await door.client()
  await slow.introduce()
  await slow.envelope()
  await slow.say('DATA')
  door.pass(60_000)
  assert.match(await silent.rest(), /^421 4\.4\.2 Nothing came for too long: the limit is 30 s, /)
  assert.match(await slow.rest(), /^421 4\.4\.2 The content came too slowly: the least is 100 octets\/s, /)
  assert.deepEqual(
    door.log
      .named('submission.cut')
      .map(({ limit }) => String(limit))
      .toSorted((a, b) => a.localeCompare(b)),
    ['limits.idle', 'limits.minimum_rate'],
  )
})

test('without a minimum rate, content that stops coming is silence', async () => {
  await using door = await bench({ limits: { idle: 30_000, minimumRate: 0 } })
  const client = await door.client()
  await client.introduce()
  await client.envelope()
  await client.say('DATA')
  client.send('From: a@example.org\r\n')
  await turns(4)
  door.pass(30_000)
  assert.equal(door.log.named('submission.cut').length, 0)
  door.pass(30_000)
  assert.match(await client.rest(), /^421 4\.4\.2 Nothing came for too long: the limit is 30 s, /)
})

/** A large message under way: what the door takes of it is in the spool already. */
async function sending(door: Bench, content: string): Promise<Client> {
  const client = await door.client()
  await client.introduce()
  await client.envelope()
  await client.say('DATA')
  client.send(content)
  return client
}

test('a connection that breaks within a large message leaves nothing in the spool', async () => {
  await using door = await bench()
  const client = await sending(door, LARGE)
  while (door.intake.chunks === 0) await turns(1)
  client.socket.resetAndDestroy()
  while (door.open() > 0) await turns(1)
  assert.equal(door.intake.discarded, 1)
  assert.equal(door.intake.kept.length, 0)
})

test('a connection that breaks while its sender is looked up begins nothing in the spool', async () => {
  const asked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<boolean>()
  let isFirst = true
  const maySend = async (): Promise<boolean> => {
    if (isFirst) {
      isFirst = false
      return true
    }
    asked.resolve()
    return await answer.promise
  }
  await using door = await bench({ parts: { domains: { maySend, keys: async () => [] } } })
  const client = await sending(door, LARGE.replace('a@example.org', 'a@two.example.org'))
  await asked.promise
  client.socket.resetAndDestroy()
  while (door.open() > 0) await turns(1)
  answer.resolve(true)
  await turns(4)
  assert.equal(door.intake.chunks, 0)
})

test('a connection that breaks after its last octet leaves the whole message or none, never a part', async () => {
  await using door = await bench()
  const [last, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  door.intake.held = async (chunk) => {
    if (!chunk.endsWith('the last line\r\n')) return
    last.resolve()
    await gate.promise
  }
  const client = await sending(door, `${LARGE}the last line\r\n.\r\n`)
  await last.promise
  client.socket.resetAndDestroy()
  while (door.open() > 0) await turns(1)
  gate.resolve()
  await turns(10)
  assert.equal(door.intake.kept.length, 1)
  assert.equal(door.intake.discarded, 0)
  assert.ok(door.intake.kept[0]?.text.endsWith('the last line\r\n'))
})
