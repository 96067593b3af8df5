/** People who sign in, as the API meets them: links, sessions, roles, and what each role may do. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { generate } from 'otplib'

import { Rig } from './rig.ts'
import { Browser } from './browser.ts'
import { mailOf } from './mail.ts'
import { owner, PASSWORD } from './people.ts'

// A node of its own: who makes an owner in another way ends the link.
suite('the first owner', () => {
  let rig: Rig
  before(async () => {
    rig = await Rig.start()
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  test('the first start says where an owner is made, and who opens it once signs in', async () => {
    const said = rig.node.complaint()
    const [url = '', token = ''] = /http\S+\/link#owner=([\w-]+)/.exec(said) ?? []
    const page = await fetch(url)
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'; script-src 'sha256-/)
    assert.match(await page.text(), /パスワード/)
    const browser = new Browser(rig.node.api)
    const person = { token, email: 'first@example.com', name: 'First', password: PASSWORD }
    const short = await browser.post('/v1/owner', { ...person, password: 'short' })
    assert.equal(short.status, 422)
    assert.deepEqual((await browser.post('/v1/owner', person)).body, {
      organization: 'default',
      email: 'first@example.com',
    })
    assert.equal((await browser.post('/v1/owner', person)).status, 404)
    const signedIn = await browser.post('/v1/session', { email: 'First@example.com', password: PASSWORD })
    assert.equal(signedIn.status, 201)
    const cookie = signedIn.headers.get('set-cookie') ?? ''
    assert.match(cookie, /^hikyaku_session=[\w-]{27}; Path=\/; HttpOnly; SameSite=Lax$/)
    const me = await browser.get('/v1/session')
    assert.equal((me.body['user'] as { role: string }).role, 'owner')
    assert.deepEqual(me.body['organizations'], ['default'])
  })
})

suite('users', () => {
  let rig: Rig
  before(async () => {
    rig = await Rig.start()
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  test('a session is not used by other sites, and ends where and when its user says', async () => {
    const browser = await owner(rig)
    const headers = { origin: 'https://evil.example' }
    assert.equal((await browser.ask('DELETE', '/v1/session', { headers })).status, 403)
    const plain = await browser.ask('DELETE', '/v1/session', { headers: { 'x-hikyaku-request': undefined } })
    assert.deepEqual([plain.status, plain.body['code']], [403, 'cross-site'])
    const elsewhere = new Browser(rig.node.api)
    const login = { email: browser.email, password: PASSWORD }
    assert.equal((await elsewhere.ask('POST', '/v1/session', { headers, body: login })).status, 403)
    assert.equal((await elsewhere.post('/v1/session', login)).status, 201)
    const sessions = (await browser.get('/v1/sessions')).body['data'] as { id: string; current: boolean }[]
    const other = sessions.find(({ current }) => !current)
    assert.equal(sessions.length, 2)
    assert.equal((await browser.delete(`/v1/sessions/${other?.id}`)).status, 204)
    assert.equal((await elsewhere.get('/v1/session')).status, 401)
    assert.equal((await browser.delete('/v1/session')).status, 204)
    assert.equal(browser.cookie, '')
    assert.equal((await browser.get('/v1/session')).status, 401)
  })

  test('behind a proxy that does TLS the cookie is for TLS alone', async () => {
    await using proxied = await Rig.start({
      sections: { api: 'trusted_proxies = ["127.0.0.1"]\nurl = "https://mail.example.org"' },
    })
    const { url } = await proxied.operations.ownerLink({ organization: 'default' })
    assert.match(url, /^https:\/\/mail\.example\.org\/link#owner=/)
    const browser = new Browser(proxied.node.api)
    const token = url.split('=')[1]
    await browser.post('/v1/owner', { token, email: 'a@example.com', name: 'A', password: PASSWORD })
    const headers = {
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'mail.example.org',
      origin: 'https://mail.example.org',
    }
    const body = { email: 'a@example.com', password: PASSWORD }
    const signedIn = await browser.ask('POST', '/v1/session', { headers, body })
    assert.match(signedIn.headers.get('set-cookie') ?? '', /; Secure$/)
  })

  test('a new password and another role end every session at once', async () => {
    const ada = await owner(rig)
    const second = new Browser(rig.node.api)
    await second.post('/v1/session', { email: ada.email, password: PASSWORD })
    const wanted = 'another one that is long'
    const change = { password: 'not it at all', new_password: wanted }
    assert.equal((await ada.post('/v1/session/password', change)).status, 401)
    assert.equal((await ada.post('/v1/session/password', { ...change, password: PASSWORD })).status, 204)
    for (const browser of [ada, second]) assert.equal((await browser.get('/v1/session')).status, 401)
    assert.equal((await ada.post('/v1/session', { email: ada.email, password: wanted })).status, 201)
    const boss = await owner(rig)
    const rows = (await boss.get('/v1/users')).body['data'] as { id: string; email: string }[]
    const id = rows.find(({ email }) => email === ada.email)?.id
    assert.equal((await boss.patch(`/v1/users/${id}`, { role: 'analyst' })).body['role'], 'analyst')
    assert.equal((await ada.get('/v1/session')).status, 401)
  })

  test('nobody gives away more than they have', async () => {
    const boss = await owner(rig)
    const admin = await owner(rig)
    const rows = (await boss.get('/v1/users')).body['data'] as { id: string; email: string }[]
    const idOf = (email: string): string => rows.find((row) => row.email === email)?.id ?? ''
    await boss.patch(`/v1/users/${idOf(admin.email)}`, { role: 'admin' })
    await admin.post('/v1/session', { email: admin.email, password: PASSWORD })
    for (const [id, role] of [
      [idOf(boss.email), 'admin'],
      [idOf(admin.email), 'owner'],
    ])
      assert.equal((await admin.patch(`/v1/users/${id}`, { role })).status, 403)
    assert.equal((await admin.delete(`/v1/users/${idOf(boss.email)}`)).status, 403)
    const made = await admin.post('/v1/api-keys', { scopes: ['accounts:write'], note: 'a small one' })
    assert.equal(made.status, 201)
    const headers = { authorization: `Bearer ${String(made.body['token'])}` }
    const more = await browserless('POST', '/v1/api-keys', headers, { scopes: ['messages:send'] })
    assert.equal(more.status, 403)
    assert.equal((await browserless('POST', '/v1/credentials', headers, {})).status, 403)
    const same = await browserless('POST', '/v1/api-keys', headers, { scopes: ['accounts:write'] })
    assert.equal(same.status, 201)
    const id = String(made.body['id'])
    assert.ok((await admin.delete(`/v1/api-keys/${id}`)).body['revoked_at'])
    assert.equal((await admin.delete(`/v1/api-keys/${id}`)).status, 404)
  })

  const browserless = (method: string, path: string, headers: Record<string, string>, body: object) =>
    new Browser(rig.node.api).ask(method, path, { headers, body })

  /** The token of the letter that came to `email`, in its text. */
  async function lettered(email: string): Promise<{ kind: string; token: string; text: string }> {
    const mail = mailOf((await rig.delivered(email)).raw)
    assert.match(mail.one('From'), /^Hikyaku <postmaster@/)
    assert.equal(mail.one('Auto-Submitted'), 'auto-generated')
    const encoding = mail.one('Content-Transfer-Encoding')
    assert.equal(encoding, 'base64')
    const text = Buffer.from(mail.body, 'base64').toString()
    const [, kind = '', token = ''] = /\/link#(\w+)=([\w-]+)/.exec(text) ?? []
    return { kind, token, text }
  }

  test('who is invited gets a letter in both languages, and joins by its link', async () => {
    const boss = await owner(rig)
    const email = 'taro@invited.example.com'
    const added = await boss.post('/v1/invitations', { email, role: 'marketer', language: 'ja' })
    assert.equal(added.status, 201, JSON.stringify(added.body))
    assert.ok(!JSON.stringify(added.body).includes('token'))
    const { kind, token, text } = await lettered(email)
    assert.equal(kind, 'invitation')
    assert.match(text, /招待されています[^]*invites you to default/)
    const stranger = await owner(rig, 'globex')
    assert.deepEqual((await stranger.get('/v1/invitations')).body['data'], [])
    const id = String(added.body['id'])
    assert.equal((await stranger.delete(`/v1/invitations/${id}`)).status, 404)
    const browser = new Browser(rig.node.api)
    const person = { token, name: '太郎', language: 'ja', password: PASSWORD }
    const joined = await browser.post('/v1/invitations/accept', person)
    assert.deepEqual([joined.status, joined.body], [201, { organization: 'default', email }])
    assert.equal((await browser.post('/v1/invitations/accept', person)).status, 404)
    const { body } = await browser.post('/v1/session', { email, password: PASSWORD })
    assert.equal((body['user'] as { role: string }).role, 'marketer')
    assert.equal((await boss.post('/v1/invitations', { email, role: 'admin' })).status, 409)
    assert.equal(
      (await browser.post('/v1/invitations', { email: 'x@example.com', role: 'analyst' })).status,
      403,
    )
    const withdrawn = await boss.post('/v1/invitations', { email: 'late@example.com', role: 'analyst' })
    assert.equal((await boss.delete(`/v1/invitations/${String(withdrawn.body['id'])}`)).status, 200)
    assert.deepEqual((await boss.get('/v1/invitations')).body['data'], [])
  })

  test('who has forgotten the password sets another by mail, and strangers learn nothing', async () => {
    const person = await owner(rig)
    const browser = new Browser(rig.node.api)
    const nobody = await browser.post('/v1/password-reset', { email: 'nobody@example.com' })
    const asked = await browser.post('/v1/password-reset', { email: person.email })
    assert.deepEqual([nobody.status, nobody.body], [asked.status, asked.body])
    assert.equal(asked.status, 202)
    const { kind, token } = await lettered(person.email)
    assert.equal(kind, 'reset')
    const password = 'another one that is long'
    assert.equal((await browser.post('/v1/password-reset/confirm', { token, password })).status, 204)
    assert.equal((await browser.post('/v1/password-reset/confirm', { token, password })).status, 404)
    assert.equal((await person.get('/v1/session')).status, 401)
    assert.equal((await browser.post('/v1/session', { email: person.email, password })).status, 201)
    assert.deepEqual(rig.received('nobody@example.com'), [])
  })

  test('who has a second factor signs in with a code, each of them once', async () => {
    const person = await owner(rig)
    assert.deepEqual((await person.get('/v1/totp')).body, { enabled: false, recovery_codes_left: 0 })
    const begun = await person.post('/v1/totp', {})
    assert.equal(begun.status, 201)
    const secret = String(begun.body['secret'])
    assert.equal((await person.post('/v1/totp/confirm', { code: 'abcdef' })).status, 401)
    const confirmed = await person.post('/v1/totp/confirm', { code: await generate({ secret }) })
    const codes = confirmed.body['recovery_codes'] as string[]
    assert.equal(codes.length, 10)
    assert.equal((await person.post('/v1/totp', {})).status, 409)
    const browser = new Browser(rig.node.api)
    const login = { email: person.email, password: PASSWORD }
    const half = await browser.post('/v1/session', login)
    assert.deepEqual([half.status, half.body], [202, { needs: 'code' }])
    for (const path of ['/v1/session', '/v1/users', '/v1/totp'])
      assert.equal((await browser.get(path)).status, 401, path)
    const elsewhere = { headers: { origin: 'https://evil.example' }, body: { code: codes[0] ?? '' } }
    assert.equal((await browser.ask('POST', '/v1/session/second-factor', elsewhere)).status, 403)
    const whole = await browser.post('/v1/session/second-factor', { code: codes[0] ?? '' })
    assert.equal(whole.status, 201)
    assert.equal((await browser.get('/v1/session')).status, 200)
    assert.equal((await browser.get('/v1/totp')).body['recovery_codes_left'], 9)
    await browser.post('/v1/session', login)
    assert.equal((await browser.post('/v1/session/second-factor', { code: codes[0] ?? '' })).status, 401)
    assert.equal((await person.post('/v1/totp/recovery-codes', { password: PASSWORD })).status, 200)
    assert.equal((await person.post('/v1/totp/remove', { password: PASSWORD })).status, 204)
    assert.equal((await browser.post('/v1/session', login)).status, 201)
    const kept = JSON.stringify((await person.get('/v1/audit?limit=1000')).body)
    for (const hidden of [secret, ...codes, PASSWORD]) assert.ok(!kept.includes(hidden))
  })

  test('who tries passwords is told to wait', async () => {
    const { email } = await owner(rig)
    const browser = new Browser(rig.node.api)
    const guess = () => browser.post('/v1/session', { email, password: 'not this one' })
    const wrong = await guess()
    assert.deepEqual([wrong.status, wrong.body['code']], [401, 'sign-in'])
    let last = wrong
    for (let n = 0; n < 10; n += 1) last = await guess()
    assert.deepEqual([last.status, last.body['code']], [429, 'too-often'])
    assert.ok(Number(last.headers.get('retry-after')) > 0)
  })
})
