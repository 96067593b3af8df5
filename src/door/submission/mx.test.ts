/** A listener where anybody may come: what it grants, and what it keeps from them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Returned, Taken } from '#engine/feedback'
import { SpoolError } from '#engine/spool'
import { reply } from '#grammar/smtp'
import type { Offer } from '#grammar/smtp'

import { MxReceiver } from './mx.ts'
import { Held, strangersLimits } from './strangers.ts'
import { bench, limits } from './submission.fixture.ts'
import type { Bench, BenchOptions, Client } from './submission.fixture.ts'

/** Knows one address, and remembers what came to it. */
class Returns {
  readonly came: Returned[] = []
  said: () => Promise<Taken> = async () => ({ reply: reply(250, '2.0.0', 'Taken') })

  refusal({ local }: { readonly local: string }): ReturnType<typeof reply> | undefined {
    return local === 'ours' ? undefined : reply(550, '5.1.1', 'There is no such address here')
  }

  take(returned: Returned): Promise<Taken> {
    this.came.push(returned)
    return this.said()
  }
}

type Mx = { readonly door: Bench; readonly returns: Returns }

async function mx(options: BenchOptions = {}): Promise<Mx> {
  const returns = new Returns()
  const door = await bench({ listeners: [{ kind: 'mx' }], ...options, parts: { feedback: returns } })
  return { door, returns }
}

async function introduced(door: Bench): Promise<Client> {
  const client = await door.client()
  await client.introduce()
  return client
}

async function content(client: Client, text: string, from = ''): Promise<string> {
  assert.match(await client.say(`MAIL FROM:<${from}>`), /^250/)
  assert.match(await client.say('RCPT TO:<ours@bounce.example.org>'), /^250/)
  assert.match(await client.say('DATA'), /^354/)
  client.send(`${text}\r\n.\r\n`)
  return client.reply()
}

test('anybody may bring mail to an address of ours, from the null reverse-path too', async () => {
  const { door, returns } = await mx()
  await using _ = door
  const client = await introduced(door)
  assert.match(await content(client, 'Subject: failed\r\n\r\nx'), /^250 2\.0\.0 Taken/)
  assert.match(await content(client, 'Subject: away\r\n\r\nx', 'aki@example.com'), /^250/)
  assert.deepEqual(
    returns.came.map(({ offer, bytes }) => [offer.envelope.from?.local ?? '<>', bytes.toString()]),
    [
      ['<>', 'Subject: failed\r\n\r\nx\r\n'],
      ['aki', 'Subject: away\r\n\r\nx\r\n'],
    ],
  )
  assert.equal(returns.came[0]?.client.address, '127.0.0.1')
  assert.equal(door.intake.asked, 0)
  assert.match(await door.metrics(), /hikyaku_submission_messages_accepted_total\{listener="listener 0"\} 2/)
})

test('strangers are offered TLS and no login, and asked nothing about a way onward', async () => {
  const { door } = await mx()
  await using _ = door
  const client = await door.client()
  await client.reply()
  const offers = await client.say('EHLO client.example.org')
  assert.match(offers, /STARTTLS/)
  assert.doesNotMatch(offers, /AUTH|DSN|DELIVERBY|FUTURERELEASE|MT-PRIORITY/)
  assert.match(await client.say('AUTH PLAIN AGFsaWNlAHNlY3JldA=='), /^50[23]/)
  assert.equal(door.logins.asked, 0)
})

test('who guesses addresses is thrown out', async () => {
  const { door, returns } = await mx({ limits: { errors: 3 } })
  await using _ = door
  const client = await introduced(door)
  assert.match(await client.say('MAIL FROM:<>'), /^250/)
  assert.match(await client.say('RCPT TO:<guess1@bounce.example.org>'), /^550 5\.1\.1/)
  assert.match(await client.say('RCPT TO:<guess2@bounce.example.org>'), /^550 5\.1\.1/)
  client.send('RCPT TO:<guess3@bounce.example.org>\r\n')
  assert.match(await client.rest(), /^550 5\.1\.1 .*\r\n421 4\.7\.0 /)
  assert.equal(returns.came.length, 0)
})

test('bare newlines are refused, and what follows them is not read', async () => {
  for (const newline of ['\n', '\r']) {
    const { door, returns } = await mx()
    await using _ = door
    const client = await introduced(door)
    assert.match(await content(client, `Subject: x${newline}.${newline}\r\nMAIL FROM:<>`), /^550 5\.6\.0/)
    assert.equal(await client.rest(), '')
    assert.equal(returns.came.length, 0)
  }
})

test('the reply is that of who takes it; when the spool is broken there is none', async () => {
  const { door, returns } = await mx()
  await using _ = door
  const client = await introduced(door)
  returns.said = async () => ({ reply: reply(451, '4.3.0', 'Later') })
  assert.match(await content(client, 'Subject: x\r\n\r\nx'), /^451 4\.3\.0 Later/)
  assert.equal(door.log.named('message.rejected').length, 1)
  returns.said = () => Promise.reject(new SpoolError('broken', 'gone'))
  const text = 'MAIL FROM:<>\r\nRCPT TO:<ours@b.example>\r\nDATA\r\n'
  client.send(text)
  for (const expected of ['250', '250', '354']) assert.equal((await client.reply()).slice(0, 3), expected)
  client.send('x\r\n.\r\n')
  assert.equal(await client.rest(), '')
})

test('while nothing may come in, strangers come back later', async () => {
  const { door } = await mx()
  await using _ = door
  door.intake.refusing = reply(452, '4.3.1', 'Insufficient system storage')
  const client = await introduced(door)
  assert.match(await client.say('MAIL FROM:<>'), /^452 4\.3\.1/)
})

test('strangers may send a hundred recipients and 10 MiB at most, and less where all may send less', () => {
  const generous = { ...limits, recipients: 5_000, size: 1e9 }
  const { recipients, size } = strangersLimits(generous)
  assert.deepEqual([recipients, size], [100, 10 * 1024 * 1024])
  assert.deepEqual(strangersLimits({ ...generous, size: 70_000 }).size, 70_000)
})

test('all strangers together get 64 MiB, and give it back however their content ends', async () => {
  const held = new Held()
  const returns = new Returns()
  const receiver = (): MxReceiver =>
    new MxReceiver({ offer: {} as Offer, client: { address: '' }, feedback: returns, held })
  const large = [Buffer.alloc(60 * 1024 * 1024)]
  const first = receiver()
  first.add(large)
  const second = receiver()
  second.add(large)
  assert.equal((await second.end()).reply.code, 452)
  assert.equal((await first.end()).reply.code, 250)
  // Let go of by its end, by a client that is gone, and by a refusal.
  for (const end of ['discard', 'refuse'] as const) {
    const one = receiver()
    one.add(large)
    if (end === 'discard') one.discard()
    else one.refuse(reply(550, '5.6.0', 'Bare LF'))
    one.discard()
  }
  const last = receiver()
  last.add(large)
  assert.equal((await last.end()).reply.code, 250)
  assert.equal(returns.came.length, 2)
})
