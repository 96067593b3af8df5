/** Passkeys, as a browser and its authenticator meet them over the API. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { generate } from 'otplib'

import { Authenticator } from '../authenticator.ts'

import { Browser } from './browser.ts'
import { owner, PASSWORD } from './people.ts'
import type { Person } from './people.ts'
import { Rig } from './rig.ts'

const ORIGIN = 'https://mail.example.org'

async function add(person: Person, name = 'Telephone'): Promise<{ device: Authenticator; id: string }> {
  const device = new Authenticator(ORIGIN)
  const options = await person.post('/v1/passkeys/options', { password: PASSWORD })
  assert.equal(options.status, 200, JSON.stringify(options.body))
  const added = await person.post('/v1/passkeys', { name, credential: device.create(options.body) })
  assert.equal(added.status, 201, JSON.stringify(added.body))
  return { device, id: String(added.body['id']) }
}
async function signIn(browser: Browser, device: Authenticator, organization?: string, userHandle?: string) {
  const options = await browser.post('/v1/session/passkey/options', {})
  assert.deepEqual([options.body['rpId'], options.body['userVerification']], ['mail.example.org', 'required'])
  const credential = device.get(options.body, { ...(userHandle !== undefined && { userHandle }) })
  return browser.post('/v1/session/passkey', { credential, organization })
}

suite('passkeys', () => {
  let rig: Rig
  before(async () => {
    rig = await Rig.start({ sections: { api: `url = "${ORIGIN}"` } })
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
  })

  test('one who has a passkey signs in by it alone, also where the password asks for a code', async () => {
    const person = await owner(rig)
    const { device, id } = await add(person)
    const secret = String((await person.post('/v1/totp', {})).body['secret'])
    assert.equal((await person.post('/v1/totp/confirm', { code: await generate({ secret }) })).status, 200)
    const login = { email: person.email, password: PASSWORD }
    assert.equal((await new Browser(rig.node.api).post('/v1/session', login)).status, 202)
    const browser = new Browser(rig.node.api)
    const signedIn = await signIn(browser, device)
    assert.equal(signedIn.status, 201, JSON.stringify(signedIn.body))
    assert.match(signedIn.headers.get('set-cookie') ?? '', /^hikyaku_session=[\w-]{27};.*HttpOnly/)
    assert.equal((signedIn.body['user'] as { email: string }).email, person.email)
    const [listed] = (await browser.get('/v1/passkeys')).body['data'] as Record<string, unknown>[]
    assert.deepEqual([listed?.['id'], listed?.['name']], [id, 'Telephone'])
    assert.match(String(listed?.['used_at']), /^2\d{3}-/)
    const renamed = await browser.patch(`/v1/passkeys/${id}`, { name: '電話' })
    assert.equal(renamed.body['name'], '電話')
  })

  test('an answer is taken once, from our own pages, and strangers learn nothing', async () => {
    const { device } = await add(await owner(rig))
    const browser = new Browser(rig.node.api)
    const options = (await browser.post('/v1/session/passkey/options', {})).body
    const credential = device.get(options)
    const headers = { origin: 'https://evil.example' }
    const elsewhere = await browser.ask('POST', '/v1/session/passkey', { headers, body: { credential } })
    assert.equal(elsewhere.status, 403)
    assert.equal((await browser.post('/v1/session/passkey', { credential })).status, 201)
    const again = await new Browser(rig.node.api).post('/v1/session/passkey', { credential })
    const unknown = await signIn(new Browser(rig.node.api), new Authenticator(ORIGIN), undefined, 'AAAA')
    const { request: _one, ...first } = again.body
    const { request: _other, ...second } = unknown.body
    assert.deepEqual([again.status, first], [401, second])
    await rig.log.until('user.passkey-refused', { why: 'the passkey is not known' })
    const phished = device.get((await browser.post('/v1/session/passkey/options', {})).body, {
      origin: 'https://evil.example',
    })
    assert.equal((await browser.post('/v1/session/passkey', { credential: phished })).status, 401)
  })

  test('nobody makes or removes one for somebody else, or without showing who they are', async () => {
    const person = await owner(rig)
    const { device, id } = await add(person)
    const stranger = await owner(rig, 'globex')
    for (const answer of [
      await stranger.patch(`/v1/passkeys/${id}`, { name: 'mine' }),
      await stranger.post(`/v1/passkeys/${id}/remove`, { password: PASSWORD }),
    ])
      assert.equal(answer.status, 404)
    assert.deepEqual((await stranger.get('/v1/passkeys')).body['data'], [])
    const wrong = await person.post('/v1/passkeys/options', { password: 'not it at all' })
    assert.deepEqual([wrong.status, wrong.body['code']], [401, 'sign-in'])
    const second = new Browser(rig.node.api)
    assert.equal((await signIn(second, device, 'globex')).status, 401)
    assert.equal((await signIn(second, device)).status, 201)
    const removed = await second.post(`/v1/passkeys/${id}/remove`, {})
    assert.equal(removed.status, 204, JSON.stringify(removed.body))
    for (const browser of [person, second]) assert.equal((await browser.get('/v1/session')).status, 401)
    assert.equal((await signIn(new Browser(rig.node.api), device)).status, 401)
  })

  test('the audit log has what was made, used and removed, and nothing that opens', async () => {
    const person = await owner(rig)
    const { device, id } = await add(person, 'Key ring')
    assert.equal((await signIn(person, device)).status, 201)
    await person.post(`/v1/passkeys/${id}/remove`, {})
    await person.post('/v1/session', { email: person.email, password: PASSWORD })
    const query = `/v1/audit?actor=${encodeURIComponent(person.email)}&limit=1000`
    const rows = (await person.get(query)).body['data'] as Record<string, unknown>[]
    const actions = rows.map(({ action }) => action)
    for (const action of ['passkey.add', 'sign-in-passkey', 'passkey.remove'])
      assert.ok(actions.includes(action), `${action} of ${actions.join(' ')}`)
    assert.ok(!JSON.stringify(rows).includes(device.id))
    assert.match(JSON.stringify(rows), /Key ring/)
  })
})
