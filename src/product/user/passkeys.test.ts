/** What holds for passkeys on either engine. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { Authenticator } from '../../../test/authenticator.ts'
import type { Odd } from '../../../test/authenticator.ts'
import { ENGINES } from '../../../test/control.ts'

import type { Current, Users } from './index.ts'
import { HOUR, PASSWORD, People } from './people.fixture.ts'

const PARTY = { origin: 'https://mail.example.org', id: 'mail.example.org' }
const FROM = { address: '192.0.2.1' }

for (const engine of ENGINES) {
  suite(`passkeys on ${engine}`, () => {
    let people: People
    let users: Users
    let serial = 0
    before(async () => {
      people = await People.on(engine)
      ;({ users } = people)
    })
    after(() => people[Symbol.asyncDispose]())

    async function optionsFor(current: Current) {
      const begun = await users.beginPasskey(current, FROM, PARTY)
      assert.ok(begun.ok)
      return begun.options as unknown as Record<string, unknown>
    }
    async function add(current: Current, device: Authenticator, odd: Odd = {}) {
      const made = device.create(await optionsFor(current), odd)
      return users.addPasskey(current, { name: 'Telephone', made, party: PARTY })
    }
    /** Somebody with a passkey. */
    async function keyed(organization = 'acme') {
      const { email, account } = await people.owner(organization)
      const { current, token } = await people.session(email)
      const device = new Authenticator(PARTY.origin)
      const added = await add(current, device)
      assert.ok(added.ok, JSON.stringify(added))
      return { email, account, current, token, device, id: added.passkey.id }
    }
    async function challenge() {
      const begun = await users.beginPasskeySignIn(`passkey-${(serial += 1)}`)
      assert.ok(begun.ok)
      return { challenge: begun.challenge }
    }
    const show = (answer: ReturnType<Authenticator['get']>, organization?: string) =>
      users.signInPasskey({
        answer,
        party: PARTY,
        address: `passkey-${(serial += 1)}`,
        agent: 'Firefox',
        ...(organization !== undefined && { organization }),
      })
    async function refused(device: Authenticator, odd: Odd): Promise<string> {
      const shown = await show(device.get(await challenge(), odd))
      assert.ok(!shown.ok && shown.why === 'wrong')
      return shown.about ?? ''
    }

    test('a passkey signs in without password and code, and is told when it was last used', async () => {
      const { account, device, email } = await keyed()
      const [unused] = await users.passkeys(account)
      assert.deepEqual([unused?.name, unused?.usedAt, unused?.synced], ['Telephone', undefined, false])
      people.now += HOUR
      const shown = await show(device.get(await challenge()))
      assert.ok(shown.ok)
      assert.deepEqual([shown.member.email, shown.needs], [email, 'nothing'])
      assert.equal((await users.current(shown.token))?.member.id, account)
      assert.equal((await users.passkeys(account))[0]?.usedAt, people.now)
    })

    test('the browser is asked for a key that it finds by itself and that its user unlocks', async () => {
      const { current } = await keyed()
      const options = await optionsFor(current)
      assert.deepEqual(options['rp'], { name: 'Hikyaku', id: PARTY.id })
      assert.equal(options['attestation'], 'none')
      const selection = options['authenticatorSelection'] as Record<string, unknown>
      assert.deepEqual([selection['residentKey'], selection['userVerification']], ['required', 'required'])
      assert.equal((options['excludeCredentials'] as unknown[]).length, 1)
      const { id } = options['user'] as { id: string }
      assert.equal(Buffer.from(id, 'base64url').toString('hex'), current.member.id)
    })

    test('an answer of another site, kind, user or without its user is refused', async () => {
      const { device } = await keyed()
      const other = await keyed('globex')
      for (const [odd, about] of [
        [{ origin: 'https://evil.example' }, /origin/],
        [{ rpId: 'evil.example' }, /RP ID/],
        [{ verified: false }, /could not be verified/],
        [{ type: 'webauthn.create' }, /type/],
        [{ challenge: 'c29tZXRoaW5nIGVsc2U' }, /challenge/],
        [{ userHandle: Buffer.from(other.account, 'hex').toString('base64url') }, /another user/],
      ] as const)
        assert.match(await refused(device, odd), about)
      assert.ok((await show(device.get(await challenge()))).ok)
    })

    test('an answer opens once, and only while its challenge holds', async () => {
      const { device } = await keyed()
      const answer = device.get(await challenge())
      assert.ok((await show(answer)).ok)
      const again = await show(answer)
      assert.ok(!again.ok && again.why === 'wrong')
      const late = device.get(await challenge())
      people.now += 5 * 60_000
      assert.equal((await show(late)).ok, false)
      const raced = device.get(await challenge())
      const both = await Promise.all([show(raced), show(raced)])
      assert.equal(both.filter(({ ok }) => ok).length, 1)
    })

    test('a challenge is spent by a wrong answer as well', async () => {
      const { device } = await keyed()
      const options = await challenge()
      assert.equal((await show(device.get(options, { origin: 'https://evil.example' }))).ok, false)
      assert.equal((await show(device.get(options))).ok, false)
    })

    test('a counter that goes back is that of a copy; one that stays at nothing is none', async () => {
      const { device } = await keyed()
      assert.ok((await show(device.get(await challenge(), { counter: 9 }))).ok)
      for (const counter of [9, 8]) assert.match(await refused(device, { counter }), /counter/)
      assert.ok((await show(device.get(await challenge(), { counter: 10 }))).ok)
      const { email } = await people.owner()
      const synced = new Authenticator(PARTY.origin)
      assert.ok((await add((await people.session(email)).current, synced, { counter: 0 })).ok)
      for (let n = 0; n < 2; n += 1) assert.ok((await show(synced.get(await challenge(), { counter: 0 }))).ok)
    })

    test('a key is not shown for another one, and a signature not changed', async () => {
      const { device } = await keyed()
      const stranger = await keyed()
      const options = await challenge()
      const foreign = { ...stranger.device.get(options), id: device.id, rawId: device.id }
      assert.equal((await show(foreign)).ok, false)
      const right = device.get(await challenge())
      const signature = Buffer.from(right.response.signature, 'base64url')
      signature[signature.length - 1]! ^= 1
      const changed = {
        ...right,
        response: { ...right.response, signature: signature.toString('base64url') },
      }
      assert.equal((await show(changed)).ok, false)
      const unknown = new Authenticator(PARTY.origin)
      assert.match(await refused(unknown, {}), /not known/)
    })

    test('one is made only in the session that began, for this site, by who unlocks it, and once', async () => {
      const { current, device } = await keyed()
      const elsewhere = (await people.session(current.member.email)).current
      const made = new Authenticator(PARTY.origin).create(await optionsFor(current))
      const request = { name: 'x', made, party: PARTY }
      assert.equal((await users.addPasskey(elsewhere, request)).ok, false)
      assert.ok((await users.addPasskey(current, request)).ok)
      assert.equal((await users.addPasskey(current, request)).ok, false)
      for (const odd of [
        { origin: 'https://evil.example' },
        { rpId: 'evil.example' },
        { verified: false },
        { challenge: 'bm90IG91cnM' },
      ])
        assert.equal((await add(current, new Authenticator(PARTY.origin), odd)).ok, false)
      const again = await add(current, device)
      assert.deepEqual(again, { ok: false, why: 'taken' })
      const stranger = (await people.session((await people.owner()).email)).current
      assert.deepEqual(await add(stranger, device), { ok: false, why: 'taken' })
    })

    test('a challenge to sign in makes no passkey, and one to make a passkey signs nobody in', async () => {
      const { current, device } = await keyed()
      const forNew = await optionsFor(current)
      assert.match(await refused(device, { challenge: String(forNew['challenge']) }), /challenge/)
      const forSignIn = (await challenge()).challenge
      const made = new Authenticator(PARTY.origin).create(forNew, { challenge: forSignIn })
      assert.equal((await users.addPasskey(current, { name: 'x', made, party: PARTY })).ok, false)
    })

    test('there are several, with names, and no more than one can look through', async () => {
      const { current, account, id } = await keyed()
      assert.equal((await users.renamePasskey(account, id, ' Key ring '))?.name, 'Key ring')
      await assert.rejects(users.renamePasskey(account, id, 'a\nb'), { code: 'malformed' })
      const stranger = await people.owner('globex')
      assert.equal(await users.renamePasskey(stranger.account, id, 'mine'), undefined)
      for (let n = 1; n < 20; n += 1) assert.ok((await add(current, new Authenticator(PARTY.origin))).ok)
      assert.equal((await users.passkeys(account)).length, 20)
      assert.deepEqual(await users.beginPasskey(current, FROM, PARTY), { ok: false, why: 'full' })
    })

    test('removing one ends every session, asks for the password after a while, and is for its user alone', async () => {
      const { current, token, id, device, email } = await keyed()
      const stranger = (await people.session((await people.owner('globex')).email)).current
      const none = await users.removePasskey(stranger, id, FROM)
      assert.deepEqual(none, { ok: true, passkey: undefined })
      people.now += 600_000
      assert.deepEqual(await users.removePasskey(current, id, FROM), { ok: false, why: 'stale' })
      assert.deepEqual(await users.beginPasskey(current, FROM, PARTY), { ok: false, why: 'stale' })
      const guess = { ...FROM, password: 'not it at all' }
      assert.equal((await users.removePasskey(current, id, guess)).ok, false)
      const other = await people.session(email)
      const removed = await users.removePasskey(current, id, { ...FROM, password: PASSWORD })
      assert.ok(removed.ok && removed.passkey?.id === id)
      for (const each of [token, other.token]) assert.equal(await users.current(each), undefined)
      assert.match(await refused(device, {}), /not known/)
    })

    test('a key opens no organization that its user does not belong to', async () => {
      const { device } = await keyed()
      assert.equal((await show(device.get(await challenge()), 'globex')).ok, false)
      assert.ok((await show(device.get(await challenge()), 'acme')).ok)
    })

    test('who is removed or becomes an owner by a link has no passkey any more', async () => {
      const { account, email, device } = await keyed()
      await people.owner('acme', email)
      assert.deepEqual(await users.passkeys(account), [])
      assert.match(await refused(device, {}), /not known/)
      const gone = await keyed()
      await users.removeMember('acme', gone.account)
      assert.deepEqual(await users.passkeys(gone.account), [])
    })

    test('who asks too often waits', async () => {
      const address = `asker-${(serial += 1)}`
      const answers = await Promise.all(Array.from({ length: 61 }, () => users.beginPasskeySignIn(address)))
      assert.deepEqual(answers.at(-1), { ok: false, why: 'too-often', wait: 2000 })
      const { device } = await keyed()
      const answer = device.get(await challenge(), { origin: 'https://evil.example' })
      const request = { answer, party: PARTY, address, agent: '' }
      const tries = await Promise.all(Array.from({ length: 31 }, () => users.signInPasskey(request)))
      const last = tries.at(-1)
      assert.ok(last && !last.ok && last.why === 'too-often')
    })
  })
}
