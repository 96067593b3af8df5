import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'

import { BEHAVIOURS } from '#engine/receiver'
import { markup } from './markup.ts'
import { PERSONAS } from './persona.ts'
import { startSandbox } from './sandbox.ts'
import type { Sandbox } from './sandbox.ts'
import { Client } from './test-client.ts'

async function open(...contents: readonly string[]): Promise<Sandbox> {
  const sandbox = await startSandbox({
    smtpPort: 0,
    dnsPort: 0,
    httpPort: 0,
    now: () => Date.UTC(2026, 10, 22),
  })
  using client = await Client.ready(sandbox.smtpPort)
  for (const [index, content] of contents.entries()) await client.send(`to${index}@x.example`, content)
  return sandbox
}

type Said = { status: number; body: string; headers: { [name: string]: unknown } }

async function ask(
  { httpPort: port }: Sandbox,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: { [name: string]: string } } = {},
): Promise<Said> {
  return await new Promise((resolve, reject) => {
    const asked = request({ port, path, method, headers, host: '127.0.0.1' }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString()
        resolve({ status: response.statusCode ?? 0, body, headers: response.headers })
      })
    })
    asked.on('error', reject)
    asked.end()
  })
}

const hostile =
  'From: "<script>alert(1)</script>" <a@b.example>\r\nSubject: "><img src=x onerror=alert(1)> &\r\n\r\n</pre><script>\x1b[31m\r\n'
const japanese = 'From: a@b.example\r\nSubject: =?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=\r\n\r\nhello\r\n'

test('the list, a message and its source are shown', async () => {
  await using sandbox = await open(japanese)
  const list = await ask(sandbox, '/')
  assert.equal(list.status, 200)
  assert.match(list.body, /日本語/)
  assert.match(list.body, /to0@x\.example/)
  const message = await ask(sandbox, '/message/1')
  assert.match(message.body, /MAIL FROM<td>&lt;me@sender\.example&gt;/)
  assert.match(message.body, /<th>Subject<td>日本語/)
  const raw = await ask(sandbox, '/messages/1/raw')
  assert.equal(raw.body, japanese)
  assert.equal(raw.headers['content-type'], 'text/plain; charset=utf-8')
  assert.match(String(raw.headers['content-security-policy']), /default-src 'none'; sandbox/)
  assert.equal(raw.headers['x-content-type-options'], 'nosniff')
})

test('nothing in a message becomes markup', async () => {
  await using sandbox = await open(hostile)
  for (const path of ['/', '/message/1', '/?q=%22%3E%3Cscript%3E', '/help?%3Cscript%3E']) {
    const { body, headers } = await ask(sandbox, path)
    const nonce = /script-src 'nonce-([^']+)'/.exec(String(headers['content-security-policy']))?.[1]
    assert.ok(nonce)
    assert.deepEqual(body.match(/<script[^>]*>/g), [`<script nonce="${nonce}">`], path)
    assert.ok(!body.includes('<img') && !body.includes('\u001B'), path)
  }
})

test('programs get JSON, by search and by page', async () => {
  await using sandbox = await open(japanese, hostile, 'Subject: third\r\n\r\n\r\n')
  const all = JSON.parse((await ask(sandbox, '/messages')).body)
  assert.deepEqual([all.total, all.accepted, all.last], [3, 3, 3])
  assert.deepEqual(
    all.messages.map(({ id }: { id: number }) => id),
    [3, 2, 1],
  )
  assert.deepEqual(all.messages[0], {
    id: 3,
    at: '2026-11-22T00:00:00.000Z',
    host: 'mx',
    client: '127.0.0.1',
    helo: 'client.example',
    envelopeFrom: 'me@sender.example',
    envelopeTo: ['to2@x.example'],
    headerFrom: '',
    subject: 'third',
    size: 20,
    accepted: true,
    reply: '250 2.0.0 OK, message 3',
  })
  const page = JSON.parse((await ask(sandbox, '/messages?offset=1&limit=1')).body)
  assert.deepEqual([page.total, page.messages.length, page.messages[0].id], [3, 1, 2])
  const odd = JSON.parse((await ask(sandbox, '/messages?offset=-1&limit=x')).body)
  assert.equal(odd.messages.length, 3)
  const found = JSON.parse((await ask(sandbox, `/messages?q=${encodeURIComponent('TO0@x 日本')}`)).body)
  assert.deepEqual(
    found.messages.map(({ id }: { id: number }) => id),
    [1],
  )
  const one = JSON.parse((await ask(sandbox, '/messages/1')).body)
  assert.deepEqual(one.headers[1], { name: 'Subject', value: '日本語' })
  assert.equal(one.envelope.to[0].to.local, 'to0')
})

