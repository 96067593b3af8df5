import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { test } from 'node:test'

import { questionOf } from './message.ts'
import { Resolver } from './resolver.ts'
import { DnsServer } from './server.ts'
import type { Question, Said } from './server.ts'
import { bench, config, example, ofZone } from './test-bench.ts'
import { lookUp } from './zone.ts'

test('a truncated answer is asked for again over TCP', async () => {
  await bench(
    ({ name, type }) => ({ kind: 'truncate', after: lookUp(example, name, type) }),
    async ({ resolver, asked }) => {
      assert.equal((await resolver.query('example.com', 'MX')).kind, 'records')
      assert.deepEqual(
        asked.map(({ transport }) => transport),
        ['udp', 'tcp'],
      )
    },
  )
})

test('an answer too large for a datagram comes over TCP by itself', async () => {
  const many = Array.from(
    { length: 500 },
    (_, index) => `example.com MX ${index} mx${index}.example.com`,
  ).join('\n')
  await bench(ofZone(many), async ({ resolver, asked }) => {
    const answer = await resolver.query('example.com', 'MX')
    assert.equal(answer.kind === 'records' && answer.records.length, 500)
    assert.deepEqual(
      asked.map(({ transport }) => transport),
      ['udp', 'tcp'],
    )
  })
})

test('truncation without TCP is a failure', async () => {
  await bench(
    ({ transport }) =>
      transport === 'udp' ? { kind: 'truncate', after: { kind: 'drop' } } : { kind: 'drop' },
    async ({ resolver }) => {
      const answer = await resolver.query('example.com', 'MX')
      assert.ok(answer.kind === 'failed' && answer.reason === 'timeout')
    },
    { timeout: 30 },
  )
})

test('silence is a timeout after the attempts', async () => {
  await bench(
    () => ({ kind: 'drop' }),
    async ({ resolver, asked }) => {
      const answer = await resolver.query('example.com', 'MX')
      assert.ok(answer.kind === 'failed' && answer.reason === 'timeout')
      assert.match(answer.text, /^127\.0\.0\.1: /)
      assert.equal(asked.length, 3)
    },
    { timeout: 20, attempts: 3 },
  )
})

test('the next server is asked, and the one that answers stays first', async () => {
  const asked = { bad: 0, good: 0 }
  await using bad = await DnsServer.on({ answer: () => (asked.bad++, { kind: 'servfail' }) })
  await using good = await DnsServer.on({
    answer: ({ name, type }) => (asked.good++, lookUp(example, name, type)),
  })
  using resolver = new Resolver({
    config: { ...config, servers: [bad.endpoint, good.endpoint] },
    now: () => 0,
  })
  assert.equal((await resolver.query('example.com', 'MX')).kind, 'records')
  assert.equal((await resolver.query('mx.example.com', 'A')).kind, 'records')
  assert.deepEqual(asked, { bad: 1, good: 2 })
})

test('a port where nobody listens is known at once', async () => {
  const closed = createSocket('udp4')
  await new Promise<void>((resolve) => void closed.bind(0, '127.0.0.1', resolve))
  const { port } = closed.address()
  await new Promise<void>((resolve) => void closed.close(resolve))
  using resolver = new Resolver({
    config: { ...config, timeout: 60_000, servers: [`127.0.0.1:${port}`] },
    now: () => 0,
  })
  const answer = await resolver.query('example.com', 'MX')
  assert.ok(answer.kind === 'failed' && answer.reason === 'unreachable')
})

test('a server that knows no EDNS is asked without. RFC 6891 §7', async () => {
  await bench(
    ({ name, type, edns }) => (edns ? { kind: 'formerr' } : lookUp(example, name, type)),
    async ({ resolver, asked }) => {
      assert.equal((await resolver.query('example.com', 'MX')).kind, 'records')
      assert.equal((await resolver.query('mx.example.com', 'A')).kind, 'records')
      assert.deepEqual(
        asked.map(({ edns }) => edns),
        [true, false, false],
      )
    },
  )
})

