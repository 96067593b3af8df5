/** Signing in by a provider of OpenID Connect, as a browser, the API and the provider meet. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { IdentityProvider } from '../identity-provider.ts'
import type { Lie } from '../identity-provider.ts'

import { Browser } from './browser.ts'
import type { Answer } from './browser.ts'
import { mailOf } from './mail.ts'
import { owner, PASSWORD } from './people.ts'
import { Rig } from './rig.ts'

const SITE = 'http://localhost:8088'

function toml({ issuer, client }: IdentityProvider, more: string): string {
  return `issuer = "${issuer}"\nclient_id = "${client.id}"\n${more}`
}

async function begin(browser: Browser, provider: string): Promise<string> {
  const begun = await browser.post('/v1/session/oidc/begin', { provider })
  assert.equal(begun.status, 200, JSON.stringify(begun.body))
  return String(begun.body['url'])
}

suite('OpenID Connect', () => {
  let provider: IdentityProvider
  let rig: Rig
  before(async () => {
    provider = await IdentityProvider.listen()
    rig = await Rig.start({
      env: {
        HIKYAKU_SIGN_IN_PROVIDERS_CORP_CLIENT_SECRET: provider.client.secret,
        HIKYAKU_SIGN_IN_PROVIDERS_STAFF_CLIENT_SECRET: provider.client.secret,
      },
      sections: {
        api: `url = "${SITE}"`,
        sign_in: 'allow = ["127.0.0.0/8"]',
        'sign_in.providers.corp': toml(provider, 'title = "Example Inc."\nlink = "verified-email"'),
        'sign_in.providers.staff': toml(
          provider,
          'provision = true\nclaim = "groups"\nmembers = [{ value = "mail", organization = "made-here", role = "admin" }]',
        ),
      },
    })
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
    await provider[Symbol.asyncDispose]()
  })

  async function signIn(browser: Browser, name: string, lie: Lie): Promise<Answer> {
    const query = provider.consent(await begin(browser, name), lie)
    return browser.post('/v1/session/oidc', { provider: name, query })
  }

  test('who is about to sign in is told by what, and the page behind a provider has nothing of others', async () => {
    const browser = new Browser(rig.node.api)
    assert.deepEqual((await browser.get('/v1/sign-in')).body, {
      passkeys: true,
      providers: [
        { name: 'corp', title: 'Example Inc.' },
        { name: 'staff', title: 'staff' },
      ],
    })
    const page = await browser.get('/sign-in/corp?code=x&state=y')
    assert.equal(page.status, 200)
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'; script-src 'sha256-/)
    assert.equal((await browser.get('/sign-in/%3Cscript%3E')).status, 422)
  })

  test('a browser goes to the provider and comes back with a session', async () => {
    const { email } = await owner(rig)
    const browser = new Browser(rig.node.api)
    const url = new URL(await begin(browser, 'corp'))
    assert.equal(url.searchParams.get('redirect_uri'), `${SITE}/sign-in/corp`)
    assert.match(browser.cookie, /^hikyaku_sign_in=[\w-]{43}$/)
    const query = provider.consent(url.href, { claims: { sub: email, email } })
    const signedIn = await browser.post('/v1/session/oidc', { provider: 'corp', query })
    assert.equal(signedIn.status, 201, JSON.stringify(signedIn.body))
    assert.equal((signedIn.body['user'] as { email: string }).email, email)
    assert.match(browser.cookie, /^hikyaku_session=[\w-]{27}$/)
    const again = await browser.post('/v1/session/oidc', { provider: 'corp', query })
    assert.deepEqual([again.status, again.body['code']], [401, 'sign-in'])
    const rows = (await browser.get('/v1/audit?action=sign-in-oidc')).body['data'] as {
      actor: string
      after: object
    }[]
    assert.deepEqual(rows.find(({ actor }) => actor === email)?.after, { provider: 'corp', made: 'link' })
  })

  test('another browser or another site does not come back with it', async () => {
    const { email } = await owner(rig)
    const browser = new Browser(rig.node.api)
    const lie = { claims: { sub: email, email } }
    const query = provider.consent(await begin(browser, 'corp'), lie)
    const headers = { origin: 'https://evil.example' }
    const body = { provider: 'corp', query }
    assert.equal((await browser.ask('POST', '/v1/session/oidc', { headers, body })).status, 403)
    const other = new Browser(rig.node.api)
    await begin(other, 'corp')
    assert.equal((await other.post('/v1/session/oidc', body)).status, 401)
    await rig.log.until('user.provider-refused', { provider: 'corp' })
    assert.equal((await browser.post('/v1/session/oidc', body)).status, 401)
  })

  test('an unsigned token, and one of an address that is not verified, open nothing', async () => {
    const { email } = await owner(rig)
    const claims = { sub: email, email }
    const browser = new Browser(rig.node.api)
    assert.equal((await signIn(browser, 'corp', { claims, signature: 'none' })).status, 401)
    const unverified = await signIn(browser, 'corp', { claims: { ...claims, email_verified: false } })
    assert.deepEqual([unverified.status, unverified.body['code']], [403, 'forbidden'])
    assert.equal((await browser.get('/v1/session')).status, 401)
  })

  test('who has no account is made a member where the provider’s claims say, and nobody else is', async () => {
    const claims = { sub: 'new', email: 'new@example.net', name: '新人', locale: 'ja-JP' }
    const browser = new Browser(rig.node.api)
    assert.equal((await signIn(browser, 'corp', { claims })).status, 403)
    assert.equal((await signIn(browser, 'staff', { claims })).status, 403)
    const made = await signIn(browser, 'staff', { claims: { ...claims, groups: ['mail'] } })
    assert.equal(made.status, 201, JSON.stringify(made.body))
    const { role, name, language } = made.body['user'] as Record<string, string>
    assert.deepEqual([role, name, language, made.body['organization']], ['admin', '新人', 'ja', 'made-here'])
    const reset = await browser.post('/v1/password-reset', { email: claims.email })
    assert.equal(reset.status, 202)
    assert.deepEqual(rig.received(claims.email), [])
  })

  test('who signs in by a provider alone joins where they are invited', async () => {
    const boss = await owner(rig)
    const claims = { sub: 'guest', email: 'guest@example.net', groups: ['mail'] }
    const guest = new Browser(rig.node.api)
    assert.equal((await signIn(guest, 'staff', { claims })).status, 201)
    assert.equal((await boss.post('/v1/invitations', { email: claims.email, role: 'analyst' })).status, 201)
    const letter = mailOf((await rig.delivered(claims.email)).raw)
    const [, token = ''] = /#invitation=([\w-]+)/.exec(Buffer.from(letter.body, 'base64').toString()) ?? []
    assert.equal((await boss.post('/v1/invitations/join', { token })).status, 404)
    const joined = await guest.post('/v1/invitations/join', { token })
    assert.deepEqual([joined.status, joined.body], [201, { organization: 'default', email: claims.email }])
    const moved = await guest.patch('/v1/session', { organization: 'default' })
    assert.equal((moved.body['user'] as { role: string }).role, 'analyst')
  })

  test('a user links a provider while signed in, sees it, and removes it', async () => {
    const person = await owner(rig)
    const claims = { sub: 'linked', email: 'private@elsewhere.example' }
    const wrong = await person.post('/v1/identities', { provider: 'staff', password: 'not it' })
    assert.equal(wrong.status, 401)
    const begun = await person.post('/v1/identities', { provider: 'corp', password: PASSWORD })
    assert.equal(begun.status, 200, JSON.stringify(begun.body))
    const query = provider.consent(String(begun.body['url']), { claims })
    assert.equal((await person.post('/v1/session/oidc', { provider: 'corp', query })).status, 201)
    const stranger = await owner(rig, 'globex')
    assert.deepEqual((await stranger.get('/v1/identities')).body['data'], [])
    const [identity] = (await person.get('/v1/identities')).body['data'] as Record<string, unknown>[]
    assert.equal(identity?.['issuer'], provider.issuer)
    const path = `/v1/identities/${String(identity?.['id'])}/remove`
    assert.equal((await stranger.post(path, {})).status, 404)
    assert.equal((await person.post(path, {})).status, 204)
    assert.equal((await person.get('/v1/session')).status, 401)
    assert.equal((await signIn(person, 'corp', { claims })).status, 403)
  })

  test('a provider that is not there is our problem, and one that nobody has named is not', async () => {
    const browser = new Browser(rig.node.api)
    assert.equal((await browser.post('/v1/session/oidc/begin', { provider: 'other' })).status, 404)
    await using gone = await Rig.start({
      sections: {
        'sign_in.providers.inside': 'issuer = "https://127.0.0.1:1/"\nclient_id = "x"',
      },
    })
    const answer = await new Browser(gone.node.api).post('/v1/session/oidc/begin', { provider: 'inside' })
    assert.deepEqual([answer.status, answer.body['code']], [503, 'unavailable'])
    const { why } = await gone.log.until('user.provider-failed', { provider: 'inside' })
    assert.match(String(why), /private or special address/)
  })
})