test('messages are deleted by DELETE only', async () => {
  await using sandbox = await open(japanese, hostile)
  assert.equal((await ask(sandbox, '/messages', { method: 'POST' })).status, 405)
  assert.equal((await ask(sandbox, '/messages/1', { method: 'DELETE' })).status, 204)
  assert.equal((await ask(sandbox, '/messages/1', { method: 'DELETE' })).status, 404)
  assert.equal((await ask(sandbox, '/message/1')).status, 404)
  assert.equal(sandbox.all().length, 1)
  assert.equal((await ask(sandbox, '/messages', { method: 'DELETE' })).status, 204)
  assert.deepEqual(sandbox.all(), [])
  assert.match((await ask(sandbox, '/')).body, /No message yet/)
})

test('another site that names this address gets nothing', async () => {
  await using sandbox = await open(japanese)
  for (const host of ['evil.example', 'evil.example:80', 'localhost.evil.example']) {
    assert.notEqual((await ask(sandbox, '/messages', { headers: { host } })).status, 200, host)
  }
  for (const host of ['localhost', 'localhost:80', '127.0.0.1:1', '[::1]:1', '192.0.2.1']) {
    assert.equal((await ask(sandbox, '/messages', { headers: { host } })).status, 200, host)
  }
})

test('what is not there is not found', async () => {
  await using sandbox = await open(japanese)
  for (const path of [
    '/x',
    '/messages/2',
    '/messages/1/x',
    '/messages/x',
    '/message/',
    '/messages/1e0',
    '//',
    '/%00',
  ]) {
    assert.equal((await ask(sandbox, path)).status, 404, path)
  }
})

test('the page speaks Japanese to those who prefer it, or ask', async () => {
  await using sandbox = await open()
  const { body } = await ask(sandbox, '/', { headers: { 'accept-language': 'ja,en;q=0.5' } })
  assert.match(body, /<html lang="ja">.*サンドボックス/s)
  assert.match(
    (await ask(sandbox, '/', { headers: { 'accept-language': 'en,ja;q=0.5' } })).body,
    /<html lang="en">/,
  )
  const asked = await ask(sandbox, '/?lang=ja')
  assert.match(asked.body, /<html lang="ja">/)
  assert.match(String(asked.headers['set-cookie']), /^lang=ja;/)
  assert.match((await ask(sandbox, '/help', { headers: { cookie: 'lang=ja' } })).body, /<html lang="ja">/)
})

test('the help lists every behaviour and persona once', async () => {
  await using sandbox = await open()
  const { body } = await ask(sandbox, '/help')
  for (const { name } of BEHAVIOURS) assert.equal(body.split(`<code>${name}@</code>`).length, 2, name)
  for (const { name } of PERSONAS) assert.equal(body.split(`<code>@${name}.…</code>`).length, 2, name)
  const names = [...BEHAVIOURS, ...PERSONAS].map(({ name }) => name)
  assert.ok(new Set(BEHAVIOURS.map(({ name }) => name)).size === BEHAVIOURS.length, names.join())
})

test('many messages come in pages', async () => {
  await using sandbox = await open(
    ...Array.from({ length: 51 }, (_, index) => `Subject: n${index}\r\n\r\n\r\n`),
  )
  const first = await ask(sandbox, '/')
  assert.match(first.body, /1 \/ 2 \(51\)/)
  assert.match(first.body, /n50</)
  assert.doesNotMatch(first.body, />n0</)
  const second = await ask(sandbox, '/?page=1')
  assert.match(second.body, />n0</)
  assert.match((await ask(sandbox, '/?page=99')).body, />n0</)
})

test('a template escapes what is put into it, and not markup', () => {
  assert.equal(
    markup`<p>${'<&>"\'\u001B'}${1}${markup`<b>${'&'}</b>`}${[markup`<i>`]}</p>`.html,
    '<p>&lt;&amp;&gt;&quot;&#39;\uFFFD1<b>&amp;</b><i></p>',
  )
})
