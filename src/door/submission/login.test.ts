import assert from 'node:assert/strict'
import { test } from 'node:test'

import { clientStart, clientStep } from '#grammar/sasl'

import { bench } from './submission.fixture.ts'
import type { Bench, Client } from './submission.fixture.ts'

const listeners = [{ tls: 'none', authWithoutTls: true, auth: 'required' }] as const

/** A SCRAM exchange as far as the server goes along; its last reply. */
async function scram(door: Bench, client: Client, login: string, password: string): Promise<string> {
  let turn = clientStart('SCRAM-SHA-256', { login, password, nonce: 'clientnonce' })
  assert.ok(turn.at === 'respond')
  let said = await client.say(`AUTH SCRAM-SHA-256 ${turn.text}`)
  while (said.startsWith('334')) {
    turn = clientStep(turn.state, said.slice(4))
    assert.ok(turn.at === 'respond', 'the server proves itself too')
    client.send(`${turn.text}\r\n`)
    said = await door.inTime(client)
  }
  return said
}

test('SCRAM-SHA-256 proves the password without saying it', async () => {
  await using door = await bench({ listeners })
  const client = await door.client()
  await client.introduce()
  assert.match(await scram(door, client, 'alice', 'secret'), /^235 2\.7\.0 /)
  await client.envelope()
  assert.match(await client.say('DATA'), /^354 /)
})

test('SCRAM with a wrong password and with an unknown login end alike', async () => {
  await using door = await bench({ listeners })
  const client = await door.client()
  await client.introduce()
  const wrong = await scram(door, client, 'alice', 'wrong')
  assert.match(wrong, /^535 5\.7\.8 /)
  assert.equal(await scram(door, client, 'nobody', 'wrong'), wrong)
  // The verifier of the test is the same for all: the proof is right, and there is nobody behind it.
  assert.equal(await scram(door, client, 'nobody', 'secret'), wrong)
})

test('S12: malformed, cancelled and overlong exchanges are no guesses and cost no check', async () => {
  await using door = await bench({ listeners, limits: { authFailuresPerAddress: 1 } })
  const client = await door.client()
  await client.introduce()
  for (const [line, expected] of [
    ['AUTH PLAIN !!!!', /^501 5\.5\.2 /],
    ['AUTH PLAIN AGFsaWNl', /^501 5\.5\.2 /],
    ['AUTH CRAM-MD5', /^504 5\.5\.4 /],
  ] as const) {
    assert.match(await client.say(line), expected, line)
  }
  await client.say('AUTH LOGIN')
  assert.match(await client.say('*'), /^501 5\.7\.0 /)
  await client.say('AUTH PLAIN')
  assert.match(await client.say('A'.repeat(1_000_000)), /^500 5\.5\.6 /)
  assert.equal(door.logins.asked, 0)
  assert.match(await scram(door, client, 'alice', 'secret'), /^235 /)
})
