import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Claimed, Content, MessageId } from '#engine/spool'
import { serverKey } from '#platform/secret'

import { readOwnAddress } from './return-path.ts'
import { next, rig, send, tried } from './rig.fixture.ts'
import { saysNothing, sealSubscription, subscriptionIn, unsubscribeFields } from './subscription.ts'
import type { Offering } from './subscription.ts'

const secret = Buffer.from('a secret of the node')
const seal = serverKey(Buffer.alloc(32, 1))
const offering = { mail: { domain: 'bounce.example.com', secret, seal } }
const message = '0ab3xk9m2pq' as MessageId
const key = { message, n: 3 }
const subscription = {
  organization: 'acme',
  stream: 'marketing',
  to: { local: '秋', domain: 'xn--r8jz45g.jp' },
}

function claimed(organization = 'acme'): Claimed {
  const { stream, to } = subscription
  return { message: { id: message, organization, stream }, delivery: { key, to } } as unknown as Claimed
}

const SHAPE =
  /^List-Unsubscribe:\r\n <mailto:(unsubscribe\+[^@]+)@bounce\.example\.com\?subject=([^>]+)>\r\n$/

test('the field names the delivery in its address, and in its subject what the record of it would say', () => {
  const field = unsubscribeFields(claimed(), offering)?.toString('latin1') ?? ''
  const [, local = '', subject = ''] = SHAPE.exec(field) ?? assert.fail(field)
  assert.deepEqual(readOwnAddress(local, secret), { purpose: 'unsubscribe', key })
  assert.deepEqual(subscriptionIn(decodeURIComponent(subject), key, seal), subscription)
  assert(field.split('\r\n').every((line) => line.length <= 998))
})

function of(offered: Offering): string {
  return unsubscribeFields(claimed(), offered)?.toString('latin1') ?? ''
}

test('a page comes before the address, and a mail program may do without it where it is HTTPS. RFC 8058 §3.1', () => {
  const https = 'https://click.example.com/u/abc'
  const POST = 'List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n'
  assert.equal(of({ url: https }), `List-Unsubscribe:\r\n <${https}>\r\n${POST}`)
  assert.equal(of({ url: 'http://localhost/u/a' }), 'List-Unsubscribe:\r\n <http://localhost/u/a>\r\n')
  const both = of({ ...offering, url: https })
  assert.ok(
    both.startsWith(`List-Unsubscribe:\r\n <${https}>,\r\n <mailto:`) && both.endsWith(`>\r\n${POST}`),
  )
  assert.equal(of({}), '')
})

test('an attempt that is made again has the same field', () => {
  assert.equal(of(offering), of(offering))
})

test('where the line would be too long, the address alone has to do', () => {
  const field = unsubscribeFields(claimed('a'.repeat(800)), offering)?.toString('latin1') ?? ''
  assert.match(field, /\?subject=unsubscribe>\r\n$/)
})

test('a subject is read as mail programs write it: folded, with words around it', () => {
  const sealed = sealSubscription(subscription, key, seal)
  const folded = `${sealed.slice(0, 60)} ${sealed.slice(60)}`
  for (const text of [`unsubscribe ${sealed}`, `Unsubscribe ${folded}`, `[x] unsubscribe+${sealed}`])
    assert.deepEqual(subscriptionIn(text, key, seal), subscription, text)
})

test('what was made up, cut, changed, or sealed for another delivery or by another node says nothing', () => {
  const sealed = sealSubscription(subscription, key, seal)
  const wrong = [
    '',
    'unsubscribe',
    'unsubscribe me please',
    `unsubscribe ${sealed.slice(0, -4)}`,
    `unsubscribe ${sealed.startsWith('A') ? 'B' : 'A'}${sealed.slice(1)}`,
    `unsubscribe ${sealed.slice(1)}`,
    `unsubscribe ${'A'.repeat(3_000)}`,
    `unsubscribe ${sealSubscription(subscription, { message, n: 4 }, seal)}`,
    `unsubscribe ${sealSubscription(subscription, key, serverKey(Buffer.alloc(32, 2)))}`,
  ]
  for (const subject of wrong)
    assert.equal(subscriptionIn(subject, key, seal), undefined, subject.slice(0, 80))
})

const PEER = { eightBit: true, binary: false }

function chunked(text: string): Content {
  const bytes = Buffer.from(text)
  return {
    kind: 'chunked',
    size: bytes.length,
    async *chunks() {
      for (let at = 0; at < bytes.length; at += 16) yield bytes.subarray(at, at + 16)
    },
  }
}

test('a message says something of unsubscribing in its header section, however it is spelled and stored', async () => {
  const cases: readonly (readonly [string, boolean])[] = [
    ['From: a@example.org\r\n\r\nList-Unsubscribe: <x>\r\n', true],
    ['From: a@example.org\r\nLIST-unsubscribe : <https://example.org/>\r\n\r\nx', false],
    ['From: a@example.org\r\nX: 1\r\n List-Unsubscribe: <x>\r\n\r\nx', true],
    // Nobody can tell what is in a header section without an end.
    [`X: ${'x'.repeat(300_000)}\r\n\r\n`, false],
  ]
  for (const [text, expected] of cases) {
    assert.equal(await saysNothing({ kind: 'whole', bytes: Buffer.from(text) }), expected, text.slice(0, 80))
    assert.equal(await saysNothing(chunked(text)), expected, text.slice(0, 80))
  }
})

function unsubscribe({ delivery }: Claimed): Buffer {
  return Buffer.from(`List-Unsubscribe: <n${delivery.key.n}>\r\n`)
}

async function contents(body: string): Promise<readonly string[]> {
  const at = await rig({ returnPathDomain: 'bounce.example.com', unsubscribe })
  await send(at, ['a@example.com', 'b@example.com'], {}, Buffer.from(body))
  const made: string[] = []
  for (let job = next(at, 'example.com'); job; job = next(at, 'example.com')) {
    const content = await job.content(PEER)
    assert(content.kind === 'whole')
    made.push(Buffer.from(content.bytes).toString())
    job.done([tried(at, 'delivered')])
  }
  await at.queue.stop()
  return made
}

test('each delivery gets a field of its own', async () => {
  const body = 'From: a@example.org\r\n\r\nx\r\n'
  assert.deepEqual(await contents(body), [
    `List-Unsubscribe: <n0>\r\n${body}`,
    `List-Unsubscribe: <n1>\r\n${body}`,
  ])
})

test('a message that has one is left as it is, byte for byte', async () => {
  const body = 'From: a@example.org\r\nlist-unsubscribe: <https://example.org/out>\r\n\r\nx\r\n'
  assert.deepEqual(await contents(body), [body, body])
})
