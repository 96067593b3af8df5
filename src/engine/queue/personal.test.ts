import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Content, Spool } from '#engine/spool'

import { inTurn } from './index.ts'
import type { Personaliser } from './index.ts'
import { BODY, next, rig, send, settled, states, tried } from './rig.fixture.ts'
import type { Rig } from './rig.fixture.ts'

const PEER = { eightBit: true, binary: false }
const TEXT = BODY.toString()

/** Puts a field with the recipient's place before what it is given. */
function marking(name: string, concerns: Personaliser['concerns'] = () => true): Personaliser {
  return {
    concerns,
    async personalise({ delivery }, content) {
      const bytes = Buffer.from(await textOf(await content()))
      return { kind: 'whole', bytes: Buffer.concat([Buffer.from(`${name}: ${delivery.key.n}\r\n`), bytes]) }
    },
  }
}

async function textOf(content: Content): Promise<string> {
  if (content.kind === 'whole') return Buffer.from(content.bytes).toString()
  return Buffer.concat(await Array.fromAsync(content.chunks())).toString()
}

/** What each recipient of example.com is sent, each in a transaction of its own or not. */
async function sent(at: Rig): Promise<readonly (readonly [recipients: number, text: string])[]> {
  const all: (readonly [number, string])[] = []
  for (let job = next(at, 'example.com'); job; job = next(at, 'example.com')) {
    const content = await job.content(PEER)
    assert(content.kind !== 'not-sendable')
    all.push([job.claimed.length, await textOf(content)])
    job.done(job.claimed.map(() => tried(at, 'delivered')))
  }
  return all
}

test('each recipient of a personal message is sent what is theirs, in a transaction of its own', async () => {
  const at = await rig({ personaliser: marking('X-N') })
  await send(at, ['a@example.com', 'b@example.com'])
  assert.deepEqual(await sent(at), [
    [1, `X-N: 0\r\n${TEXT}`],
    [1, `X-N: 1\r\n${TEXT}`],
  ])
  await at.queue.stop()
})

test('what concerns nobody leaves a message as it was, and its recipients together', async () => {
  const at = await rig({ personaliser: inTurn([marking('X', () => false)]) })
  await send(at, ['a@example.com', 'b@example.com'])
  assert.deepEqual(await sent(at), [[2, TEXT]])
  await at.queue.stop()
})

test('of several, each gets what the one before it made, and those a message does not concern are passed over', async () => {
  const all = inTurn([marking('First'), marking('Other', () => false), marking('Second')])
  const at = await rig({ personaliser: all })
  await send(at, ['a@example.com'])
  assert.deepEqual(await sent(at), [[1, `Second: 0\r\nFirst: 0\r\n${TEXT}`]])
  await at.queue.stop()
})

/** Everything at example.com is deferred, and comes back from the store. Gives what was sent the first time. */
async function again(at: Rig): Promise<readonly string[]> {
  const first: string[] = []
  for (let job = next(at, 'example.com'); job; job = next(at, 'example.com')) {
    const content = await job.content(PEER)
    assert(content.kind !== 'not-sendable')
    first.push(await textOf(content))
    job.done([tried(at, 'deferred')])
  }
  await settled(at)
  at.clock += 301_000
  at.queue.tick()
  await settled(at)
  return first
}

test('a message that waited in the store is personal too, and sent the same octets again', async () => {
  const at = await rig({ personaliser: marking('X-N') })
  await at.queue.start()
  await send(at, ['a@example.com', 'b@example.com'])
  const first = await again(at)
  assert.deepEqual(
    await sent(at),
    first.map((text) => [1, text]),
  )
  await at.queue.stop()
})

test('large content comes in chunks, and may go on so', async () => {
  const large: Content = {
    kind: 'chunked',
    size: BODY.length,
    async *chunks() {
      yield BODY.subarray(0, 10)
      yield BODY.subarray(10)
    },
  }
  const kinds: string[] = []
  const personaliser: Personaliser = {
    concerns: () => true,
    async personalise(_claimed, content) {
      const given = await content()
      kinds.push(given.kind)
      return given
    },
  }
  const between = (): Partial<Spool> => ({ read: async () => large })
  const at = await rig({ personaliser, between })
  await at.queue.start()
  await send(at, ['a@example.com'])
  await again(at)
  assert.deepEqual(await sent(at), [[1, TEXT]])
  assert.deepEqual(kinds, ['whole', 'chunked'])
  await at.queue.stop()
})

const UNFIT: Personaliser = {
  concerns: () => true,
  personalise: async () => ({ kind: 'not-sendable', enhanced: '5.6.0', text: 'nothing to fill in' }),
}

test('what cannot be made is not sent, whoever would come after', async () => {
  const at = await rig({ personaliser: inTurn([UNFIT, marking('X')]) })
  await send(at, ['a@example.com'])
  const job = next(at, 'example.com')
  assert.deepEqual(await job?.content(PEER), {
    kind: 'not-sendable',
    enhanced: '5.6.0',
    text: 'nothing to fill in',
  })
  job?.done([tried(at, 'bounced')])
  await settled(at)
  // Its sender is told all the same, with what is remembered of it.
  assert.deepEqual(await states(at), ['bounced', 'active'])
  await at.queue.stop()
})

const unsubscribe = (): Buffer => Buffer.from('List-Unsubscribe: <stream>\r\n')

test('a stream’s List-Unsubscribe field goes before it, unless what was made has one of its own', async () => {
  const own = marking('List-Unsubscribe', ({ size }) => size === BODY.length)
  const at = await rig({ personaliser: inTurn([marking('X'), own]), unsubscribe })
  await send(at, ['a@example.com'])
  await send(at, ['a@example.com'], {}, Buffer.concat([BODY, BODY]))
  assert.deepEqual(
    (await sent(at)).map(([, text]) => text),
    [`List-Unsubscribe: 0\r\nX: 0\r\n${TEXT}`, `List-Unsubscribe: <stream>\r\nX: 0\r\n${TEXT}${TEXT}`],
  )
  await at.queue.stop()
})

const isNoNotification: Personaliser['concerns'] = ({ from }) => from !== null

/** The notification that waits to be sent. */
async function notice(at: Rig): Promise<string> {
  const content = await next(at, 'example.org')?.content(PEER)
  assert(content?.kind === 'whole')
  return textOf(content)
}

test('a notification returns what its recipient was sent', async () => {
  const at = await rig({ personaliser: marking('X-N', isNoNotification) })
  await send(at, ['a@example.com', 'b@example.com'])
  next(at, 'example.com')?.done([tried(at, 'delivered')])
  next(at, 'example.com')?.done([tried(at, 'bounced')])
  await settled(at)
  assert.match(await notice(at), /^X-N: 1\r\nFrom: a@example\.org\r$/m)
  await at.queue.stop()
})

test('one about several returns nothing that only one of them was sent', async () => {
  const at = await rig({ personaliser: marking('X-N', isNoNotification) })
  at.unroutable.set('gone.example', {
    ok: false,
    kind: 'bounced',
    code: 550,
    enhanced: '5.1.2',
    text: 'no such domain',
  })
  await send(at, ['a@gone.example', 'b@gone.example'])
  await settled(at)
  const text = await notice(at)
  assert.equal(text.match(/^Final-Recipient:/gm)?.length, 2)
  assert.doesNotMatch(text, /X-N/)
  await at.queue.stop()
})
