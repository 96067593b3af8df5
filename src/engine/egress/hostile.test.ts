/** Servers that stall, flood, lie or leave, and content that is large or cannot be had. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Content } from '#engine/spool'

import type { NotSendable, Unreachable } from './job.ts'
import { Rig } from './rig.fixture.ts'
import type { RigOptions } from './rig.fixture.ts'
import { ScriptedServer } from './scripted-server.fixture.ts'
import type { Client, Script } from './scripted-server.fixture.ts'

/** Long enough for a peer that answers at once, on any machine; every other stage has a minute. */
const SHORT = 40

async function hello(client: Client, ...offers: readonly string[]): Promise<void> {
  client.say('220 mx.example.net')
  await client.expect('EHLO')
  client.say('250-mx.example.net', ...offers.map((offer) => `250-${offer}`), '250 X-END')
}

async function envelope(client: Client): Promise<void> {
  await client.expect('MAIL FROM:')
  client.say('250 OK')
  await client.expect('RCPT TO:')
  client.say('250 OK')
}

async function data(client: Client): Promise<void> {
  await envelope(client)
  await client.expect('DATA')
  client.say('354 go')
}

const accepting: Script = async (client) => {
  await hello(client)
  for (;;) {
    const line = await client.line()
    if (line === 'QUIT') return client.say('221 bye')
    client.say(line === 'DATA' ? '354 go' : '250 OK')
    if (line === 'DATA') {
      await client.content()
      client.say('250 2.0.0 queued')
    }
  }
}

const dripping: Script = async (client) => {
  const timer = setInterval(() => client.raw('2'), 1)
  await client.gone
  clearInterval(timer)
}

/** What a site whose one host plays `script` is told to be. */
async function failureOf(script: Script, options: Partial<RigOptions> = {}): Promise<Unreachable> {
  await using server = await ScriptedServer.start(script)
  await using rig = new Rig({ ports: [server.port], ...options })
  const failure = rig.work.nextFailure()
  void rig.send()
  const told = await failure
  assert.equal(rig.path.describe().hold.at, 'down')
  assert.equal(rig.egress.connections, 0)
  return told
}

function spelled({ attempt }: Unreachable): string {
  return `${attempt.outcome} ${attempt.code} ${attempt.stage}: ${attempt.text}`
}

test('a server that says nothing is left after the time for a greeting', async () => {
  const told = await failureOf((client) => client.gone, { config: { timeouts: { greeting: SHORT } } })
  assert.equal(spelled(told), 'deferred 0 greeting: no progress for 0 s at stage greeting')
})

test('a greeting that drips is measured as a whole', async () => {
  const told = await failureOf(dripping, { config: { timeouts: { greeting: SHORT } } })
  assert.equal(told.attempt.stage, 'greeting')
})

const floods: readonly (readonly [string, string, string])[] = [
  ['an endless greeting', '220-hello\r\n'.repeat(101), 'too-many-lines'],
  ['a line without an end', 'x'.repeat(70_000), 'too-large'],
  ['a NUL in a reply', '220 a\0b\r\n', 'nul'],
  ['a reply that is no number', '<script>\r\n', 'not-a-reply'],
  ['an HTTP server', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'not-a-reply'],
]
for (const [what, flood, error] of floods) {
  test(`${what} is not read on`, async () => {
    const told = await failureOf(async (client) => {
      client.raw(flood)
      await client.gone
    })
    assert.equal(
      spelled(told),
      `deferred 0 greeting: the peer does not speak SMTP (${error}) at stage greeting`,
    )
  })
}

test('octets behind the greeting are not the answer to EHLO', async () => {
  const told = await failureOf(async (client) => {
    client.raw('220 mx\r\n250-AUTH PLAIN')
    await client.gone
  })
  assert.match(spelled(told), /^deferred 0 EHLO: replies out of step/)
})

