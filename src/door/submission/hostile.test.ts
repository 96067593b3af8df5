/** Clients that mean harm, or behave as if they did. The numbers are those of the catalogue of threats. */

import assert from 'node:assert/strict'
import { connect as connectTls } from 'node:tls'
import { test } from 'node:test'

import { bench, turns } from './submission.fixture.ts'

const MESSAGE = 'From: a@example.org\r\n\r\nbody\r\n'
const INJECTED = 'MAIL FROM:<a@example.org>\r\nRCPT TO:<victim@example.com>\r\nDATA\r\n'

function guess(login: string): string {
  return `AUTH PLAIN ${Buffer.from(`\0${login}\0wrong`).toString('base64')}`
}

/** Parts within parts. */
function nest(depth: number): string {
  const part = 'Content-Type: multipart/mixed; boundary=bN\r\n\r\n--bN\r\n'
  return Array.from({ length: depth }, (_, i) => part.replaceAll('bN', `b${i}`)).join('')
}

test('S8: what follows STARTTLS in clear is never run, and the handshake does not begin', async () => {
  await using door = await bench()
  for (const ahead of ['RSET\r\n', INJECTED, 'R', '\r\n', '\x16\x03\x01']) {
    const client = await door.client()
    await client.introduce()
    client.send(`STARTTLS\r\n${ahead}`)
    assert.match(await client.rest(), /^501 5\.5\.2 [^\r]*\r\n$/)
  }
})

test('S8: STARTTLS with words, twice, or in a transaction', async () => {
  await using door = await bench()
  const client = await door.client()
  await client.introduce()
  assert.match(await client.say('STARTTLS x'), /^501 5\.5\.4 /)
  await client.envelope()
  assert.match(await client.say('STARTTLS'), /^503 5\.5\.1 /)
  await client.say('RSET')
  await client.say('STARTTLS')
  await client.secure()
  assert.match(await client.say('MAIL FROM:<a@example.org>'), /^503 /)
  await client.say('EHLO client.example.org')
  assert.match(await client.say('STARTTLS'), /^503 /)
})

test('S9: clear octets after the close_notify of TLS are not read', async () => {
  await using door = await bench({ listeners: [{ tls: 'implicit' }] })
  const client = await door.client()
  const bare = client.socket
  await client.secure()
  await client.introduce()
  await client.envelope()
  await client.say('DATA')
  client.send('From: a@example.org\r\n\r\nhalf')
  await turns(2)
  // `end` sends close_notify; the octets after it go around TLS, as an attacker on the path would send them.
  client.socket.end()
  await turns(2)
  bare.write('\r\n.\r\nQUIT\r\n')
  await client.rest()
  await turns(4)
  assert.equal(door.intake.kept.length, 0)
})

test('S10: BDAT in every wrong way consumes its octets or ends the session', async () => {
  await using door = await bench({ limits: { size: 1000 } })
  const dialogue: readonly (readonly [string, RegExp])[] = [
    ['BDAT 6 LAST\r\nQUIT\r\n', /^503 /],
    ['BDAT 0 LAST\r\n', /^503 /],
    ['MAIL FROM:<a@example.org>\r\n', /^250 /],
    ['BDAT 6\r\nQUIT\r\n', /^554 /],
    ['RCPT TO:<jane@example.com>\r\n', /^250 /],
    ['BDAT 10\r\nFrom: a@ex', /^250 2\.0\.0 10 octets received/],
    ['DATA\r\n', /^503 /],
    ['BDAT 13\r\nample.org\r\n\r\n', /^250 /],
    [`BDAT 900\r\n${'x'.repeat(900)}`, /^250 /],
    ['BDAT 100\r\n'.padEnd(110, 'x'), /^552 5\.3\.4 /],
    ['BDAT 6 LAST\r\nQUIT\r\n', /^503 /],
    ['NOOP\r\n', /^250 /],
  ]
  const client = await door.client()
  await client.introduce()
  for (const [octets, expected] of dialogue) {
    client.send(octets)
    assert.match(await client.reply(), expected, octets)
  }
  assert.equal(door.intake.kept.length, 0)
  for (const wrong of ['-1', '9223372036854775808', '5 LAST x', '1e3', '', '0x5', '99999999999 LAST']) {
    const another = await door.client()
    await another.introduce()
    another.send(`BDAT ${wrong}\r\n`)
    assert.match(await another.rest(), /^5\d\d [^\r]*\r\n$/, wrong)
  }
})

