/** Signing in by a provider, on either engine: what is taken of what comes back, and whose account it opens. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import type { Current, Users } from '#product/user'

import { ENGINES } from '../../../test/control.ts'
import { IdentityProvider } from '../../../test/identity-provider.ts'
import type { Lie } from '../../../test/identity-provider.ts'
import { KEY, People } from '../user/people.fixture.ts'

import { createOidc, openOidcRequests } from './index.ts'
import type { Oidc, OidcRequests, Provider } from './index.ts'

const MINUTE = 60_000

for (const engine of ENGINES) {
  suite(`OpenID Connect on ${engine}`, () => {
    let people: People
    let users: Users
    let requests: OidcRequests
    let provider: IdentityProvider
    let serial = 0
    before(async () => {
      people = await People.on(engine)
      ;({ users } = people)
      requests = await openOidcRequests(people.control.open(), KEY, () => people.now)
      provider = new IdentityProvider()
    })
    after(() => people[Symbol.asyncDispose]())

    const described = (more: Partial<Provider> = {}): Provider => ({
      name: 'corp',
      issuer: provider.issuer,
      clientId: provider.client.id,
      clientSecret: provider.client.secret,
      scopes: ['openid', 'email', 'profile'],
      domains: [],
      trustEmail: false,
      link: 'none',
      provision: false,
      organization: 'acme',
      role: 'read-only',
      members: [],
      askCode: false,
      ...more,
    })
    const made = (...all: readonly Partial<Provider>[]): Oidc =>
      createOidc({
        providers: all.map(described),
        users,
        requests,
        http: provider.http,
        now: () => people.now,
        redirectOf: (name) => `https://mail.example.org/sign-in/${name}`,
      })
    const begun = async (oidc: Oidc, more: { organization?: string; account?: string } = {}) => {
      const answer = await oidc.begin({ provider: 'corp', address: `a-${(serial += 1)}`, ...more })
      assert.ok(answer.ok, JSON.stringify(answer))
      return answer
    }
    const returned = (oidc: Oidc, query: string, browser: string, name = 'corp') =>
      oidc.complete({
        provider: name,
        query,
        browser,
        address: `b-${(serial += 1)}`,
        agent: 'Firefox',
      })
    async function signIn(oidc: Oidc, lie: Lie = {}, more: { organization?: string; account?: string } = {}) {
      const { url, browser } = await begun(oidc, more)
      return returned(oidc, provider.consent(url, lie), browser)
    }
    /** Somebody new each time, at the provider. */
    const person = (email = `oidc-${(serial += 1)}@example.com`) => ({ claims: { sub: email, email } })
    async function refused(oidc: Oidc, lie: Lie): Promise<string> {
      const answer = await signIn(oidc, lie)
      assert.ok(!answer.ok && 'about' in answer, JSON.stringify(answer))
      return `${answer.why}: ${answer.about}`
    }
    /** An account without a password, by a provider that makes them. */
    async function provisioned(more: Partial<Provider> = {}) {
      const lie = person()
      const oidc = made({ provision: true, ...more })
      const answer = await signIn(oidc, lie)
      assert.ok(answer.ok, JSON.stringify(answer))
      return { lie, oidc, answer, account: answer.member.id, email: answer.member.email }
    }
    const currentOf = async (token: string): Promise<Current> => {
      const current = await users.current(token)
      assert.ok(current)
      return current
    }

    test('who is linked by a verified address signs in, then and later, whatever the address is then', async () => {
      const { email, account } = await people.owner()
      const oidc = made({ link: 'verified-email' })
      const lie = { claims: { sub: email, email: email.toUpperCase() } }
      const first = await signIn(oidc, lie)
      assert.ok(first.ok, JSON.stringify(first))
      assert.deepEqual([first.made, first.member.id, first.needs], ['link', account, 'nothing'])
      const later = await signIn(made({}), { claims: { sub: email, email: 'other@example.com' } })
      assert.ok(later.ok)
      assert.deepEqual([later.made, later.member.email], ['nothing', email])
      assert.equal((await users.current(later.token))?.member.id, account)
      const [identity] = await users.identities(account)
      assert.deepEqual([identity?.issuer, identity?.usedAt], [provider.issuer, people.now])
    })

    test('an ID token of another nonce, audience, time, issuer or signature is refused', async () => {
      const { email } = await people.owner()
      const oidc = made({ link: 'verified-email' })
      const past = Math.floor(Date.now() / 1000) - 3600
      for (const [lie, about] of [
        [{ claims: { nonce: 'another' } }, /nonce/],
        [{ without: ['nonce'] }, /nonce/],
        [{ claims: { aud: 'somebody-else' } }, /aud/],
        [{ claims: { aud: [provider.client.id, 'b'], azp: 'b' } }, /azp/],
        [{ claims: { exp: past } }, /exp/],
        [{ claims: { iss: 'https://evil.example' } }, /iss/],
        [{ claims: { sub: '' } }, /sub/],
        [{ signature: 'none' }, /alg|signature/i],
        [{ signature: 'other' }, /signature/],
      ] as const)
        assert.match(
          await refused(oidc, { ...lie, claims: { email, sub: email, ...('claims' in lie && lie.claims) } }),
          about,
        )
      assert.equal((await signIn(oidc, { claims: { email, sub: email } })).ok, true)
    })

    test('an answer of another state, issuer or browser, or a second time, is refused', async () => {
      const { email } = await people.owner()
      const oidc = made({ link: 'verified-email' })
      const lie = { claims: { email, sub: email } }
      assert.match(await refused(oidc, { ...lie, back: { state: 'another' } }), /state/)
      assert.match(await refused(oidc, { ...lie, back: { iss: 'https://evil.example' } }), /iss/)
      const { url, browser } = await begun(oidc)
      const query = provider.consent(url, lie)
      assert.equal((await returned(oidc, query, browser)).ok, true)
      assert.equal((await returned(oidc, query, browser)).ok, false)
      const other = await begun(oidc)
      const stolen = provider.consent(other.url, lie)
      assert.equal((await returned(oidc, stolen, browser)).ok, false)
      assert.equal((await returned(oidc, stolen, other.browser)).ok, false, 'it is spent')
      const error = new URLSearchParams({ error: 'access_denied', iss: provider.issuer })
      const denied = await begun(oidc)
      error.set('state', new URL(denied.url).searchParams.get('state') ?? '')
      const answer = await returned(oidc, error.toString(), denied.browser)
      assert.ok(!answer.ok && answer.why === 'refused')
    })

    test('a code is exchanged once, and only by who began', async () => {
      const { email } = await people.owner()
      const oidc = made({ link: 'verified-email' })
      const first = await begun(oidc)
      const query = new URLSearchParams(provider.consent(first.url, { claims: { email, sub: email } }))
      // Somebody else shows the stolen code in an exchange of his own: PKCE is of another verifier.
      const other = await begun(oidc)
      const mixed = new URLSearchParams(query)
      mixed.set('state', new URL(other.url).searchParams.get('state') ?? '')
      const injected = await returned(oidc, mixed.toString(), other.browser)
      assert.ok(!injected.ok && injected.why === 'refused')
      assert.equal((await returned(oidc, query.toString(), first.browser)).ok, false, 'the code is spent')
    })

    test('an answer after its time, or at the address of another provider, is refused', async () => {
      const { email } = await people.owner()
      const oidc = made({ link: 'verified-email' }, { name: 'other', link: 'verified-email' })
      const lie = { claims: { email, sub: email } }
      const late = await begun(oidc)
      const query = provider.consent(late.url, lie)
      people.now += 15 * MINUTE
      assert.equal((await returned(oidc, query, late.browser)).ok, false)
      const mixed = await begun(oidc)
      assert.equal((await returned(oidc, provider.consent(mixed.url, lie), mixed.browser, 'other')).ok, false)
    })

    test('an address that the provider does not vouch for links and makes nobody', async () => {
      const { email } = await people.owner()
      const oidc = made({ link: 'verified-email', provision: true })
      for (const said of [{ email_verified: false }, { email_verified: 'true' }])
        assert.match(
          await refused(oidc, { claims: { email, sub: email, ...said } }),
          /vouches for no address/,
        )
      const silent = { claims: { email, sub: email }, without: ['email_verified'] }
      assert.match(await refused(oidc, silent), /vouches for no address/)
      assert.match(await refused(oidc, { claims: { email: 'nobody', sub: 'x' } }), /vouches for no address/)
      const trusting = made({ link: 'verified-email', trustEmail: true })
      assert.match(
        await refused(trusting, { claims: { email, sub: email, email_verified: false } }),
        /vouches/,
      )
      assert.equal((await signIn(trusting, silent)).ok, true)
    })

    test('an account with a password is nobody’s to take unless the policy says so', async () => {
      const { email, account } = await people.owner()
      const lie = { claims: { email, sub: email } }
      for (const link of ['none', 'without-password'] as const)
        assert.match(await refused(made({ link, provision: true }), lie), /may not sign in/)
      assert.deepEqual(await users.identities(account), [])
      const bare = await provisioned()
      const again = { claims: { email: bare.email, sub: `${bare.email} at another time` } }
      assert.match(await refused(made({ link: 'none' }), again), /may not sign in/)
      assert.equal((await signIn(made({ link: 'without-password' }), again)).ok, true)
    })

    test('nobody is made unless the provider may, and then as its claims say', async () => {
      assert.match(await refused(made({ link: 'verified-email' }), person()), /no such user/)
      const { answer } = await provisioned({ role: 'analyst' })
      assert.deepEqual(
        [answer.member.organization, answer.member.role, answer.member.name],
        ['acme', 'analyst', 'Ada'],
      )
      const members = [
        { value: 'mail-admins', organization: 'acme', role: 'admin' },
        { value: 'staff', organization: 'acme', role: 'read-only' },
        { value: 'staff', organization: 'globex', role: 'analyst' },
      ] as const
      const oidc = made({ provision: true, claim: 'groups', members })
      assert.match(await refused(oidc, person()), /nothing makes one/)
      const lie = person()
      const both = { claims: { ...lie.claims, groups: ['staff', 'mail-admins'] } }
      const first = await signIn(oidc, both)
      assert.ok(first.ok)
      assert.deepEqual([first.member.organization, first.member.role], ['acme', 'admin'])
      assert.deepEqual(await users.organizationsOf(first.member.id), ['acme', 'globex'])
      const less = await signIn(oidc, { claims: { ...lie.claims, groups: ['mail-admins'] } })
      assert.ok(less.ok)
      assert.deepEqual(await users.organizationsOf(first.member.id), ['acme'])
      assert.equal(await users.current(first.token), undefined, 'less is a change, and ends what was')
      assert.match(await refused(oidc, lie), /belongs to no such/)
      assert.equal(await users.member('acme', first.member.id), undefined)
    })

    test('what people gave, claims do not take; and an organization keeps an owner', async () => {
      const lie = person()
      const members = [{ value: 'a', organization: 'acme', role: 'admin' }] as const
      const oidc = made({ link: 'verified-email', provision: true, claim: 'groups', members })
      const { account } = await people.owner('globex', lie.claims.email)
      const signedIn = await signIn(oidc, { claims: { ...lie.claims, groups: 'a' } })
      assert.ok(signedIn.ok)
      assert.equal((await signIn(oidc, lie)).ok, true)
      assert.deepEqual(await users.organizationsOf(account), ['globex'])
      assert.equal((await users.member('globex', account))?.role, 'owner')
    })

    test('claims are found by name, by path and at the userinfo endpoint, where the token overrules', async () => {
      const rule = { organization: 'acme', role: 'admin' } as const
      const by = (claim: string, value: string) =>
        made({ provision: true, claim, members: [{ ...rule, value }] })
      const path = { realm_access: { roles: ['mail'] } }
      const lie = person()
      assert.equal(
        (await signIn(by('realm_access.roles', 'mail'), { claims: { ...lie.claims, ...path } })).ok,
        true,
      )
      const named = { 'https://example.com/roles': 'mail' }
      const other = person()
      const claims = { ...other.claims, ...named }
      assert.equal((await signIn(by('https://example.com/roles', 'mail'), { claims })).ok, true)
      const asked = person()
      const userinfo = { sub: asked.claims.sub, groups: ['mail'], email: 'victim@example.com' }
      const more = await signIn(by('groups', 'mail'), { ...asked, userinfo })
      assert.ok(more.ok)
      assert.equal(more.member.email, asked.claims.email)
      const lying = await refused(by('groups', 'mail'), {
        ...person(),
        userinfo: { ...userinfo, sub: 'u2' },
      })
      assert.match(lying, /sub/)
    })

    test('only addresses of the domains of the provider sign in', async () => {
      const oidc = made({ provision: true, domains: ['example.com'] })
      assert.equal((await signIn(oidc, person('Someone@Example.com'))).ok, true)
      for (const email of ['a@evil.example', 'a@sub.example.com', 'a@example.com@evil.example'])
        assert.match(await refused(oidc, person(email)), /domain|vouches/)
      assert.match(
        await refused(oidc, { claims: { sub: 'Someone@Example.com', email_verified: false } }),
        /domain/,
      )
    })

    test('the code of an app is asked for only where the provider is set to', async () => {
      const { email } = await people.owner()
      const { current } = await people.session(email)
      const lie = { claims: { email, sub: email } }
      assert.ok((await signIn(made({ link: 'verified-email' }), lie)).ok)
      const begunTotp = await users.beginTotp(current)
      assert.ok(begunTotp)
      const { generate } = await import('otplib')
      const code = await generate({ secret: begunTotp.secret, epoch: people.now / 1000 })
      assert.ok((await users.confirmTotp(current, code)).ok)
      const without = await signIn(made({}), lie)
      assert.ok(without.ok && without.needs === 'nothing')
      const asking = await signIn(made({ askCode: true }), lie)
      assert.ok(asking.ok && asking.needs === 'code')
      assert.equal(await users.current(asking.token), undefined)
    })

    test('who is signed in links an identity of their own, of any address, and of nobody else', async () => {
      const { account } = await people.owner()
      const lie = person('else@where.example')
      const linked = await signIn(made({}), lie, { account })
      assert.ok(linked.ok && linked.made === 'link')
      assert.equal(linked.member.id, account)
      const other = await people.owner()
      const taken = await signIn(made({}), lie, { account: other.account })
      assert.ok(!taken.ok && taken.why === 'stranger')
      const gone = await people.owner()
      const { url, browser } = await begun(made({}), { account: gone.account })
      await users.removeMember('acme', gone.account)
      const late = await returned(made({}), provider.consent(url, person()), browser)
      assert.ok(!late.ok && late.why === 'stranger')
    })

    test('an identity is removed while something else signs in, and ends every session', async () => {
      const { answer, lie, oidc, account } = await provisioned()
      const current = await currentOf(answer.token)
      const proof = { address: '192.0.2.1' }
      const [only] = await users.identities(account)
      assert.ok(only)
      assert.deepEqual(await users.removeIdentity(current, only.id, proof), { ok: false, why: 'last' })
      const second = await signIn(oidc, person(), { account })
      assert.ok(second.ok)
      const stranger = await people.session((await people.owner()).email)
      const none = await users.removeIdentity(stranger.current, only.id, proof)
      assert.deepEqual(none, { ok: true, identity: undefined })
      assert.ok((await users.removeIdentity(current, only.id, proof)).ok)
      for (const token of [answer.token, second.token]) assert.equal(await users.current(token), undefined)
      assert.match(await refused(oidc, lie), /may not sign in/)
      people.now += 11 * MINUTE
      const stale = await users.removeIdentity(current, only.id, proof)
      assert.deepEqual(stale, { ok: false, why: 'stale' })
    })

    test('who has no password gets none by a letter or by guessing', async () => {
      const { email } = await provisioned()
      assert.deepEqual(await users.askReset(email, 'reset'), { ok: false, why: 'nobody' })
      for (const guess of ['', 'undefined', 'null'])
        assert.equal((await people.signIn(email, guess)).ok, false)
    })

    test('who has no password joins another organization while signed in, under the address invited', async () => {
      const { answer, account, email, oidc, lie } = await provisioned()
      const current = await currentOf(answer.token)
      const invite = async (to: string): Promise<string> => {
        const invited = await users.invite({ organization: 'globex', email: to, role: 'analyst', by: 'x' })
        assert.ok(invited.ok)
        return invited.token
      }
      const foreign = await invite('somebody-else@example.com')
      assert.deepEqual(await users.joinInvitation(current, foreign), { ok: false, why: 'link' })
      const token = await invite(email)
      const beginner = { name: 'x', language: 'en', password: '', address: 'x' } as const
      assert.equal((await users.acceptInvitation(token, beginner)).ok, false)
      assert.ok((await users.joinInvitation(current, token)).ok)
      assert.deepEqual(await users.joinInvitation(current, token), { ok: false, why: 'link' })
      assert.equal((await users.member('globex', account))?.role, 'analyst')
      assert.ok((await signIn(oidc, lie)).ok)
      assert.equal((await users.member('globex', account))?.role, 'analyst', 'claims do not take it')
    })

    test('who goes on elsewhere, or nowhere, is told', async () => {
      const { lie, oidc } = await provisioned()
      const elsewhere = await signIn(oidc, lie, { organization: 'globex' })
      assert.ok(!elsewhere.ok && elsewhere.why === 'stranger')
      assert.deepEqual(await oidc.begin({ provider: 'none', address: 'x' }), { ok: false, why: 'missing' })
      const many = await Promise.all(
        Array.from({ length: 31 }, () => oidc.begin({ provider: 'corp', address: 'many' })),
      )
      assert.deepEqual(many.at(-1), { ok: false, why: 'too-often', wait: 5000 })
    })

    test('a provider that does not answer is told from an answer that is wrong, and is asked again', async () => {
      const oidc = made({ link: 'verified-email' })
      provider.isGone = true
      const gone = await oidc.begin({ provider: 'corp', address: 'gone' })
      assert.deepEqual(gone, {
        ok: false,
        why: 'unreachable',
        about: 'id.example.net: connection refused',
      })
      provider.isGone = false
      const { url, browser } = await begun(oidc)
      const query = provider.consent(url)
      provider.isGone = true
      const half = await returned(oidc, query, browser)
      provider.isGone = false
      assert.ok(!half.ok && half.why === 'unreachable')
    })

    test('a description of another issuer is no description', async () => {
      const issuer = `${provider.issuer}/`
      const answer = await made({ issuer: `${issuer}tenant` }).begin({ provider: 'corp', address: 'i' })
      assert.ok(!answer.ok && answer.why === 'unreachable')
    })
  })
}