for (const [said, expected] of [
  ['421 4.3.2 closing', 'deferred 421 greeting: closing'],
  ['554 5.7.1 listed', 'deferred 554 greeting: listed'],
  ['521 5.3.2 no mail here', 'bounced 521 greeting: no mail here'],
] as const) {
  test(`a greeting of ${said} is ${expected.split(' ')[0]}`, async () => {
    const told = await failureOf(async (client) => {
      client.say(said)
      await client.expect('QUIT')
    })
    assert.equal(spelled(told), expected)
  })
}

test('a name refused in EHLO and in HELO is deferred: it is ours, and not the message’s', async () => {
  const told = await failureOf(async (client) => {
    client.say('220 mx')
    await client.expect('EHLO client.example.org')
    client.say('550 5.7.1 bad name')
    await client.expect('HELO client.example.org')
    client.say('550 5.7.1 bad name')
    await client.expect('QUIT')
  })
  assert.equal(spelled(told), 'deferred 550 EHLO: bad name')
})

test('a host that never takes mail bounces nothing while another host may come back. RFC 7504 §4', async () => {
  await using never = await ScriptedServer.start(async (client) => {
    client.say('521 no mail here')
    await client.expect('QUIT')
  })
  await using gone = await ScriptedServer.start(accepting)
  const { port } = gone
  await gone[Symbol.asyncDispose]()
  await using rig = new Rig({ ports: [never.port, port] })
  const failure = rig.work.nextFailure()
  void rig.send()
  assert.equal((await failure).attempt.outcome, 'deferred')
})

test('the next host is tried within the same attempt, whatever is wrong with the one before. RFC 5321 §5.1', async () => {
  const bad: readonly Script[] = [
    async (client) => client.say('554 5.7.1 go away'),
    async (client) => client.reset(),
    async (client) => client.raw('nonsense\r\n'),
  ]
  for (const script of bad) {
    await using first = await ScriptedServer.start(script)
    await using second = await ScriptedServer.start(accepting)
    await using rig = new Rig({ ports: [first.port, second.port] })
    const [tried] = await rig.send()
    assert.equal(tried?.outcome, 'delivered')
    assert.equal(tried.host, 'mx2.example.net')
    assert.deepEqual(rig.work.failures, [])
  }
})

test('a port that nobody listens on takes the site down until a time that is told', async () => {
  const server = await ScriptedServer.start(accepting)
  const { port } = server
  await server[Symbol.asyncDispose]()
  await using rig = new Rig({ ports: [port], now: () => 1000 })
  const failure = rig.work.nextFailure()
  void rig.send()
  const { attempt, until } = await failure
  assert.equal(until, 1000 + 15_000)
  assert.equal(attempt.text, `connect to 127.0.0.1:${port}: ECONNREFUSED`)
  assert.deepEqual(rig.path.describe().hold, { at: 'down', until, failures: 1, attempt })
})

test('an address that turns out private is not spoken to', async () => {
  await using server = await ScriptedServer.start((client) => client.gone)
  await using rig = new Rig({
    ports: [server.port],
    config: { allowPrivate: false },
    route: { allowPrivate: false },
  })
  const failure = rig.work.nextFailure()
  void rig.send()
  assert.equal(spelled(await failure), 'deferred 0 connect: 127.0.0.1 is a private address')
})

test('a host without an address says what DNS said', async () => {
  await using rig = new Rig({
    ports: [25],
    routing: {
      addresses: async () => ({
        ok: false,
        kind: 'deferred',
        code: 0,
        enhanced: '4.4.3',
        text: 'SERVFAIL for mx1',
      }),
    },
  })
  const failure = rig.work.nextFailure()
  void rig.send()
  assert.equal(spelled(await failure), 'deferred 0 route: SERVFAIL for mx1')
})

test('addresses of the other family than the source’s are passed over', async () => {
  await using rig = new Rig({
    ports: [25],
    config: {
      sources: [
        { name: 'main', ehlo: 'client.example.org', address: '127.0.0.1', relay: [], relayTls: 'required' },
      ],
    },
    routing: { addresses: async () => ({ ok: true, addresses: ['::1'] }) },
  })
  const failure = rig.work.nextFailure()
  void rig.send()
  assert.equal(spelled(await failure), 'deferred 0 route: mx1.example.net has no address that main can reach')
})

