import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { ApiParts } from './parts.ts'
import { bench, NO_OPERATIONS, NOW, SIMPLE } from './api.fixture.ts'
import type { Submitted } from './submission.ts'

const LEFT = { quota: 'hour', limit: 100, left: 3, length: 3600, wait: 60 } as const

function beyond(exhausted: Extract<Submitted, { why: 'quota' }>['exhausted']): Submitted {
  return { ok: false, why: 'quota', text: 'Too much', exhausted, left: [LEFT] }
}

test('an answer says what is left of each window, behind what is left of the key', async () => {
  await using at = await bench({ requests: 60 })
  const stream = { ...LEFT, quota: 'day', stream: 'news', limit: 500, left: 0, length: 86_400 } as const
  at.answers.push({ ok: true, id: '0sa94xg7r00', skipped: [], left: [LEFT, stream] })
  const { status, headers } = await at.post('/v1/messages', SIMPLE)
  assert.equal(status, 202)
  assert.equal(headers['ratelimit-policy'], '"key";q=60;w=60, "hour";q=100;w=3600, "news-day";q=500;w=86400')
  assert.equal(headers['ratelimit'], '"key";r=59;t=1, "hour";r=3;t=60, "news-day";r=0;t=60')
})

test('a window that is used up is 429 until it begins anew, with the quota by name', async () => {
  await using at = await bench()
  const until = NOW + 90_500
  at.answers.push(beyond({ quota: 'hour', limit: 100, used: 100, wanted: 1, until, stream: 'news' }))
  const { status, headers, body } = await at.post('/v1/messages', SIMPLE)
  assert.equal(status, 429)
  assert.equal(headers['retry-after'], '91')
  assert.equal(headers['ratelimit'], '"hour";r=3;t=60')
  assert.equal(body['code'], 'quota-used-up')
  assert.deepEqual(body['quota'], {
    name: 'hour',
    stream: 'news',
    limit: 100,
    used: 100,
    resets_at: new Date(until).toISOString(),
  })
})

test('what no window will ever take is not put off', async () => {
  await using at = await bench()
  const until = NOW + 90_000
  at.answers.push(
    beyond({ quota: 'hour', limit: 2, used: 0, wanted: 3, until }),
    beyond({ quota: 'recipients', limit: 2 }),
    beyond({ quota: 'size', limit: 100 }),
  )
  const all = [
    await at.post('/v1/messages', SIMPLE),
    await at.post('/v1/messages', SIMPLE),
    await at.post('/v1/messages', SIMPLE),
  ]
  assert.deepEqual(
    all.map(({ status, body, headers }) => [status, body['code'], headers['retry-after']]),
    [
      [422, 'too-many-recipients', undefined],
      [422, 'too-many-recipients', undefined],
      [413, 'too-large', undefined],
    ],
  )
})

test('façades put off in the same way', async () => {
  await using at = await bench()
  const exhausted = { quota: 'hour', limit: 100, used: 100, wanted: 1, until: NOW + 60_000 } as const
  at.answers.push(beyond(exhausted), beyond(exhausted))
  const sendGrid = await at.post('/v3/mail/send', {
    personalizations: [{ to: [{ email: 'user@example.com' }] }],
    from: { email: 'shop@example.org' },
    subject: 'Hello',
    content: [{ type: 'text/plain', value: 'Hi' }],
  })
  const blastengine = await at.post('/api/v1/deliveries/transaction', {
    from: { email: 'shop@example.org' },
    to: 'user@example.com',
    subject: 'Hello',
    text_part: 'Hi',
  })
  for (const { status, headers } of [sendGrid, blastengine]) {
    assert.equal(status, 429)
    assert.equal(headers['retry-after'], '60')
  }
})

test('an organization is shown its own quotas, with what is left', async () => {
  const asked: unknown[] = []
  const operations: ApiParts['operations'] = {
    ...NO_OPERATIONS,
    quotas: async (query) => {
      asked.push(query)
      const windows = [{ span: 'hour', limit: 10, used: 12, until: 0 }] as const
      return [
        { organization: 'default', limits: { hour: 10, size: 500 }, windows },
        { organization: 'default', stream: 'news', limits: { recipients: 3 }, windows: [] },
      ]
    },
  }
  await using at = await bench({ operations })
  const { status, body } = await at.ask('GET', '/v1/quotas')
  assert.equal(status, 200)
  assert.deepEqual(asked, [{ organization: 'default' }])
  assert.deepEqual(body['data'], [
    {
      windows: [{ name: 'hour', limit: 10, used: 12, left: 0, resets_at: '1970-01-01T00:00:00.000Z' }],
      size: 500,
    },
    { stream: 'news', windows: [], recipients: 3 },
  ])
})