test('S10: a message in chunks of one octet is one message', async () => {
  await using door = await bench()
  const client = await door.client()
  await client.introduce()
  await client.envelope()
  const chunks = Array.from(MESSAGE, (octet) => `BDAT 1\r\n${octet}`).join('')
  client.send(`${chunks}BDAT 0 LAST\r\n`)
  for (let i = 0; i < MESSAGE.length; i += 1) assert.match(await client.reply(), /^250 2\.0\.0 1 octets/)
  assert.match(await client.reply(), /^250 2\.0\.0 Queued/)
  assert.ok(door.intake.kept[0]?.text.endsWith('\r\n\r\nbody\r\n'))
})

test('S10: BODY=BINARYMIME carries NUL and bare LF, by BDAT only', async () => {
  await using door = await bench()
  const client = await door.client()
  await client.introduce()
  await client.envelope(' BODY=BINARYMIME')
  const content = 'From: a@example.org\r\n\r\n\0\n\r'
  client.send(`BDAT ${content.length} LAST\r\n${content}`)
  assert.match(await client.reply(), /^250 /)
  assert.equal(door.intake.kept[0]?.arrival.envelope.body, 'binarymime')
  assert.ok(door.intake.kept[0]?.text.endsWith('\0\n\r'))
  await client.envelope()
  client.send(`BDAT ${content.length} LAST\r\n${content}`)
  assert.match(await client.reply(), /^550 5\.6\.0 /)
})

test('S7: talk before the greeting is answered once', async () => {
  await using door = await bench()
  const client = await door.client()
  client.send('EHLO client.example.org\r\nMAIL FROM:<a@example.org>\r\n')
  assert.match(await client.rest(), /^554 5\.5\.1 [^\r]*\r\n$/)
})

test('S7: a body behind a DATA that was refused is not read as commands', async () => {
  await using door = await bench()
  const client = await door.client()
  await client.introduce()
  client.send(
    `MAIL FROM:<a@elsewhere.example>\r\nRCPT TO:<jane@example.com>\r\nDATA\r\n${INJECTED}${MESSAGE}.\r\n`,
  )
  assert.match(await client.rest(), /^550 [^\r]*\r\n503 [^\r]*\r\n503 [^\r]*\r\n$/)
})

test('S26: HTTP, TLS and noise on a port in clear get one reply; clear text on a TLS port gets none', async () => {
  await using door = await bench({ listeners: [{}, { tls: 'implicit' }] })
  for (const [octets, expected] of [
    ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', /^554 5\.5\.1 This is SMTP, not HTTP\r\n$/],
    ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', /^554 5\.5\.1 This port begins in clear[^\r]*\r\n$/],
    ['\x00\xff\xfe\x01\n', /^500 5\.5\.2 [^\r]*\r\n$/],
  ] as const) {
    const client = await door.client()
    await client.reply()
    client.send(octets)
    assert.match(await client.rest(), expected)
  }
  const early = await door.client()
  early.send('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')
  assert.match(await early.rest(), /^554 [^\r]*STARTTLS/)
  const clear = await door.client({ listener: 1 })
  clear.send('EHLO client.example.org\r\n'.repeat(10))
  assert.ok(!(await clear.rest()).startsWith('2'))
})

test('S5, S6: NUL in a command, a line of 100 KB, 5 MB without an end', async () => {
  await using door = await bench()
  const client = await door.client()
  await client.introduce()
  assert.match(await client.say('NOOP \0'), /^500 5\.5\.2 /)
  assert.match(await client.say(`NOOP ${'x'.repeat(100_000)}`), /^500 5\.5\.2 /)
  assert.match(await client.say('NOOP'), /^250 /)
  const block = 'x'.repeat(500_000)
  for (let i = 0; i < 10; i += 1) client.send(block)
  assert.match(await client.reply(), /^500 5\.5\.2 /)
  // Whatever the line went on with is not run: one fault, and the next line is the next command.
  assert.match(await client.say('MAIL FROM:<a@example.org>\r\nNOOP'), /^250 2\.0\.0 /)
})

