/** What those who follow see of a submission: both sides in order, and never a password or a word of content. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { clientStart, clientStep } from '#grammar/sasl'
import { Traces } from '#engine/trace'
import type { TraceFilter } from '#engine/trace'

import { bench, turns } from './submission.fixture.ts'
import type { Bench, BenchOptions } from './submission.fixture.ts'

const LETTER = 'From: <a@example.org>\r\nSubject: hidden\r\n\r\nnobody may see this\r\n'
const LOGIN = [{ tls: 'none', authWithoutTls: true, auth: 'required' }] as const

async function followed(filter: TraceFilter = {}, options: BenchOptions = {}) {
  const traces = new Traces(() => 0)
  const follower = traces.follow(filter) ?? 0
  const door = await bench({ ...options, parts: { tracer: traces } })
  const lines = async (): Promise<readonly string[]> => {
    const records = await traces.take(follower)
    assert.doesNotMatch(JSON.stringify(records), /hidden|nobody may see|c2VjcmV0|secret/)
    return records.map(({ who, line }) => `${who}: ${line}`)
  }
  return { door, lines }
}

async function submit(door: Bench, from = 'a@example.org', to = 'jane@example.com'): Promise<string> {
  const client = await door.client()
  await client.introduce()
  await client.say(`MAIL FROM:<${from}>`)
  await client.say(`RCPT TO:<${to}>`)
  await client.say('DATA')
  const said = await client.say(`${LETTER}.`)
  await client.say('QUIT')
  return said
}

test('a submission is told line by line, its content by its size', async () => {
  const { door, lines } = await followed()
  await using _ = door
  await submit(door)
  const said = await lines()
  assert.match(said[0] ?? '', /^S: 220 mail\.example\.com /)
  const from = said.indexOf('C: MAIL FROM:<a@example.org>')
  assert.deepEqual(
    said.slice(from).map((line) => line.replace(/^(S: \d{3} [\d.]*).*/, '$1…')),
    [
      'C: MAIL FROM:<a@example.org>',
      'S: 250 2.1.0…',
      'C: RCPT TO:<jane@example.com>',
      'S: 250 2.1.5…',
      'C: DATA',
      'S: 354 …',
      // Fields that it lacked were added; the size is what was kept.
      said[from + 6],
      'S: 250 2.0.0…',
      'C: QUIT',
      'S: 221 2.0.0…',
    ],
  )
  assert.match(said[from + 6] ?? '', /^C: \(\d+ octets of content\)$/)
})

test('AUTH is told without what proves anything, wherever the client puts it', async () => {
  const { door, lines } = await followed({}, { listeners: LOGIN })
  await using _ = door
  const client = await door.client()
  await client.introduce()
  // Not a mechanism of ours, and the client goes on regardless.
  await client.say('AUTH CRAM-MD5')
  await client.say('c2VjcmV0')
  await client.say('AUTH PLAIN')
  await client.say('*')
  await client.say('AUTH LOGIN')
  await client.say('*')
  let step = clientStart('SCRAM-SHA-256', { login: 'alice', password: 'secret', nonce: 'clientnonce' })
  assert(step.at === 'respond')
  let said = await client.say(`AUTH SCRAM-SHA-256 ${step.text}`)
  while (said.startsWith('334')) {
    step = clientStep(step.state, said.slice(4))
    assert(step.at === 'respond')
    said = await client.say(step.text)
  }
  assert.match(said, /^235 /)
  const told = await lines()
  const auth = told.slice(told.indexOf('C: AUTH CRAM-MD5')).filter((line) => !/^S: [25]/.test(line))
  assert.deepEqual(auth, [
    'C: AUTH CRAM-MD5',
    'C: (credentials)',
    'C: AUTH PLAIN',
    'S: 334 (challenge)',
    'C: (credentials)',
    'C: AUTH LOGIN',
    'S: 334 (challenge)',
    'C: (credentials)',
    'C: AUTH SCRAM-SHA-256 (credentials)',
    'S: 334 (challenge)',
    'C: (credentials)',
    'S: 334 (challenge)',
    'C: (credentials)',
  ])
})

test('TLS is told when it stands, and what is said under it', async () => {
  const { door, lines } = await followed()
  await using _ = door
  const client = await door.client()
  await client.introduce()
  await client.say('STARTTLS')
  await client.secure()
  await client.say('NOOP')
  const told = (await lines()).filter((line) => /TLS|NOOP/.test(line) && !line.startsWith('S: 250'))
  assert.match(told.join('\n'), /^C: STARTTLS\n(S: .*\n)?\*: TLSv1\.3 TLS_\w+\nC: NOOP$/)
})

test('a transaction is found by the domain of its sender and of its recipient', async () => {
  for (const domain of ['example.org', 'example.com']) {
    const { door, lines } = await followed({ domain })
    await using _ = door
    await submit(door)
    const said = (await lines()).join('\n')
    assert.match(said, /^S: 220 .*\n(.*\n)*C: MAIL FROM/)
  }
  const { door, lines } = await followed({ domain: 'example.net' })
  await using _ = door
  await submit(door)
  await submit(door, 'a@example.org', 'jane@example.net')
  const said = await lines()
  assert.ok(said.includes('C: RCPT TO:<jane@example.net>') && !said.includes('C: RCPT TO:<jane@example.com>'))
})

test('a transaction is found by its message, which has a name only at its end', async () => {
  const traces = new Traces(() => 0)
  const door = await bench({ parts: { tracer: traces } })
  await using _ = door
  const coming = door.intake.newId()
  const next = String(coming).slice(0, -1) + String.fromCharCode(String(coming).charCodeAt(10) + 1)
  const follower = traces.follow({ message: next }) ?? 0
  assert.match(await submit(door), new RegExp(`Queued as ${next}`))
  const said = (await traces.take(follower)).map(({ line }) => line)
  assert.ok(said.some((line) => line.startsWith('220 ')))
  assert.ok(said.some((line) => line.includes(`Queued as ${next}`)))
})

test('a client that is sent away hears why, and so do those who follow', async () => {
  const { door, lines } = await followed({}, { limits: { connectionsPerAddress: 1 } })
  await using _ = door
  await (await door.client()).introduce()
  const second = await door.client()
  assert.match(await second.rest(), /^421 /)
  await turns(2)
  assert.ok((await lines()).some((line) => line.startsWith('S: 421 ')))
})

test('a line that is none is told as what it is', async () => {
  const { door, lines } = await followed()
  await using _ = door
  const client = await door.client()
  await client.introduce()
  await client.say('NOOP \0')
  assert.ok((await lines()).includes('*: a line that is none: nul'))
})
