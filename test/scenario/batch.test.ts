/** One letter to many over the HTTP API, from the request to the receivers. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { decodeWords } from '#grammar/message'

import { dkimVerdicts, mailOf } from './mail.ts'
import { DOMAIN, Rig } from './rig.ts'

type Json = Readonly<Record<string, unknown>>

/** Where each is queued, or why it is not. */
function fatesOf({ recipients }: Json): readonly unknown[] {
  return (recipients as readonly Json[]).map(({ status, delivery }) => delivery ?? status)
}

const LETTER = {
  from: `店 <shop@${DOMAIN}>`,
  subject: '{{ name }}様へ',
  text: '{{ name }}様\n{% for item in items %}- {{ item }}\n{% endfor %}',
  html: '<p>{{ name }}</p>',
  headers: { 'X-Customer': '{{ customer }}' },
}

suite('batch', () => {
  let rig: Rig
  let token = ''
  before(async () => {
    rig = await Rig.start()
    token = (await rig.cli<{ token: string }>('api-key', 'add')).token
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  async function post(
    body: string,
    type = 'application/json',
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    return fetch(`${rig.node.api}/v1/messages/batch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': type, ...headers },
      body,
    })
  }

  async function batch(
    recipients: readonly object[],
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Json> {
    const response = await post(JSON.stringify({ ...LETTER, recipients }), 'application/json', headers)
    assert.equal(response.status, 202)
    return (await response.json()) as Json
  }

  test('each recipient gets the letter as their variables fill it in, signed, by one message', async () => {
    const recipients = [
      { to: '山田 <one@batch.example.com>', variables: { name: '山田', items: ['a', 'b'], customer: 7 } },
      { to: 'two@batch.example.com', variables: { name: '<b>&' } },
    ]
    const { id, recipients: fates } = await batch(recipients)
    assert.deepEqual(
      (fates as readonly Json[]).map(({ status, delivery }) => [status, delivery]),
      [
        ['queued', `${String(id)}.0`],
        ['queued', `${String(id)}.1`],
      ],
    )
    const one = await rig.delivered('one@batch.example.com')
    const two = await rig.delivered('two@batch.example.com')
    const mail = mailOf(one.raw)
    assert.equal(decodeWords(mail.one('Subject')), '山田様へ')
    assert.equal(decodeWords(mail.one('To')), '山田 <one@batch.example.com>')
    assert.equal(mail.one('X-Customer'), '7')
    assert.equal(mail.one('Message-ID'), `<${String(id)}.0@${DOMAIN}>`)
    assert.match(mail.one('Received'), /with HTTP/)
    for (const { raw } of [one, two])
      assert.deepEqual(await dkimVerdicts(raw, rig.domain), ['ed25519-sha256 pass', 'rsa-sha256 pass'])
    assert.match(two.raw.toString(), /<p>&lt;b&gt;&amp;<\/p>/)
    const shown = await rig.cli<{
      message: { subject: string; content: string }
      deliveries: readonly unknown[]
    }>('message', 'show', String(id))
    assert.deepEqual([shown.message.content, shown.deliveries.length], ['template', 2])
  })

  test('who bounces is told of with what that one recipient was sent', async () => {
    await batch([{ to: 'bounce-me@batch.example.com', variables: { name: '佐藤', customer: 'c-1' } }])
    const returned = (await rig.delivered(`shop@${DOMAIN}`)).raw.toString()
    assert.match(returned, /^X-Customer: c-1\r$/m)
    assert.match(returned, /^Final-Recipient: rfc822; ?bounce-me@batch\.example\.com\r$/m)
  })

  test('a suppressed recipient is passed over, and the numbers of the others are those of their deliveries', async () => {
    await rig.cli('suppression', 'add', 'silent@batch.example.com')
    // Within a second doors have taken in what was committed.
    while (fatesOf(await batch([{ to: 'silent@batch.example.com' }]))[0] !== 'suppressed');
    const mixed = await batch([
      { to: 'silent@batch.example.com' },
      { to: 'no address' },
      { to: 'three@batch.example.com', variables: { name: 'c' } },
    ])
    assert.deepEqual(fatesOf(mixed), ['suppressed', 'invalid', `${String(mixed['id'])}.0`])
    await rig.delivered('three@batch.example.com')
  })

  test('the same request again sends nothing more, however many ask at once', async () => {
    const recipients = [{ to: 'once@batch.example.com' }, { to: 'too@batch.example.com' }]
    const key = { 'idempotency-key': 'batch-1' }
    const answers = await Promise.all([1, 2, 3, 4].map(() => batch(recipients, { ...key })))
    assert.equal(new Set(answers.map((each) => JSON.stringify(each))).size, 1)
    await rig.delivered('too@batch.example.com')
    await rig.restart('kill')
    assert.deepEqual(await batch(recipients, key), answers[0])
    assert.equal(rig.received('once@batch.example.com').length, 1)
  })

  test('a stream of recipients is answered line by line', async () => {
    const { text, ...rest } = LETTER
    const lines = [
      JSON.stringify({ ...rest, text }),
      ...Array.from(
        { length: 30 },
        (_, n) => `{"to":"s${n}@stream.example.com","variables":{"name":"N${n}"}}`,
      ),
    ]
    const response = await post(`${lines.join('\n')}\n`, 'application/x-ndjson')
    assert.equal(response.status, 200)
    const answers = (await response.text()).trim().split('\n')
    assert.equal(answers.length, 31)
    assert.deepEqual(JSON.parse(answers.at(-1) ?? ''), {
      status: 'done',
      queued: 30,
      suppressed: 0,
      invalid: 0,
    })
    const last = await rig.delivered('s29@stream.example.com')
    assert.match(last.raw.toString(), /N29/)
  })

  test('another organization sends no letters from our domain, and sees none of ours', async () => {
    const { id } = await batch([{ to: 'ours@batch.example.com' }])
    const scopes = ['messages:send', 'messages:read'].flatMap((scope) => ['--scope', scope])
    const stranger = await rig.cli<{ token: string }>('api-key', 'add', '--organization', 'globex', ...scopes)
    const authorization = `Bearer ${stranger.token}`
    const refused = await post(
      JSON.stringify({ ...LETTER, recipients: [{ to: 'a@batch.example.com' }] }),
      'application/json',
      { authorization },
    )
    assert.deepEqual([refused.status, ((await refused.json()) as Json)['code']], [403, 'domain-not-yours'])
    const looked = await fetch(`${rig.node.api}/v1/messages/${String(id)}`, { headers: { authorization } })
    assert.equal(looked.status, 404)
  })
})
