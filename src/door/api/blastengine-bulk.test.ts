/** Blastengine's bulk deliveries, from begin to what became of them. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { bench, NO_OPERATIONS, NOW, recipientsOf } from './api.fixture.ts'
import type { Bench } from './api.fixture.ts'

const BULK = '/api/v1/deliveries/bulk'
const MAIL = {
  from: { email: 'news@example.org', name: '便り' },
  subject: '__name__様',
  text_part: '__name__',
}

function to(...names: readonly string[]): object {
  return {
    to: names.map((name) => ({
      email: `${name}@example.com`,
      insert_code: [{ key: '__name__', value: `N-${name}` }],
    })),
  }
}

suite("Blastengine's bulk", () => {
  let api: Bench
  const cancelled: unknown[] = []
  before(async () => {
    const operations = {
      ...NO_OPERATIONS,
      async change(change: unknown) {
        cancelled.push(change)
        return { count: 1 }
      },
    } as unknown as typeof NO_OPERATIONS
    api = await bench({ operations })
  })
  after(async () => {
    await api[Symbol.asyncDispose]()
  })

  async function begin(...names: readonly string[]): Promise<number> {
    api.submissions.length = 0
    api.answers.length = 0
    const { status, body } = await api.post(`${BULK}/begin`, MAIL)
    assert.equal(status, 201)
    const id = Number(body['delivery_id'])
    assert.equal((await api.ask('PUT', `${BULK}/update/${id}`, to(...names))).status, 200)
    return id
  }

  async function statusOf(id: number): Promise<unknown> {
    return (await api.ask('GET', `/api/v1/deliveries/${id}`)).body['status']
  }

  test('each recipient gets a message of its own, once', async () => {
    const id = await begin('old')
    await api.ask('PUT', `${BULK}/update/${id}`, { ...to('a', 'b'), subject: '__name__' })
    assert.equal(await statusOf(id), 'EDIT')
    assert.equal((await api.ask('PATCH', `${BULK}/commit/${id}/immediate`, {})).status, 200)
    assert.deepEqual(
      api.submissions.map((one) => [...recipientsOf(one), /Subject: (\S+)/.exec(String(one.content))?.[1]]),
      [
        ['a@example.com', 'N-a'],
        ['b@example.com', 'N-b'],
      ],
    )
    const again = await api.ask('PATCH', `${BULK}/commit/${id}/immediate`)
    assert.deepEqual([again.status, api.submissions.length], [400, 2])
    for (const method of ['DELETE', 'PUT'] as const) {
      const path = method === 'PUT' ? `${BULK}/update/${id}` : `/api/v1/deliveries/${id}`
      assert.equal((await api.ask(method, path, method === 'PUT' ? to('c') : undefined)).status, 400)
    }
  })

  test('two commits at once are one', async () => {
    const id = await begin('a')
    const path = `${BULK}/commit/${id}/immediate`
    const both = await Promise.all([api.ask('PATCH', path, {}), api.ask('PATCH', path, {})])
    assert.deepEqual(new Set(both.map(({ status }) => status)), new Set([200, 400]))
    assert.equal(api.submissions.length, 1)
  })

  test('a reserved one is held until its time, and can be cancelled', async () => {
    const id = await begin('a')
    const due = NOW + 3_600_000
    const reserved = { reservation_time: '2026-11-22T19:00:00+09:00' }
    assert.equal((await api.ask('PATCH', `${BULK}/commit/${id}`, reserved)).status, 200)
    assert.equal(api.submissions[0]?.holdUntil, due)
    assert.equal((await api.ask('PATCH', `/api/v1/deliveries/${id}/cancel`)).status, 200)
    assert.equal(cancelled.length, 1)
  })

  test('one that breaks off goes on where it was, and nobody gets two', async () => {
    const id = await begin(...Array.from({ length: 30 }, (_, n) => `r${n}`))
    const full = { ok: false, why: 'unavailable', text: 'full' } as const
    api.answers.push(...Array.from({ length: 3 }, () => full))
    const first = await api.ask('PATCH', `${BULK}/commit/${id}/immediate`, {})
    assert.deepEqual([first.status, first.headers['retry-after']], [503, '30'])
    assert.equal(await statusOf(id), 'SENDING')
    const tried = api.submissions.splice(0).length
    assert.equal((await api.ask('PATCH', `${BULK}/commit/${id}/immediate`, {})).status, 200)
    assert.deepEqual([tried, api.submissions.length], [25, 8])
  })

  test('the suppressed are dropped', async () => {
    const id = await begin('a', 'b')
    api.answers.push({ ok: false, why: 'suppressed', text: 'a@example.com is suppressed' })
    assert.equal((await api.ask('PATCH', `${BULK}/commit/${id}/immediate`, {})).status, 200)
    const { body } = await api.ask('GET', `/api/v1/deliveries/${id}`)
    assert.deepEqual([body['total_count'], body['drop_count'], body['delivery_type']], [2, 1, 'BULK'])
  })

  test('a mistake is found before anything is sent', async () => {
    const id = await begin('a', 'b')
    await api.ask('PUT', `${BULK}/update/${id}`, { to: [{ email: 'a@example.com' }, { email: 'nobody' }] })
    assert.equal((await api.ask('PATCH', `${BULK}/commit/${id}/immediate`, {})).status, 400)
    assert.equal((await api.ask('PATCH', `${BULK}/commit/${await begin()}/immediate`, {})).status, 400)
    assert.equal(api.submissions.length, 0)
    assert.equal((await api.ask('DELETE', `/api/v1/deliveries/${id}`)).status, 200)
    assert.equal((await api.ask('GET', `/api/v1/deliveries/${id}`)).status, 404)
  })

  test('another organization has no part in it', async () => {
    const id = await begin('a')
    const paths = [
      ['PUT', `${BULK}/update/${id}`, to('x')],
      ['PATCH', `${BULK}/commit/${id}/immediate`, {}],
      ['PATCH', `${BULK}/commit/${id}`, { reservation_time: '2026-11-22T19:00:00+09:00' }],
      ['PATCH', `/api/v1/deliveries/${id}/cancel`, undefined],
      ['DELETE', `/api/v1/deliveries/${id}`, undefined],
      ['GET', `/api/v1/deliveries/${id}`, undefined],
    ] as const
    for (const [method, path, body] of paths)
      assert.equal((await api.ask(method, path, body, 'hk_stranger')).status, 404, `${method} ${path}`)
    assert.equal(await statusOf(id), 'EDIT')
  })
})
