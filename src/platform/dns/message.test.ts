import assert from 'node:assert/strict'
import { test } from 'node:test'

import dnsPacket from 'dns-packet'
import * as fc from 'fast-check'

import { encodeQuery, questionOf, readReply, UDP_SIZE } from './message.ts'

const query = { name: 'example.com', type: 'MX', edns: true, dnssecOk: false } as const

function response(parts: Partial<dnsPacket.Packet> = {}): Buffer {
  return dnsPacket.encode({ type: 'response', questions: [{ name: 'example.com', type: 'MX' }], ...parts })
}

/** A response to `example.com MX` with one record of these octets, owned by the name of the question. */
function withRecord(type: number, data: Buffer, count = 1): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt16BE(0x8180, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(count, 6)
  const fixed = Buffer.from([
    0xc0,
    12,
    type >> 8,
    type & 255,
    0,
    1,
    0,
    0,
    1,
    0,
    data.length >> 8,
    data.length & 255,
  ])
  const question = questionOf(encodeQuery(query))
  assert.ok(question)
  return Buffer.concat([head, question, fixed, data])
}

test('a query asks for recursion and authenticity, by EDNS with a modest size', () => {
  const packet = dnsPacket.decode(encodeQuery(query))
  assert.deepEqual(packet.questions, [{ name: 'example.com', type: 'MX', class: 'IN' }])
  assert.equal(packet.flag_rd && packet.flag_ad, true)
  const [opt] = packet.additionals ?? []
  assert.ok(opt?.type === 'OPT')
  assert.equal(opt.udpPayloadSize, UDP_SIZE)
  assert.equal(opt.flag_do, false)
  assert.equal(dnsPacket.decode(encodeQuery({ ...query, edns: false })).additionals?.length, 0)
  const [signed] = dnsPacket.decode(encodeQuery({ ...query, dnssecOk: true })).additionals ?? []
  assert.ok(signed?.type === 'OPT' && signed.flag_do)
})

test('every type is read', () => {
  const certificate = Buffer.from('aabb', 'hex')
  const reply = readReply(
    response({
      answers: [
        { name: 'Example.com', type: 'MX', ttl: 5, data: { preference: 10, exchange: 'MX.Example.com' } },
        { name: 'example.com', type: 'A', ttl: 5, data: '192.0.2.1' },
        { name: 'example.com', type: 'AAAA', ttl: 5, data: '::ffff:127.0.0.1' },
        { name: 'example.com', type: 'TXT', ttl: 5, data: ['v=spf1 ', '-all'] },
        { name: 'example.com', type: 'PTR', ttl: 5, data: 'Host.example.com' },
        {
          name: 'example.com',
          type: 'TLSA',
          ttl: 5,
          data: { usage: 3, selector: 1, matchingType: 1, certificate },
        },
        { name: 'example.com', type: 'NS', ttl: 5, data: 'ns.example.com' },
      ],
    }),
  )
  assert.deepEqual(
    reply?.answers.map(({ name, data }) => ({ name, ...data })),
    [
      { name: 'example.com', type: 'MX', value: { preference: 10, exchange: 'mx.example.com' } },
      { name: 'example.com', type: 'A', value: '192.0.2.1' },
      { name: 'example.com', type: 'AAAA', value: '::ffff:7f00:1' },
      { name: 'example.com', type: 'TXT', value: 'v=spf1 -all' },
      { name: 'example.com', type: 'PTR', value: 'host.example.com' },
      {
        name: 'example.com',
        type: 'TLSA',
        value: { usage: 3, selector: 1, matchingType: 1, data: certificate },
      },
    ],
  )
})

test('a TTL with the first bit set is zero. RFC 2181 §8', () => {
  const reply = readReply(
    response({ answers: [{ name: 'example.com', type: 'A', ttl: 2 ** 31, data: '192.0.2.1' }] }),
  )
  assert.equal(reply?.answers[0]?.ttl, 0)
})

test('a denial lasts the lesser of the SOA’s TTL and minimum. RFC 2308 §5', () => {
  const data = { mname: 'ns.example.com', rname: 'root.example.com', minimum: 900 }
  for (const [ttl, expected] of [
    [60, 60],
    [3600, 900],
  ] as const) {
    const reply = readReply(response({ flags: 3, authorities: [{ name: 'com', type: 'SOA', ttl, data }] }))
    assert.equal(reply?.rcode, 3)
    assert.equal(reply.negativeTtl, expected)
  }
})

