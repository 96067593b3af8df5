/** Requests to the HTTP API that are made many times, and done once. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { DOMAIN, Rig } from './rig.ts'

type Answer = {
  readonly status: number
  readonly again: boolean
  readonly body: Readonly<Record<string, unknown>>
}

const CALLERS = 100

/** What became of the first recipient. */
function firstFate({ body }: Answer): unknown {
  return (body['recipients'] as readonly { readonly status: string }[])[0]?.status
}

suite('Idempotency-Key', () => {
  let rig: Rig
  let token = ''
  before(async () => {
    rig = await Rig.start()
    token = (await rig.cli<{ token: string }>('api-key', 'add')).token
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  async function send(
    key: string,
    to: string | readonly string[],
    more: { subject?: string; token?: string } = {},
  ): Promise<Answer> {
    const response = await fetch(`${rig.node.api}/v1/messages`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${more.token ?? token}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify({
        from: `shop@${DOMAIN}`,
        to,
        subject: more.subject ?? 'Your order',
        text: 'Thanks.',
      }),
    })
    const again = response.headers.get('idempotency-replayed') === 'true'
    return { status: response.status, again, body: (await response.json()) as Answer['body'] }
  }

  async function messagesTo(recipient: string): Promise<readonly string[]> {
    const rows = await rig.operations.messages({ recipient, limit: CALLERS })
    return rows.map(({ message }) => message.id)
  }

  test('a hundred calls at once with one key make one message, and all hear of it', async () => {
    const to = 'hundred@once.example.com'
    const answers = await Promise.all(Array.from({ length: CALLERS }, () => send('"order 1"', to)))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202]))
    assert.equal(answers.filter(({ again }) => !again).length, 1)
    assert.deepEqual(await messagesTo(to), [answers[0]?.body['id']])
    assert.equal(new Set(answers.map(({ body }) => JSON.stringify(body))).size, 1)
    await rig.delivered(to)
    assert.equal(rig.received(to).length, 1)
  })

  test('another request under the key is refused, and so is what is no key', async () => {
    const first = await send('order-2', 'one@reused.example.com')
    assert.deepEqual([first.status, first.again], [202, false])
    const other = await send('order-2', 'two@reused.example.com')
    assert.deepEqual([other.status, other.body['code']], [422, 'key-reused'])
    assert.deepEqual(await messagesTo('two@reused.example.com'), [])
    const none = await send('""', 'three@reused.example.com')
    assert.deepEqual([none.status, none.body['code']], [400, 'malformed'])
  })

  test('who was left out the first time is told so again, though it changed since', async () => {
    const [gone, kept] = ['gone@skipped.example.com', 'kept@skipped.example.com']
    const organization = 'default'
    const suppression = {
      organization,
      stream: '*',
      address: gone,
      reason: 'manual',
      evidence: 'asked',
    } as const
    await rig.operations.suppressionAdd({ rows: [suppression] })
    let tries = 0
    /** Doors learn of a suppression within a second; nothing tells when. Gives the key. */
    const sentUntil = async (fate: string): Promise<string> => {
      const key = `order-3-${(tries += 1)}`
      return firstFate(await send(key, [gone, kept])) === fate ? key : sentUntil(fate)
    }
    const key = await sentUntil('suppressed')
    await rig.operations.suppressionRemove({ organization, address: gone, why: 'asked again' })
    await sentUntil('queued')
    const second = await send(key, [gone, kept])
    assert.deepEqual([second.status, second.again, firstFate(second)], [202, true, 'suppressed'])
  })

  test('the key of another organization is another key', async () => {
    const other = await rig.cli<{ token: string }>('api-key', 'add', '--organization', 'globex')
    const { status, body } = await send('order-2', 'one@reused.example.com', { token: other.token })
    assert.deepEqual([status, body['code']], [403, 'domain-not-yours'])
  })

  for (const when of ['before an answer', 'after the first answer'] as const) {
    test(`a node that is killed ${when} leaves one message behind, whoever asks again`, async () => {
      const to = `${when.replaceAll(' ', '-')}@killed.example.com`
      const answered = Promise.withResolvers<void>()
      const restarted = Promise.withResolvers<void>()
      const call = async (): Promise<Answer> => {
        try {
          const answer = await send(`key ${when}`.replaceAll(' ', '-'), to)
          answered.resolve()
          return answer
        } catch {
          // The connection is gone, and with it all that it would have said: ask again.
          await restarted.promise
          return await call()
        }
      }
      const calls = Array.from({ length: CALLERS }, call)
      if (when === 'after the first answer') await answered.promise
      await rig.restart('kill')
      restarted.resolve()
      const answers = await Promise.all(calls)
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202]))
      const ids = new Set(answers.map(({ body }) => body['id']))
      assert.equal(ids.size, 1)
      assert.deepEqual(await messagesTo(to), [...ids])
    })
  }
})