const stalls: readonly (readonly [string, Script])[] = [
  ['mail', async (client) => await hello(client).then(() => client.gone)],
  [
    'rcpt',
    async (client) => {
      await hello(client)
      await client.expect('MAIL')
      client.say('250 OK')
      await client.gone
    },
  ],
  [
    'data',
    async (client) =>
      await hello(client)
        .then(() => envelope(client))
        .then(() => client.gone),
  ],
  [
    'end',
    async (client) =>
      await hello(client)
        .then(() => data(client))
        .then(() => client.gone),
  ],
]
for (const [stage, script] of stalls) {
  test(`silence at stage ${stage} ends with its own time. RFC 5321 §4.5.3.2`, async () => {
    await using server = await ScriptedServer.start(script)
    await using rig = new Rig({ ports: [server.port], config: { timeouts: { [stage]: SHORT } } })
    const [tried] = await rig.send()
    assert.equal(tried?.outcome, 'deferred')
    assert.equal(tried.stage, stage === 'end' ? 'end of data' : stage.toUpperCase())
    assert.equal(tried.text.includes('may have taken'), stage === 'end')
  })
}

test('a peer that stops reading is given up when nothing moves, and has not taken the message', async () => {
  await using server = await ScriptedServer.start(async (client) => {
    await hello(client)
    await data(client)
    client.stall()
    await client.gone
  })
  await using rig = new Rig({ ports: [server.port], config: { timeouts: { block: SHORT } } })
  const [tried] = await rig.send({ content: async () => chunkedOf(64, 1 << 20) })
  assert.equal(`${tried?.outcome} ${tried?.stage}`, 'deferred end of data')
  assert.doesNotMatch(tried?.text ?? '', /may have taken/)
})

test('large content flows in pieces, every leading dot doubled wherever it was cut', async () => {
  const text = `${'.dot\r\n'.repeat(50_000)}end\r\n`
  for (const cut of [1, 5, 6, 7, 65_536]) {
    let got = ''
    await using server = await ScriptedServer.start(async (client) => {
      await hello(client)
      await data(client)
      got = await client.until('\r\n.\r\n')
      client.say('250 2.0.0 queued')
      await client.gone
    })
    await using rig = new Rig({ ports: [server.port] })
    // One cut of that size, then the rest: a cut at every sixth octet of 300 KB would say no more.
    const content = async (): Promise<Content> => ({
      kind: 'chunked',
      size: text.length,
      async *chunks() {
        yield Buffer.from(text.slice(0, cut))
        yield Buffer.from(text.slice(cut))
      },
    })
    const [tried] = await rig.send({ content })
    assert.equal(tried?.outcome, 'delivered')
    assert.ok(got === `${'..dot\r\n'.repeat(50_000)}end\r\n.\r\n`)
  }
})

test('large content is one chunk where CHUNKING is offered', async () => {
  let got = ''
  await using server = await ScriptedServer.start(async (client) => {
    await hello(client, 'CHUNKING')
    await envelope(client)
    const size = 3 * 100_002
    await client.expect(`BDAT ${size} LAST`)
    got = await client.octets(size)
    client.say('250 2.0.0 queued')
    await client.gone
  })
  await using rig = new Rig({ ports: [server.port] })
  const [tried] = await rig.send({ content: async () => chunkedOf(3, 100_002) })
  assert.equal(tried?.outcome, 'delivered')
  assert.ok(got === `${'.'.repeat(100_000)}\r\n`.repeat(3))
})