test('the upper bits of the response code are in EDNS. RFC 6891 §6.1.3', () => {
  const opt = {
    name: '.',
    type: 'OPT',
    udpPayloadSize: 512,
    extendedRcode: 1,
    ednsVersion: 0,
    flags: 0,
  } as const
  const reply = readReply(response({ additionals: [{ ...opt, flag_do: false, options: [] }] }))
  assert.equal(reply?.rcode, 16)
})

test('a truncated answer is no answer, however it ends. RFC 2181 §9', () => {
  const message = response({
    flags: dnsPacket.TRUNCATED_RESPONSE,
    answers: [{ name: 'example.com', type: 'A', ttl: 5, data: '192.0.2.1' }],
  })
  for (const length of [message.length, message.length - 3]) {
    const reply = readReply(Buffer.from(message.subarray(0, length)))
    assert.equal(reply?.truncated, true)
    assert.deepEqual(reply.answers, [])
  }
})

test('the additional section is not believed', () => {
  const poison = { name: 'example.com', type: 'A', ttl: 5, data: '192.0.2.66' } as const
  assert.deepEqual(readReply(response({ additionals: [poison] }))?.answers, [])
})

test('a record whose length does not fit its contents makes the message unsound', () => {
  const name = Buffer.from([2, 0x6d, 0x78, 0])
  const wrong: [number, Buffer][] = [
    [1, Buffer.alloc(0)],
    [1, Buffer.alloc(3)],
    [1, Buffer.alloc(5)],
    [28, Buffer.alloc(4)],
    [15, Buffer.alloc(1)],
    [15, Buffer.concat([Buffer.from([0, 10]), name, Buffer.alloc(1)])],
    [5, Buffer.concat([name, Buffer.alloc(2)])],
    [5, Buffer.from([0xc0])],
    [16, Buffer.from([5, 0x61])],
    [52, Buffer.alloc(0)],
    [52, Buffer.alloc(2)],
  ]
  for (const [type, data] of wrong)
    assert.equal(readReply(withRecord(type, data)), undefined, `${type} ${data.length}`)
  assert.ok(readReply(withRecord(15, Buffer.concat([Buffer.from([0, 10]), name]))))
  assert.ok(readReply(withRecord(16, Buffer.alloc(0))))
  assert.ok(readReply(withRecord(52, Buffer.alloc(3))))
  assert.ok(readReply(withRecord(52, Buffer.alloc(19))))
})

test('a record of another type or class is passed over by its length', () => {
  assert.deepEqual(readReply(withRecord(47, Buffer.from('ff00ff', 'hex')))?.answers, [])
  const chaos = withRecord(1, Buffer.alloc(4))
  chaos.writeUInt16BE(3, chaos.length - 12)
  assert.deepEqual(readReply(chaos)?.answers, [])
})

test('pointers that loop, go forward or go on for ever are refused', () => {
  const at = withRecord(5, Buffer.alloc(2)).length - 2
  for (const target of [at, at + 1, 0x3fff]) {
    assert.equal(readReply(withRecord(5, Buffer.from([0xc0 | (target >> 8), target & 255]))), undefined)
  }
  // A TXT record full of pointers, each to the one before, and a CNAME at the end of them.
  const chain = Buffer.alloc(2 * 1000)
  const start = at
  for (let index = 0; index < 1000; index++) {
    chain.writeUInt16BE(0xc000 | (index === 0 ? 12 : start + 2 * (index - 1)), 2 * index)
  }
  const message = withRecord(10, chain, 2)
  const last = Buffer.from([
    0xc0,
    12,
    0,
    5,
    0,
    1,
    0,
    0,
    0,
    0,
    0,
    2,
    0xc0 | ((start + 1998) >> 8),
    (start + 1998) & 255,
  ])
  assert.equal(readReply(Buffer.concat([message, last])), undefined)
})

test('counts that promise more than there is are refused', () => {
  for (const count of [2, 1000, 65_535])
    assert.equal(readReply(withRecord(1, Buffer.alloc(4), count)), undefined)
})

test('no octets make the reader throw', () => {
  const good = response({
    answers: [
      { name: 'example.com', type: 'MX', ttl: 5, data: { preference: 10, exchange: 'mx.example.com' } },
      { name: 'example.com', type: 'TXT', ttl: 5, data: ['abc', 'def'] },
    ],
  })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }),
      fc.nat(20),
      (edits, cut) => {
        const message = Buffer.from(good.subarray(0, good.length - cut))
        for (const [index, octet] of edits) if (index < message.length) message[index] = octet
        readReply(message)
      },
    ),
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => void readReply(Buffer.from(octets))))
})
