/** Clients behind proxies: what PROXY and XCLIENT say of them is what is counted, trusted, traced and logged. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Credential } from '#product/account'

import { bench, OneLogin, turns } from './submission.fixture.ts'
import type { Bench, BenchOptions, Client } from './submission.fixture.ts'

const MESSAGE = 'From: a@example.org\r\nSubject: hello\r\n\r\nbody\r\n'
const BEHIND_XCLIENT = { xclientFrom: ['127.0.0.1'], trusted: ['192.0.2.0/24'] }

/** What the message that is sent now says of its way here, unfolded. */
async function received(door: Bench, client: Client): Promise<string> {
  await client.envelope()
  await client.say('DATA')
  assert.match(await client.say(`${MESSAGE}.`), /^250 /)
  return (
    /^Received: (.*?)\r\n(?!\s)/s.exec(door.intake.kept.at(-1)?.text ?? '')?.[1]?.replaceAll('\r\n', '') ?? ''
  )
}

async function fronted(options: BenchOptions = {}): Promise<{ door: Bench; proxy: Client }> {
  const door = await bench({ listeners: [BEHIND_XCLIENT], ...options })
  const proxy = await door.client()
  await proxy.introduce()
  return { door, proxy }
}

test('every attribute of XCLIENT is in the trace or in the log', async () => {
  const { door, proxy } = await fronted()
  await using _ = door
  const first = 'NAME=spike.example.org ADDR=192.0.2.9 PORT=4711 DESTADDR=IPV6:2001:db8::25 DESTPORT=587'
  assert.match(await proxy.say(`XCLIENT ${first}`), /^220 /)
  assert.match(await proxy.say('XCLIENT HELO=inner+2Eexample.org PROTO=SMTP'), /^220 /)
  assert.match(
    await received(door, proxy),
    /^from inner\.example\.org \(spike\.example\.org \[192\.0\.2\.9\]\) by mail\.example\.com with SMTP id /,
  )
  const { name, client, port, via, destination, destinationPort } =
    door.log.named('message.accepted')[0] ?? {}
  assert.deepEqual(
    [name, client, port, via, destination, destinationPort],
    ['spike.example.org', '192.0.2.9', 4711, '127.0.0.1', '2001:db8::25', 587],
  )
  assert.equal(door.log.named('submission.proxied').length, 2)
  await proxy.say('EHLO proxy.example.org')
  assert.match(await received(door, proxy), /^from inner\.example\.org .* with ESMTP id /)
})

for (const none of ['[UNAVAILABLE]', '[TEMPUNAVAIL]', '[unavailable]']) {
  test(`a client whose name is ${none} is of unknown name`, async () => {
    const { door, proxy } = await fronted()
    await using _ = door
    await proxy.say(`XCLIENT ADDR=IPv6:2001:db8::9 NAME=${none} LOGIN=alice PROTO=ESMTP`)
    assert.match(
      await received(door, proxy),
      /^from \[IPv6:2001:db8::9\] \(unknown \[IPv6:2001:db8::9\]\) .* ESMTPA /,
    )
    const accepted = door.log.named('message.accepted')[0]
    assert.deepEqual([accepted?.['name'], accepted?.['credential']], ['unknown', 'alice'])
    // The port of the connection is the proxy's.
    assert.ok(accepted !== undefined && !('port' in accepted))
  })
}

test('XCLIENT in the middle of a transaction is out of place, and changes nothing', async () => {
  const { door, proxy } = await fronted()
  await using _ = door
  await proxy.say('XCLIENT ADDR=192.0.2.9 HELO=inner.example.org')
  await proxy.envelope()
  assert.match(await proxy.say('XCLIENT ADDR=192.0.2.10'), /^503 5\.5\.1 /)
  await proxy.say('DATA')
  assert.match(await proxy.say(`${MESSAGE}.`), /^250 /)
  assert.equal(door.intake.kept[0]?.arrival.client.address, '192.0.2.9')
})