test('S12: a thousand guesses cost few checks, whichever login, and others still get in', async () => {
  await using door = await bench({
    listeners: [{ tls: 'none', auth: 'required', authWithoutTls: true }],
    limits: { authFailuresPerLogin: 3, authFailuresPerAddress: 6, errors: 1000 },
  })
  const client = await door.client()
  await client.introduce()
  for (let i = 0; i < 3; i += 1) {
    client.send(`${guess('bob')}\r\n`)
    assert.match(await door.inTime(client), /^535 5\.7\.8 /)
  }
  assert.match(await client.say(guess('bob')), /^454 4\.7\.0 /)
  assert.equal(door.logins.asked, 3)
  for (let i = 0; i < 3; i += 1) {
    client.send(`${guess(`unknown${i}`)}\r\n`)
    assert.match(await door.inTime(client), /^535 5\.7\.8 /)
  }
  client.send(`${guess('carol')}\r\n`)
  assert.match(await client.rest(), /^421 4\.7\.0 /)
  assert.equal(door.logins.asked, 6)
  door.pass(900_000)
  const later = await door.client()
  await later.introduce()
  assert.match(await later.say(`AUTH PLAIN ${Buffer.from('\0alice\0secret').toString('base64')}`), /^235 /)
  assert.ok(!JSON.stringify(door.log.events).includes('wrong"'), 'no password is logged')
})

test('S12: the refusal of a wrong password is kept back, and lines sent meanwhile wait', async () => {
  await using door = await bench({ listeners: [{ tls: 'none', authWithoutTls: true }] })
  const client = await door.client()
  await client.introduce()
  client.send(`AUTH PLAIN ${Buffer.from('\0alice\0wrong').toString('base64')}\r\nNOOP\r\n`)
  await turns(10)
  let heard = ''
  client.socket.on('data', (bytes: Buffer) => (heard += bytes.toString()))
  await turns(10)
  assert.equal(heard, '')
  assert.match(await door.inTime(client), /^535 /)
  assert.match(await client.reply(), /^250 /)
})

test('S17: header names that JavaScript knows, one field of 500,000 addresses, a header section without end', async () => {
  await using door = await bench({ limits: { size: 20_000_000 } })
  const client = await door.client()
  await client.introduce()
  const send = async (header: string): Promise<string> => {
    await client.envelope()
    await client.say('DATA')
    client.send(`${header}\r\n\r\nbody\r\n.\r\n`)
    return await client.reply()
  }
  const names = ['__proto__', 'constructor', 'hasOwnProperty', 'toString'].map((name) => `${name}: x`)
  assert.match(await send(`From: a@example.org\r\n${names.join('\r\n')}`), /^250 /)
  assert.match(
    await send(`From: a@example.org\r\nTo: ${'a@b.example,\r\n '.repeat(500_000)}c@d.example`),
    /^552 5\.3\.4 /,
  )
  assert.match(await send(`From: ${'a@example.org,\r\n '.repeat(3000)}a@example.org`), /^550 5\.7\.1 /)
  assert.match(await send(`From: a@example.org\r\n${'X: y\r\n'.repeat(6000)}X: z`), /^552 5\.3\.4 /)
  assert.equal(door.intake.kept.length, 1)
})

test('S18, S21: MIME parts too deep and messages that go around are refused', async () => {
  await using door = await bench()
  const client = await door.client()
  await client.introduce()
  const send = async (content: string): Promise<string> => {
    await client.envelope()
    await client.say('DATA')
    client.send(`${content}\r\n.\r\n`)
    return await client.reply()
  }
  assert.match(await send(`From: a@example.org\r\n${nest(10)}`), /^250 /)
  assert.match(await send(`From: a@example.org\r\n${nest(1000)}`), /^554 5\.6\.0 /)
  assert.match(await send(`${'Received: from x\r\n'.repeat(30)}From: a@example.org\r\n`), /^250 /)
  assert.match(await send(`${'Received: from x\r\n'.repeat(31)}From: a@example.org\r\n`), /^554 5\.4\.6 /)
})

test('S19: recipients beyond the limit are put off, far beyond it the session ends', async () => {
  await using door = await bench()
  const client = await door.client()
  await client.introduce()
  client.send('MAIL FROM:<a@example.org>\r\n')
  client.send(Array.from({ length: 1200 }, (_, i) => `RCPT TO:<r${i}@example.com>\r\n`).join(''))
  const replies = (await client.rest()).split('\r\n')
  assert.equal(replies.filter((line) => line.startsWith('250 2.1.5')).length, 100)
  assert.equal(replies.filter((line) => line.startsWith('452 4.5.3')).length, 1000)
  assert.match(replies.at(-2) ?? '', /^421 /)
})