test('content shorter than it says is never ended', async () => {
  let got = ''
  await using server = await ScriptedServer.start(async (client) => {
    await hello(client)
    await data(client)
    got = await client.until('\r\n.\r\n').catch(() => 'cut off')
  })
  await using rig = new Rig({ ports: [server.port] })
  const short: Content = {
    kind: 'chunked',
    size: 300_000,
    async *chunks() {
      yield Buffer.from('Subject: x\r\n\r\n')
    },
  }
  const [tried] = await rig.send({ content: async () => short })
  assert.equal(`${tried?.outcome} ${tried?.stage}`, 'deferred content')
  await server[Symbol.asyncDispose]()
  assert.equal(got, 'cut off')
  assert.equal(rig.log.lines.filter(({ level }) => level === 'error').length, 1)
})

test('a NUL deep in large content bounces, and what went before it is not ended', async () => {
  await using server = await ScriptedServer.start(async (client) => {
    await hello(client)
    await data(client)
    await client.gone
  })
  await using rig = new Rig({ ports: [server.port] })
  const bad = Buffer.concat([Buffer.from('x'.repeat(200_000)), Buffer.from('\r\n\0\r\n')])
  const [tried] = await rig.send({ content: async () => ({ kind: 'whole', bytes: bad }) })
  assert.equal(`${tried?.outcome} ${tried?.enhanced} ${tried?.stage}`, 'bounced 5.6.3 content')
})

for (const [said, expected] of [
  ['250 2.0.0 thanks', 'deferred 0 end of data'],
  ['451 4.3.0 enough', 'deferred 451 end of data'],
  ['552 5.3.4 too much', 'bounced 552 end of data'],
] as const) {
  test(`${said.slice(0, 3)} before the content has ended is ${expected.split(' ')[0]}, and the connection with it`, async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    await using server = await ScriptedServer.start(async (client) => {
      await hello(client)
      await data(client)
      await client.until('first')
      client.say(said)
      await client.gone
      resolve()
    })
    await using rig = new Rig({ ports: [server.port] })
    const endless: Content = {
      kind: 'chunked',
      size: 1 << 30,
      async *chunks() {
        yield Buffer.from('first')
        await promise
      },
    }
    const [tried] = await rig.send({ content: async () => endless })
    assert.equal(`${tried?.outcome} ${tried?.code} ${tried?.stage}`, expected)
  })
}

test('a reset in the middle of the content defers without a doubt', async () => {
  await using server = await ScriptedServer.start(async (client) => {
    await hello(client)
    await data(client)
    await client.octets(100_000)
    client.reset()
  })
  await using rig = new Rig({ ports: [server.port] })
  const [tried] = await rig.send({ content: async () => chunkedOf(200, 100_002) })
  assert.equal(`${tried?.outcome} ${tried?.stage}`, 'deferred end of data')
  assert.doesNotMatch(tried?.text ?? '', /may have taken/)
})

test('content that cannot be read defers, and the connection goes on', async () => {
  await using server = await ScriptedServer.start(accepting)
  await using rig = new Rig({ ports: [server.port] })
  const [first] = await rig.send({ content: async () => await Promise.reject(new Error('disk')) })
  assert.equal(
    `${first?.outcome} ${first?.stage} ${first?.text}`,
    'deferred content the message could not be read here',
  )
  const [second] = await rig.send()
  assert.equal(second?.outcome, 'delivered')
  assert.equal(server.accepted, 1)
})

test('what cannot be converted for the peer bounces with the words of who tried', async () => {
  await using server = await ScriptedServer.start(accepting)
  await using rig = new Rig({ ports: [server.port] })
  const refusal: NotSendable = { kind: 'not-sendable', enhanced: '5.6.3', text: 'signed content in 8 bits' }
  const [tried] = await rig.send({ content: async () => refusal, message: { body: '8bitmime' } })
  assert.equal(
    `${tried?.outcome} ${tried?.enhanced} ${tried?.text}`,
    'bounced 5.6.3 signed content in 8 bits',
  )
})

/** Lines of dots, `count` chunks of `length` octets. */
function chunkedOf(count: number, length: number): Content {
  const chunk = Buffer.from(`${'.'.repeat(length - 2)}\r\n`)
  return {
    kind: 'chunked',
    size: count * length,
    async *chunks() {
      for (let n = 0; n < count; n += 1) yield chunk
    },
  }
}