test('a client of unavailable address is trusted by none', async () => {
  const { door, proxy } = await fronted({ listeners: [{ ...BEHIND_XCLIENT, trusted: ['0.0.0.0/0'] }] })
  await using _ = door
  assert.match(await proxy.say('MAIL FROM:<a@example.org>'), /^250 /)
  await proxy.say('RSET')
  await proxy.say('XCLIENT ADDR=[UNAVAILABLE] HELO=x')
  assert.match(await proxy.say('MAIL FROM:<a@example.org>'), /^530 /)
  await proxy.say('XCLIENT ADDR=192.0.2.9 HELO=x')
  assert.match(await proxy.say('MAIL FROM:<a@example.org>'), /^250 /)
})

/** Knows alice, who has been revoked. */
class Revoked extends OneLogin {
  override async scram(login: string) {
    const { verifier, credential } = await super.scram(login)
    return {
      verifier,
      credential: credential === undefined ? undefined : ({ ...credential, revokedAt: 1 } as Credential),
    }
  }
}

test('a login that is unknown or revoked sends nothing, whatever a proxy says, and the log tells', async () => {
  const { door, proxy } = await fronted({ parts: { authenticator: new Revoked() } })
  await using _ = door
  for (const login of ['alice', 'nobody']) {
    assert.match(await proxy.say(`XCLIENT ADDR=198.51.100.1 LOGIN=${login} HELO=x`), /^220 /)
    assert.match(await proxy.say('MAIL FROM:<a@example.org>'), /^530 /)
  }
  assert.deepEqual(
    door.log.named('login.failed').map(({ client, login }) => [client, login]),
    [
      ['198.51.100.1', 'alice'],
      ['198.51.100.1', 'nobody'],
    ],
  )
})

test('clients of one organization are counted behind a proxy as well', async () => {
  const { door, proxy } = await fronted({ limits: { connectionsPerOrganization: 1 } })
  await using _ = door
  const another = await door.client()
  await another.introduce()
  assert.match(await proxy.say('XCLIENT ADDR=198.51.100.1 LOGIN=alice'), /^220 /)
  assert.match(await another.say('XCLIENT ADDR=198.51.100.2 LOGIN=alice'), /^421 4\.7\.0 .*organization/)
})

const VERSION_2 = Buffer.concat([
  Buffer.from('\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c', 'latin1'),
  Buffer.from([192, 0, 2, 7, 198, 51, 100, 1, 0x12, 0x67, 0x02, 0x4b]),
]).toString('latin1')

for (const [version, header] of [
  [1, 'PROXY TCP4 192.0.2.7 198.51.100.1 4711 587\r\n'],
  [2, VERSION_2],
] as const) {
  test(`ports and destination of PROXY version ${version} are in the log`, async () => {
    await using door = await bench({ listeners: [{ proxyFrom: ['127.0.0.1'], trusted: ['192.0.2.0/24'] }] })
    const client = await door.client()
    client.send(header)
    await client.introduce()
    assert.match(await received(door, client), /^from client\.example\.org \(\[192\.0\.2\.7\]\) /)
    const proxiedAs = {
      listener: 'listener 0',
      client: '192.0.2.7',
      port: 4711,
      via: '127.0.0.1',
      destination: '198.51.100.1',
      destinationPort: 587,
    }
    assert.deepEqual(door.log.named('submission.proxied'), [proxiedAs])
    await client.say('QUIT')
    while (door.open() > 0) await turns(1)
    assert.equal(door.log.named('submission.disconnected')[0]?.['port'], 4711)
  })
}

test('XCLIENT behind PROXY keeps what the balancer said of the way, not of the proxy that it named', async () => {
  await using door = await bench({
    listeners: [{ proxyFrom: ['127.0.0.1'], xclientFrom: ['203.0.113.5'], trusted: ['192.0.2.0/24'] }],
  })
  const client = await door.client()
  client.send('PROXY TCP4 203.0.113.5 198.51.100.1 4711 587\r\n')
  await client.introduce()
  assert.match(await client.say('XCLIENT ADDR=192.0.2.9'), /^220 /)
  const said = door.log.named('submission.proxied').at(-1)
  assert.deepEqual(said, {
    listener: 'listener 0',
    client: '192.0.2.9',
    via: '127.0.0.1',
    destination: '198.51.100.1',
    destinationPort: 587,
  })
})