test('S24: a PROXY header is believed from where it is configured, and is words before the greeting elsewhere', async () => {
  await using door = await bench({
    listeners: [
      {},
      { proxyFrom: ['127.0.0.1'], trusted: ['192.0.2.0/24'] },
      { proxyFrom: ['127.0.0.1'], tls: 'implicit' },
    ],
  })
  const header = 'PROXY TCP4 192.0.2.7 198.51.100.1 50000 587\r\n'
  const stranger = await door.client()
  stranger.send(header)
  assert.match(await stranger.rest(), /^554 /)

  const client = await door.client({ listener: 1 })
  client.send(header.slice(0, 20))
  await turns(2)
  client.send(header.slice(20))
  await client.introduce()
  await client.envelope()
  await client.say('DATA')
  client.send(`${MESSAGE}.\r\n`)
  assert.match(await client.reply(), /^250 /)
  assert.equal(door.intake.kept[0]?.arrival.client.address, '192.0.2.7')

  for (const wrong of [
    'EHLO client.example.org\r\n',
    `PROXY TCP4 ${'1'.repeat(200)}`,
    '\r\n\r\n\0\r\nQUIT\n\x41\x11\0\x0c'.padEnd(40, 'x'),
  ]) {
    const another = await door.client({ listener: 1 })
    another.send(wrong)
    assert.match(await another.rest(), /^421 4\.7\.0 /, wrong)
  }

  const secure = await door.client({ listener: 2 })
  secure.send(header)
  await secure.secure()
  assert.match(await secure.reply(), /^220 /)
})

test('S24: XCLIENT names the client behind a proxy, and only where it is configured', async () => {
  await using door = await bench({
    listeners: [{ xclientFrom: ['127.0.0.1'], trusted: ['192.0.2.0/24'] }, {}],
  })
  const proxy = await door.client()
  await proxy.introduce()
  assert.match(await proxy.say('MAIL FROM:<a@example.org>'), /^530 /)
  assert.match(await proxy.say('XCLIENT ADDR=192.0.2.9 HELO=inner.example.org'), /^220 /)
  await proxy.say('EHLO proxy.example.org')
  await proxy.envelope()
  await proxy.say('DATA')
  proxy.send(`${MESSAGE}.\r\n`)
  assert.match(await proxy.reply(), /^250 /)
  assert.deepEqual(door.intake.kept[0]?.arrival.client, {
    address: '192.0.2.9',
    helo: 'inner.example.org',
    protocol: 'ESMTP',
  })
  assert.match(await proxy.say('XCLIENT ADDR=198.51.100.1 LOGIN=alice'), /^220 /)
  await proxy.say('EHLO proxy.example.org')
  assert.match(await proxy.say('MAIL FROM:<a@example.org>'), /^250 /)

  const stranger = await door.client({ listener: 1 })
  await stranger.introduce()
  assert.match(await stranger.say('XCLIENT ADDR=192.0.2.9'), /^550 5\.7\.0 /)
})

test('S20: a client that never reads costs a bounded amount and is cut', async () => {
  await using door = await bench({ limits: { idle: 10_000, commands: 1_000_000 } })
  const client = await door.client()
  await client.introduce()
  client.socket.pause()
  // Each command is answered with ten times its octets; more of them than the kernel keeps for both sides.
  const commands = 'HELP\r\n'.repeat(500_000)
  for (let i = 0; i < 5; i += 1) client.send(commands)
  await turns(50)
  assert.ok(client.socket.writableLength > 1_000_000, 'the door takes no more commands than it can answer')
  door.pass(12_000)
  while (door.open() > 0) await turns(1)
})

test('a handshake that is broken off is nobody else’s matter', async () => {
  await using door = await bench({ listeners: [{ tls: 'implicit' }] })
  const port = door.door.addresses()[0]?.port ?? 0
  const names = ['__proto__', 'constructor', `${'a'.repeat(63)}.example`]
  for (const servername of names) {
    const { promise, resolve } = Promise.withResolvers<void>()
    const socket = connectTls({ host: '127.0.0.1', port, servername, rejectUnauthorized: false }, resolve)
    socket.on('error', () => resolve())
    await promise
    socket.destroy()
  }
  const client = await door.client()
  client.send('\x16\x03\x01\x00\x05hello')
  await client.rest()
  while (door.log.named('submission.tls-failed').length === 0) await turns(1)
  const good = await door.client()
  await good.secure()
  assert.match(await good.reply(), /^220 /)
})
