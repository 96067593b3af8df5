/** The HTTP API of a running node, from the request to the receiver. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, suite, test } from 'node:test'

import { SCOPES } from '#product/account'

import { dkimVerdicts, mailOf } from './mail.ts'
import { DOMAIN, Rig } from './rig.ts'

type Answer = {
  readonly status: number
  readonly type: string | null
  readonly body: Record<string, unknown>
}

function message(to: string, more: object = {}): object {
  return {
    from: `Shop <shop@${DOMAIN}>`,
    to,
    subject: 'ご注文の確認',
    text: 'ありがとうございます。',
    ...more,
  }
}

/** Within a second doors have taken in what was committed; nothing tells when. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => void setTimeout(resolve, 50))
}

async function answer(response: Response): Promise<Answer> {
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: (await response.json()) as Record<string, unknown>,
  }
}

suite('HTTP API', () => {
  let rig: Rig
  let token = ''
  before(async () => {
    rig = await Rig.start()
    token = (await rig.cli<{ token: string }>('api-key', 'add')).token
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  async function post(body: unknown, key = token, path = '/v1/messages'): Promise<Answer> {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    return answer(
      await fetch(`${rig.node.api}${path}`, { method: 'POST', headers, body: JSON.stringify(body) }),
    )
  }

  async function get(path: string, key: string, language = 'en'): Promise<Answer> {
    const headers = { authorization: `Bearer ${key}`, 'accept-language': language }
    return answer(await fetch(`${rig.node.api}${path}`, { headers }))
  }

  async function download(path: string, key: string): Promise<string> {
    const response = await fetch(`${rig.node.api}${path}`, { headers: { authorization: `Bearer ${key}` } })
    assert.equal(response.status, 200)
    return await response.text()
  }

  async function remove(path: string, key: string): Promise<Answer> {
    const headers = { authorization: `Bearer ${key}` }
    return answer(await fetch(`${rig.node.api}${path}`, { method: 'DELETE', headers }))
  }

  /** A key that may do everything there is. */
  async function everything(organization = 'default'): Promise<string> {
    const scopes = SCOPES.flatMap((scope) => ['--scope', scope])
    const added = await rig.cli<{ token: string }>(
      'api-key',
      'add',
      '--organization',
      organization,
      ...scopes,
    )
    return added.token
  }

  test('what is to be tracked where nothing is, is refused with the reason', async () => {
    const { status, body } = await post(message('tracked@api.example.com', { tracking: { opens: true } }))
    assert.equal(status, 422)
    assert.match(String(body['detail']), /tracking\.enabled is false/)
    const off = await post(message('untracked@api.example.com', { tracking: { opens: false } }))
    assert.equal(off.status, 202)
  })

  test('a message is accepted, signed and delivered, and says who took it and how', async () => {
    const to = 'http@api.example.com'
    const { status, body } = await post(message(to, { html: '<p>ありがとうございます。</p>' }))
    assert.equal(status, 202)
    assert.deepEqual(body['recipients'], [{ email: to, status: 'queued' }])
    const received = await rig.delivered(to)
    const mail = mailOf(received.raw)
    assert.match(mail.one('From'), /^Shop <shop@/)
    assert.match(mail.one('Received'), /with HTTP/)
    assert.deepEqual(await dkimVerdicts(received.raw, rig.domain), ['ed25519-sha256 pass', 'rsa-sha256 pass'])
    const shown = await rig.cli<{ message: { door: string; subject: string } }>(
      'message',
      'show',
      String(body['id']),
    )
    assert.deepEqual([shown.message.door, shown.message.subject], ['api', 'ご注文の確認'])
  })

  test('a message as it is, and one as a form, come out signed and whole', async () => {
    const to = 'raw@api.example.com'
    const raw = `From: shop@${DOMAIN}\nTo: ${to}\nBcc: hidden@example.com\nSubject: raw\n\nAs it is.\n`
    const sent = await fetch(`${rig.node.api}/v1/messages/mime?from=shop@${DOMAIN}&to=${to}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'message/rfc822' },
      body: raw,
    })
    assert.equal(sent.status, 202)
    const received = await rig.delivered(to)
    assert.match(received.raw.toString(), /\r\n\r\nAs it is\.\r\n$/)
    assert.deepEqual(mailOf(received.raw).all('Bcc'), [])
    assert.deepEqual(await dkimVerdicts(received.raw, rig.domain), ['ed25519-sha256 pass', 'rsa-sha256 pass'])

    const formed = new FormData()
    formed.set('message', JSON.stringify(message('form@api.example.com')))
    formed.set('attachments', new Blob(['a,b\n'], { type: 'text/csv' }), '注文.csv')
    const headers = { authorization: `Bearer ${token}` }
    assert.equal(
      (await fetch(`${rig.node.api}/v1/messages`, { method: 'POST', headers, body: formed })).status,
      202,
    )
    const withFile = await rig.delivered('form@api.example.com')
    assert.ok(withFile.raw.toString().includes(Buffer.from('a,b\n').toString('base64')))
  })

  test("a transaction in Blastengine's words is delivered, and read by its number", async () => {
    const [, id = ''] = token.split('_')
    const digest = createHash('sha256').update(`${id}${token}`).digest('hex')
    const bearer = Buffer.from(digest).toString('base64')
    const to = 'transaction@api.example.com'
    const sent = await post(
      {
        from: { email: `shop@${DOMAIN}`, name: '店' },
        to,
        subject: '__name__様',
        encode: 'ISO-2022-JP',
        text_part: '__name__様',
        insert_code: [{ key: '__name__', value: '山田' }],
      },
      bearer,
      '/api/v1/deliveries/transaction',
    )
    assert.equal(sent.status, 201)
    const { raw } = await rig.delivered(to)
    assert.match(new TextDecoder('iso-2022-jp').decode(raw), /\r\n山田様\r\n/)
    const path = `/api/v1/deliveries/${String(sent.body['delivery_id'])}`
    await until(async () => (await get(path, bearer)).body['status'] === 'SENT')
    const stranger = await everything('globex')
    assert.equal((await get(path, stranger)).status, 404)
  })

  test("a bulk delivery in Blastengine's words comes to each recipient, and to no other organization", async () => {
    const path = '/api/v1/deliveries'
    const key = await everything()
    const call = async (method: string, where: string, body: object, by = key): Promise<Answer> => {
      const headers = { authorization: `Bearer ${by}`, 'content-type': 'application/json' }
      const init = { method, headers, body: JSON.stringify(body) }
      return answer(await fetch(`${rig.node.api}${path}${where}`, init))
    }
    const content = { from: { email: `shop@${DOMAIN}` }, subject: '__name__', text_part: 'For __name__' }
    const id = String((await call('POST', '/bulk/begin', content)).body['delivery_id'])
    const to = ['ada', 'bob'].map((name) => ({
      email: `${name}@bulk.example.com`,
      insert_code: [{ key: '__name__', value: name }],
    }))
    assert.equal((await call('PUT', `/bulk/update/${id}`, { to })).status, 200)
    const stranger = await everything('globex')
    assert.equal((await call('PATCH', `/bulk/commit/${id}/immediate`, {}, stranger)).status, 404)
    assert.equal((await get(`${path}/${id}`, stranger)).status, 404)
    assert.equal((await call('PATCH', `/bulk/commit/${id}/immediate`, {})).status, 200)
    for (const name of ['ada', 'bob'])
      assert.match(
        mailOf((await rig.delivered(`${name}@bulk.example.com`)).raw).body,
        new RegExp(`For ${name}`),
      )
    await until(async () => (await get(`${path}/${id}`, key)).body['status'] === 'SENT')
    assert.equal((await get(`${path}/${id}`, key)).body['sent_count'], 2)
  })

  test('an answer says how many requests are left', async () => {
    const { headers } = await fetch(`${rig.node.api}/v1/messages/x`, {
      headers: { authorization: `Bearer ${token}` },
    })
    assert.equal(headers.get('ratelimit-policy'), '"key";q=120000;w=60')
    assert.match(headers.get('ratelimit') ?? '', /^"key";r=\d+;t=\d+$/)
  })

  test('Bcc is in the envelope and nowhere else', async () => {
    const to = 'seen@bcc.example.com'
    const hidden = 'hidden@bcc.example.com'
    assert.equal((await post(message(to, { bcc: [hidden] }))).status, 202)
    const received = await rig.delivered(hidden)
    assert.ok(!received.raw.toString('latin1').includes('hidden@'))
  })

  test('mistakes are told with their places', async () => {
    const { status, type, body } = await post(
      message('nobody', { cc: ['a@example.com', 'b@'], subjet: 'x', subject: 'a\r\nBcc: c@example.com' }),
    )
    assert.equal(status, 422)
    assert.match(type ?? '', /^application\/problem\+json/)
    const places = (body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer)
    assert.deepEqual(places.toSorted(), ['#/cc/1', '#/subject', '#/subjet'])
  })

  test('a key that is wrong, revoked, or may not send is refused', async () => {
    const wrong = await post(message('a@example.com'), token.replace(/.$/, token.endsWith('0') ? '1' : '0'))
    assert.deepEqual([wrong.status, wrong.body['code']], [401, 'unauthenticated'])
    const reader = await rig.cli<{ token: string; key: { id: string } }>(
      'api-key',
      'add',
      '--scope',
      'messages:read',
    )
    const forbidden = await post(message('a@example.com'), reader.token)
    assert.deepEqual([forbidden.status, forbidden.body['code']], [403, 'forbidden'])
  })

  test('another organization does not send from our domain', async () => {
    const other = await rig.cli<{ token: string }>('api-key', 'add', '--organization', 'globex')
    const { status, body } = await post(message('a@example.com'), other.token)
    assert.deepEqual([status, body['code']], [403, 'domain-not-yours'])
  })

  test('a delivery is found, shown with what happened to it, explained in words, and changed', async () => {
    const to = 'defer-1@followed.example.com'
    const key = await everything()
    const { body } = await post(message(to), key)
    const id = String(body['id'])
    await rig.log.until('delivery.deferred', { message: id })
    const found = await get(`/v1/deliveries?recipient=${to}`, key)
    assert.deepEqual(
      (found.body['data'] as { id: string }[]).map((row) => row.id),
      [`${id}.0`],
    )
    const shown = await get(`/v1/messages/${id}`, key)
    const [delivery] = shown.body['deliveries'] as {
      state: string
      timeline: { event: string; class: string }[]
    }[]
    assert.equal(delivery?.state, 'waiting')
    assert.equal(delivery.timeline[0]?.event, 'deferred')
    const explained = await get(`/v1/messages/${id}/explanation`, key, 'ja')
    assert.match(JSON.stringify(explained.body), /[ぁ-ん]/)
    assert.deepEqual((await post({}, key, `/v1/messages/${id}/hold`)).body, { changed: 1 })
    assert.deepEqual((await post({}, key, `/v1/messages/${id}/cancel`)).body, { changed: 1 })
    const [ended] = (await get(`/v1/messages/${id}`, key)).body['deliveries'] as { state: string }[]
    assert.equal(ended?.state, 'cancelled')
  })

  test('a message is found by what its sender said of it, shown with that, and counted', async () => {
    const key = await everything()
    const labels = { tags: ['welcome', '春'], metadata: { order: '1234' }, subject: 'Your Order, 様' }
    const { body } = await post(message('labelled@example.com', labels), key)
    const id = String(body['id'])
    const shown = await get(`/v1/messages/${id}`, key)
    assert.deepEqual([shown.body['tags'], shown.body['metadata']], [labels.tags, labels.metadata])
    const now = Date.now()
    const asked = new URLSearchParams({
      tag: '春',
      subject: 'order, 様',
      recipient: '@EXAMPLE.com',
      since: new Date(now - 3_600_000).toISOString(),
      until: new Date(now + 3_600_000).toISOString(),
    }).toString()
    const found = await get(`/v1/deliveries?${asked}`, key)
    assert.deepEqual(
      (found.body['data'] as { id: string }[]).map((row) => row.id),
      [`${id}.0`],
    )
    const [header, line, ...more] = (await download(`/v1/deliveries.csv?${asked}`, key)).split('\r\n')
    assert.match(header ?? '', /^id,message,recipient,/)
    assert.match(
      line ?? '',
      new RegExp(`^${id}\\.0,${id},labelled@example\\.com,.*,"Your Order, 様",welcome 春,`),
    )
    assert.deepEqual(more, [''])
    const exported = await download(`/v1/deliveries.ndjson?${asked}`, key)
    assert.deepEqual((JSON.parse(exported) as { id: string; tags: string[] }).tags, labels.tags)
    const events = await get('/v1/events?kind=accepted&recipient=labelled@example.com', key)
    const [event] = events.body['data'] as { tags: string[]; metadata: object }[]
    assert.deepEqual([event?.tags, event?.metadata], [labels.tags, labels.metadata])
    const counted = await get(`/v1/statistics?by=tag&tag=${encodeURIComponent('春')}`, key)
    const [row] = counted.body['data'] as { tag: string; counts: { accepted: number } }[]
    assert.deepEqual([row?.tag, row?.counts.accepted], ['春', 1])
    for (const wrong of ['recipient=nobody', 'tag=', 'since=yesterday', 'subject=', 'status=bounced'])
      assert.equal((await get(`/v1/deliveries?${wrong}`, key)).status, 422, wrong)
  })

  test('pages follow each other and miss nothing', async () => {
    const key = await everything()
    const domain = 'paged.example.com'
    const to = Array.from({ length: 5 }, (_, n) => `r${n}@${domain}`)
    assert.equal((await post(message('', { to }), key)).status, 202)
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const more: string = cursor === '' ? '' : `&cursor=${cursor}`
      const { body } = await get(`/v1/deliveries?recipient=@${domain}&limit=2${more}`, key)
      seen.push(...(body['data'] as { recipient: string }[]).map(({ recipient }) => recipient))
      cursor = body['next'] as string | null
    }
    assert.deepEqual(seen.toSorted(), to)
  })

  test('a recipient that is suppressed is left out, and alone it is refused; removed, it is sent to again', async () => {
    const key = await everything()
    const to = 'quiet@suppressed.example.com'
    const other = 'other@suppressed.example.com'
    const added = await post(
      { suppressions: [{ recipient: to, evidence: 'asked by phone' }] },
      key,
      '/v1/suppressions',
    )
    assert.equal(added.status, 201)
    const status = async (): Promise<number> => (await post(message(to), key)).status
    await until(async () => (await status()) === 422)
    const { body } = await post(message('', { to: [to, other] }), key)
    const fates = (body['recipients'] as { email: string; status: string }[]).map((one) => [
      one.email,
      one.status,
    ])
    assert.deepEqual(fates, [
      [to, 'suppressed'],
      [other, 'queued'],
    ])
    const listed = await get(`/v1/suppressions?recipient=${to}`, key)
    assert.deepEqual(
      (listed.body['data'] as { evidence: string }[]).map((row) => row.evidence),
      ['asked by phone'],
    )
    const stranger = await everything('globex')
    assert.deepEqual((await get('/v1/suppressions', stranger)).body['data'], [])
    const path = `/v1/suppressions/${to}?why=asked`
    assert.equal((await remove(path, stranger)).status, 404)
    assert.equal((await remove(path, key)).status, 200)
    await until(async () => (await status()) === 202)
  })

  test('what is of one organization is for another as if it were not there', async () => {
    const { body } = await post(message('mine@secret.example.com', { tags: ['mine'] }))
    const id = String(body['id'])
    const stranger = await everything('globex')
    assert.deepEqual((await get('/v1/deliveries', stranger)).body, { data: [], next: null })
    for (const path of ['/v1/deliveries?tag=mine', '/v1/deliveries?recipient=mine@secret.example.com'])
      assert.deepEqual((await get(path, stranger)).body, { data: [], next: null }, path)
    assert.doesNotMatch(await download('/v1/deliveries.csv', stranger), /secret/)
    assert.equal(await download('/v1/deliveries.ndjson', stranger), '')
    for (const path of ['', '/explanation'])
      assert.equal((await get(`/v1/messages/${id}${path}`, stranger)).status, 404)
    for (const change of ['hold', 'release', 'cancel', 'retry'])
      assert.equal((await post({}, stranger, `/v1/messages/${id}/${change}`)).status, 404, change)
  })

  test('what it can do is published as OpenAPI 3.1, with a reader', async () => {
    const described = (await (await fetch(`${rig.node.api}/docs/json`)).json()) as {
      openapi: string
      paths: Record<string, unknown>
    }
    assert.match(described.openapi, /^3\.1/)
    assert.ok('/v1/messages' in described.paths)
    assert.equal((await fetch(`${rig.node.api}/docs/`)).status, 200)
  })
})
