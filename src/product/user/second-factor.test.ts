/** What holds for second factors on either engine. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { generate } from 'otplib'

import { ENGINES } from '../../../test/control.ts'

import type { Users } from './index.ts'
import { PASSWORD, People } from './people.fixture.ts'

function codeAt(secret: string, at: number): Promise<string> {
  return generate({ secret, epoch: at / 1000 })
}

for (const engine of ENGINES) {
  suite(`second factors on ${engine}`, () => {
    let people: People
    let users: Users
    before(async () => {
      people = await People.on(engine)
      ;({ users } = people)
    })
    after(() => people[Symbol.asyncDispose]())

    /** Somebody whose signing in asks for a code. */
    async function cautious() {
      const { email, account } = await people.owner()
      const { current, token } = await people.session(email)
      const begun = await users.beginTotp(current)
      assert.ok(begun)
      const confirmed = await users.confirmTotp(current, await codeAt(begun.secret, people.now))
      assert.ok(confirmed.ok)
      people.now += 30_000
      return { email, account, current, token, ...begun, codes: confirmed.codes }
    }
    async function pending(email: string): Promise<string> {
      const signedIn = await people.signIn(email)
      assert.ok(signedIn.ok && signedIn.needs === 'code')
      assert.equal(await users.current(signedIn.token), undefined)
      return signedIn.token
    }

    test('a second factor holds from its first code on, and ends the sessions begun without', async () => {
      const { email, account } = await people.owner()
      const { current, token } = await people.session(email)
      const other = await people.session(email)
      const replaced = await users.beginTotp(current)
      const begun = await users.beginTotp(current)
      assert.ok(begun && replaced)
      assert.match(begun.uri, /^otpauth:\/\/totp\/Hikyaku:person-\d+%40example\.com\?secret=[A-Z2-7]{32}&/)
      assert.equal((await people.signIn(email)).ok, true)
      const wrong = { ok: false, why: 'wrong' }
      assert.deepEqual(await users.confirmTotp(current, await codeAt(replaced.secret, people.now)), wrong)
      assert.deepEqual(await users.confirmTotp(current, '12345'), wrong)
      assert.deepEqual(await users.secondFactor(account), { enabled: false, codesLeft: 0 })
      assert.ok((await users.confirmTotp(current, await codeAt(begun.secret, people.now))).ok)
      assert.deepEqual(await users.secondFactor(account), { enabled: true, codesLeft: 10 })
      assert.equal(await users.current(other.token), undefined)
      assert.ok(await users.current(token))
      assert.equal(await users.beginTotp(current), undefined)
    })

    test('a code completes a sign-in, once', async () => {
      const { email, secret } = await cautious()
      const first = await pending(email)
      const second = await pending(email)
      const code = await codeAt(secret, people.now)
      const both = await Promise.all([first, second].map((token) => users.signInCode(token, code)))
      const [in_] = both.filter(({ ok }) => ok)
      assert.equal(both.filter(({ ok }) => ok).length, 1)
      assert.ok(in_?.ok && (await users.current(in_.token)))
      assert.equal(await users.current(first), undefined, 'the token of the password alone')
      const earlier = await codeAt(secret, people.now - 30_000)
      for (const text of [code, earlier]) assert.equal((await users.signInCode(second, text)).ok, false)
      people.now += 60_000
      assert.equal((await users.signInCode(second, await codeAt(secret, people.now + 30_000))).ok, true)
    })

    test('a code is of this time or thirty seconds away, and the sign-in waits ten minutes', async () => {
      const { email, secret } = await cautious()
      const token = await pending(email)
      for (const away of [-90_000, 90_000])
        assert.equal((await users.signInCode(token, await codeAt(secret, people.now + away))).ok, false)
      people.now += 600_000
      assert.deepEqual(await users.signInCode(token, await codeAt(secret, people.now)), {
        ok: false,
        why: 'none',
      })
    })

    test('codes are guessed five times, and then one in five minutes', async () => {
      const { email, secret } = await cautious()
      const token = await pending(email)
      for (let n = 0; n < 5; n += 1)
        assert.deepEqual(await users.signInCode(token, '0000000'), { ok: false, why: 'wrong' })
      const right = await codeAt(secret, people.now)
      assert.deepEqual(await users.signInCode(token, right), { ok: false, why: 'too-often', wait: 300_000 })
      assert.equal((await users.signInCode(token, 'aaaaa-aaaaa')).ok, false)
    })

    test('a code on paper opens once, however it is written; new ones take the place of all', async () => {
      const { email, account, current, codes } = await cautious()
      const [code = '', another = ''] = codes
      assert.match(code, /^[0-9a-z]{5}-[0-9a-z]{5}$/)
      const written = ` ${code.toUpperCase().replace('-', ' ')}`
      assert.ok((await users.signInCode(await pending(email), written)).ok)
      assert.deepEqual(await users.signInCode(await pending(email), code), { ok: false, why: 'wrong' })
      assert.deepEqual(await users.secondFactor(account), { enabled: true, codesLeft: 9 })
      const proof = { password: PASSWORD, address: '203.0.113.9' }
      assert.equal((await users.renewRecoveryCodes(current, { ...proof, password: 'x' })).ok, false)
      const renewed = await users.renewRecoveryCodes(current, proof)
      assert.ok(renewed.ok)
      assert.equal((await users.signInCode(await pending(email), another)).ok, false)
      assert.ok((await users.signInCode(await pending(email), renewed.codes[0] ?? '')).ok)
    })

    test('the second factor ends with the password, or by an owner link', async () => {
      const { email, current } = await cautious()
      const proof = { password: PASSWORD, address: '203.0.113.9' }
      assert.equal((await users.removeTotp(current, { ...proof, password: 'x' })).ok, false)
      await pending(email)
      assert.deepEqual(await users.removeTotp(current, proof), { ok: true })
      await people.session(email)
      const other = await cautious()
      await people.owner('acme', other.email)
      await people.session(other.email)
    })

    test('a sign-in that waits for its code ends with a change of password', async () => {
      const { email, current, secret } = await cautious()
      const token = await pending(email)
      const change = { current, address: '203.0.113.9', password: PASSWORD, wanted: 'a new one that is long' }
      assert.deepEqual(await users.changePassword(change), { ok: true })
      assert.deepEqual(await users.signInCode(token, await codeAt(secret, people.now)), {
        ok: false,
        why: 'none',
      })
    })
  })
}
