/** Everything that some server once took for the end of DATA, cut at every octet, in clear and under TLS. S1, S2, S4 */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { bench } from './submission.fixture.ts'
import type { Bench, BenchOptions, Client } from './submission.fixture.ts'

type Verdict = 'refused and closed' | 'refused' | 'content'

const NEAR_ENDS: Record<string, readonly [octets: string, verdict: Verdict]> = {
  'LF . LF': ['\n.\n', 'refused and closed'],
  'LF . CRLF': ['\n.\r\n', 'refused and closed'],
  'CRLF . LF': ['\r\n.\n', 'refused and closed'],
  'CR . CR': ['\r.\r', 'refused and closed'],
  'CR . CRLF': ['\r.\r\n', 'refused and closed'],
  'CR . LF': ['\r.\n', 'refused and closed'],
  'LF . CR': ['\n.\r', 'refused and closed'],
  'CRLF . CR': ['\r\n.\r', 'refused and closed'],
  'CRLF . CRCRLF': ['\r\n.\r\r\n', 'refused and closed'],
  'CRCRLF . CRCRLF': ['\r\r\n.\r\r\n', 'refused and closed'],
  'LFCR . LFCR': ['\n\r.\n\r', 'refused and closed'],
  'LFLF . LFLF': ['\n\n.\n\n', 'refused and closed'],
  'CRLF NUL . CRLF': ['\r\n\0.\r\n', 'refused'],
  'CRLF . NUL CRLF': ['\r\n.\0\r\n', 'refused'],
  'CRLF NUL CRLF': ['\r\n\0\r\n', 'refused'],
  'CRLF . SP CRLF': ['\r\n. \r\n', 'content'],
  'CRLF SP . CRLF': ['\r\n .\r\n', 'content'],
  'CRLF .. CRLF': ['\r\n..\r\n', 'content'],
  'VT . VT': ['\v.\v', 'content'],
  'FF . FF': ['\f.\f', 'content'],
  'NEL . NEL': ['\x85.\x85', 'content'],
  'U+0085 . U+0085': ['\xc2\x85.\xc2\x85', 'content'],
  'U+2028 . U+2028': ['\xe2\x80\xa8.\xe2\x80\xa8', 'content'],
  'full-width dot': ['\r\n\xef\xbc\x8e\r\n', 'content'],
}

const FIRST = 'From: a@example.org\r\nSubject: first\r\n\r\nbody'
const SECOND =
  'MAIL FROM:<evil@example.org>\r\nRCPT TO:<victim@example.com>\r\nDATA\r\n' +
  'From: evil@example.org\r\nSubject: second\r\n\r\nsmuggled'

/** Lets the loop come around, so that what was written is read before what follows. */
async function comeAround(): Promise<void> {
  for (let i = 0; i < 2; i += 1) await new Promise((resolve) => setImmediate(resolve))
}

async function attack(door: Bench, secure: boolean, octets: string, cut: number): Promise<string> {
  const client = await door.client()
  if (secure) await client.secure()
  await client.reply()
  client.send(
    'EHLO client.example.org\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<jane@example.com>\r\nDATA\r\n',
  )
  for (const expected of ['250', '250', '250', '354'])
    assert.equal((await client.reply()).slice(0, 3), expected)
  client.send(FIRST + octets.slice(0, cut))
  await comeAround()
  client.send(`${octets.slice(cut)}${SECOND}\r\n.\r\nQUIT\r\n`)
  return await client.rest()
}

async function attackAtEveryOctet(door: Bench, secure: boolean): Promise<void> {
  const cases = Object.entries(NEAR_ENDS).flatMap(([name, [octets, verdict]]) =>
    Array.from({ length: octets.length + 1 }, (_, cut) => ({ name, octets, verdict, cut })),
  )
  const heard = await Promise.all(cases.map(({ octets, cut }) => attack(door, secure, octets, cut)))
  for (const [i, { name, verdict, cut }] of cases.entries()) {
    assert.match(heard[i] ?? '', EXPECTED[verdict], `${name} cut at ${cut}`)
  }
  const contents = cases.filter(({ verdict }) => verdict === 'content').length
  assert.equal(door.intake.kept.length, contents)
  for (const { arrival, text } of door.intake.kept) {
    assert.equal(arrival.subject, 'first')
    assert.ok(text.includes('smuggled'), 'the second message is words of the first')
  }
}

const EXPECTED: Record<Verdict, RegExp> = {
  'refused and closed': /^550 5\.6\.0 [^\r]*\r\n$/,
  refused: /^550 5\.6\.0 [^\r]*\r\n221 [^\r]*\r\n$/,
  content: /^250 2\.0\.0 [^\r]*\r\n221 [^\r]*\r\n$/,
}

test('in clear, only CRLF.CRLF ends DATA', async () => {
  await using door = await bench()
  await attackAtEveryOctet(door, false)
})

test('under TLS, only CRLF.CRLF ends DATA', async () => {
  await using door = await bench({ listeners: [{ tls: 'implicit' }] })
  await attackAtEveryOctet(door, true)
})

const normalizing: BenchOptions = {
  listeners: [{ auth: 'optional', tls: 'none', authWithoutTls: true, bareNewline: 'normalize' }],
}
const PLAIN = `AUTH PLAIN ${Buffer.from('\0alice\0secret').toString('base64')}`

async function sendWithBareLf(client: Client): Promise<string> {
  await client.envelope()
  await client.say('DATA')
  client.send(`${FIRST}\n.\n${SECOND}\r\n.\r\n`)
  return await client.reply()
}

test('normalizing makes CRLF of what is bare, for a proved login only, and still finds one message', async () => {
  await using door = await bench(normalizing)
  const stranger = await door.client()
  await stranger.introduce()
  assert.match(await sendWithBareLf(stranger), /^550 5\.6\.0 /)

  const client = await door.client()
  await client.introduce()
  assert.match(await client.say(PLAIN), /^235 /)
  assert.match(await sendWithBareLf(client), /^250 /)
  assert.equal(door.intake.kept.length, 1)
  const text = door.intake.kept[0]?.text ?? ''
  assert.ok(!/(?<!\r)\n|\r(?!\n)/.test(text))
  assert.ok(text.includes('smuggled'))
})