/** Lowers capitals over UDP and repeats them over TCP. */
const folding = ({ name, type, transport }: Question): Said =>
  transport === 'tcp'
    ? lookUp(example, name, type)
    : {
        kind: 'octets',
        of: (query) => {
          const forged = Buffer.from(query)
          forged.writeUInt16BE(0x8180, 2)
          const question = questionOf(forged)
          for (const [index, octet] of question?.entries() ?? []) {
            if (octet >= 0x41 && octet <= 0x5a) forged[12 + index] = octet + 0x20
          }
          return forged
        },
      }
test('capitals are mixed, and an answer with others is checked over TCP', async () => {
  await bench(
    folding,
    async ({ resolver, asked }) => {
      assert.equal((await resolver.query('example.com', 'MX')).kind, 'records')
      assert.deepEqual(
        asked.map(({ transport }) => transport),
        ['udp', 'tcp'],
      )
      assert.notEqual(asked[0]?.name, 'example.com')
      // The server lowers capitals: from now on it gets none, and an exact answer is enough.
      assert.equal((await resolver.query('mx.example.com', 'A')).kind, 'nodata')
      assert.deepEqual(asked[2] && [asked[2].name, asked[2].transport], ['mx.example.com', 'udp'])
      assert.equal(asked.length, 3)
    },
    { random: () => 0.9999 },
  )
})

test('datagrams with the wrong id or question are passed over; sixteen of them mean TCP', async () => {
  const forger = createSocket('udp4')
  await new Promise<void>((resolve) => void forger.bind(0, '127.0.0.1', resolve))
  const { port } = forger.address()
  const forge = (count: number): void =>
    void forger.once('message', (query, from) => {
      for (let index = 0; index < count; index++) {
        const forged = Buffer.from(query)
        forged.writeUInt16BE(0x8180, 2)
        if (index % 2 === 0) forged.writeUInt16BE((query.readUInt16BE(0) + 1 + index) & 0xffff, 0)
        else forged[14] = (forged[14] ?? 0) ^ 1
        forger.send(forged, from.port, from.address)
      }
      forger.send(honest(query), from.port, from.address)
    })
  using resolver = new Resolver({
    config: { ...config, servers: [`127.0.0.1:${port}`], attempts: 1 },
    now: () => 0,
  })
  forge(6)
  assert.equal((await resolver.query('a.example', 'A')).kind, 'nodata')
  forge(16)
  const answer = await resolver.query('b.example', 'A')
  // Nobody listens on the forger's TCP port.
  assert.ok(answer.kind === 'failed' && answer.reason === 'unreachable')
  await new Promise<void>((resolve) => void forger.close(resolve))
})

/** A response without records. */
function honest(query: Buffer): Buffer {
  const reply = Buffer.concat([query.subarray(0, 12), questionOf(query) ?? Buffer.alloc(0)])
  reply.writeUInt16BE(0x8180, 2)
  reply.writeUInt16BE(0, 10)
  return reply
}

test('octets that are no message, and messages that are not sound, are failures', async () => {
  const hostile: ((query: Buffer) => Buffer)[] = [
    (query) => Buffer.concat([honest(query), Buffer.from([0xc0])]).fill(0xff, 6, 8),
    (query) => {
      const reply = Buffer.concat([
        honest(query),
        Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 200, 1, 2, 3, 4]),
      ])
      reply.writeUInt16BE(1, 6)
      return reply
    },
  ]
  for (const of of hostile) {
    await bench(
      () => ({ kind: 'octets', of }),
      async ({ resolver }) => {
        const answer = await resolver.query('example.com', 'A')
        assert.ok(answer.kind === 'failed' && answer.reason === 'malformed')
      },
    )
  }
})

test('a socket is given up after 128 questions, and none is lost by it', async () => {
  const ports = new Set<number>()
  const server = createSocket('udp4')
  await new Promise<void>((resolve) => void server.bind(0, '127.0.0.1', resolve))
  server.on('message', (query, from) => {
    ports.add(from.port)
    server.send(honest(query), from.port, from.address)
  })
  using resolver = new Resolver({
    config: { ...config, servers: [`127.0.0.1:${server.address().port}`] },
    now: () => 0,
    // One slot only.
    random: () => 0,
  })
  for (let index = 0; index < 300; index++) {
    assert.equal((await resolver.query(`h${index}.example`, 'A')).kind, 'nodata')
  }
  assert.equal(ports.size, 3)
  await new Promise<void>((resolve) => void server.close(resolve))
})
