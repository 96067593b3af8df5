/** What holds for users, roles, sessions, links and letters on either engine. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { ENGINES } from '../../../test/control.ts'

import { openUsers, UserError } from './index.ts'
import type { Users } from './index.ts'
import { HASHER, HOUR, KEY, PASSWORD, People } from './people.fixture.ts'

function failsWith(code: UserError['code']): (error: unknown) => boolean {
  return (error) => error instanceof UserError && error.code === code
}

for (const engine of ENGINES) {
  suite(`users on ${engine}`, () => {
    let people: People
    let users: Users
    before(async () => {
      people = await People.on(engine)
      ;({ users } = people)
    })
    after(() => people[Symbol.asyncDispose]())

    const from = (address: string) =>
      users.signIn({ email: people.newEmail(), password: PASSWORD, address, agent: '' })

    test('an owner link makes one owner, once', async () => {
      const email = people.newEmail()
      const { token, account } = await people.owner('acme', email.toUpperCase())
      assert.deepEqual(await users.member('acme', account), {
        id: account,
        email,
        name: 'Ada',
        language: 'ja',
        createdAt: people.now,
        organization: 'acme',
        role: 'owner',
        joinedAt: people.now,
      })
      assert.equal(await users.hasOwner('acme'), true)
      assert.equal(await users.hasOwner('default'), false)
      const again = { email: people.newEmail(), name: 'Eve', language: 'en', password: PASSWORD } as const
      assert.deepEqual(await users.openOwnerLink(token, again), { ok: false, why: 'link' })
    })

    test('of two who open a link at the same time one gets in', async () => {
      const token = await users.makeOwnerLink('acme')
      const both = [people.newEmail(), people.newEmail()].map((email) =>
        users.openOwnerLink(token, { email, name: 'Ada', language: 'en', password: PASSWORD }),
      )
      const opened = await Promise.all(both)
      assert.equal(opened.filter(({ ok }) => ok).length, 1)
    })

    test('an owner link ends after a day, and when there is a newer one', async () => {
      const beginner = { name: 'Ada', language: 'en', password: PASSWORD } as const
      const old = await users.makeOwnerLink('globex')
      const newer = await users.makeOwnerLink('globex')
      const other = await users.makeOwnerLink('acme')
      assert.deepEqual(await users.openOwnerLink(old, { ...beginner, email: people.newEmail() }), {
        ok: false,
        why: 'link',
      })
      people.now += 24 * HOUR - 1
      assert.ok((await users.openOwnerLink(newer, { ...beginner, email: people.newEmail() })).ok)
      people.now += 1
      assert.equal((await users.openOwnerLink(other, { ...beginner, email: people.newEmail() })).ok, false)
    })

    test('a link is not spent by what cannot be a person', async () => {
      const token = await users.makeOwnerLink('acme')
      const right = { email: people.newEmail(), name: 'Ada', language: 'en', password: PASSWORD } as const
      for (const wrong of [
        { email: 'nobody' },
        { name: ' ' },
        { name: 'a\nb' },
        { password: 'short' },
        { password: 'aaaaaaaaaaaaaaaa' },
        { password: right.email },
        { password: 'x'.repeat(257) },
      ])
        await assert.rejects(users.openOwnerLink(token, { ...right, ...wrong }), failsWith('malformed'))
      assert.ok((await users.openOwnerLink(token, right)).ok)
    })

    test('an owner link lets back in who has forgotten the password', async () => {
      const { email } = await people.owner()
      const { token } = await people.session(email)
      const link = await users.makeOwnerLink('acme')
      const password = 'another one that is long'
      assert.ok((await users.openOwnerLink(link, { email, name: 'Ada', language: 'en', password })).ok)
      assert.equal(await users.current(token), undefined)
      assert.equal((await people.signIn(email)).ok, false)
      assert.equal((await people.signIn(email, password)).ok, true)
    })

    test('who signs in is known by the token, until they sign out', async () => {
      const { email, account } = await people.owner()
      const { token, current } = await people.session(email)
      assert.equal(current.member.id, account)
      assert.equal(current.member.signedInAt, people.now)
      assert.equal(current.session.agent, 'Firefox')
      assert.deepEqual(
        (await users.sessions(account)).map(({ id }) => id),
        [current.session.id],
      )
      const stranger = await people.owner('globex')
      assert.equal(await users.endSession(stranger.account, current.session.id), false)
      assert.equal(await users.endSession(account, current.session.id), true)
      assert.equal(await users.current(token), undefined)
      assert.deepEqual(await users.sessions(account), [])
    })

    test('a wrong password, address or organization is refused, and all in the same words', async () => {
      const { email } = await people.owner()
      const wrong = { ok: false, why: 'wrong' }
      assert.deepEqual(await people.signIn(email, `${PASSWORD}x`), wrong)
      assert.deepEqual(await people.signIn(people.newEmail()), wrong)
      assert.deepEqual(await people.signIn('nobody'), wrong)
      assert.deepEqual(await people.signIn(email, PASSWORD, 'globex'), wrong)
      for (const token of ['', 'x', '\0']) assert.equal(await users.current(token), undefined)
    })

    test('the tries of one account, and from one address, are counted before anything is hashed', async () => {
      const { email } = await people.owner()
      for (let n = 0; n < 10; n += 1) assert.deepEqual((await people.signIn(email, 'wrong')).ok, false)
      const refused = await people.signIn(email)
      assert.ok(!refused.ok)
      assert.deepEqual(refused, { ok: false, why: 'too-often', wait: 60_000 })
      people.now += 60_000
      assert.ok((await people.signIn(email)).ok)
      const address = '2001:db8::1'
      for (let n = 0; n < 30; n += 1) await from(address)
      const neighbour = await from('2001:db8:0:0:ffff::2')
      assert.equal(!neighbour.ok && neighbour.why, 'too-often')
      const other = await from('2001:db8:0:1::2')
      assert.equal(!other.ok && other.why, 'wrong')
    })

    test('a session ends when it is not used for half a day, and after a week in any case', async () => {
      const { email, account } = await people.owner()
      const idle = await people.session(email)
      people.now += 12 * HOUR
      assert.equal(await users.current(idle.token), undefined)
      assert.deepEqual(await users.sessions(account), [])
      const busy = await people.session(email)
      for (let hours = 0; hours < 7 * 24 - 11; hours += 11) {
        assert.ok(await users.current(busy.token), `after ${hours} hours`)
        people.now += 11 * HOUR
      }
      people.now += 11 * HOUR
      assert.equal(await users.current(busy.token), undefined)
    })

    test('a change of password asks for the old one, and ends every session at once', async () => {
      const { email } = await people.owner()
      const first = await people.session(email)
      const second = await people.session(email)
      const change = (password: string, wanted: string) =>
        users.changePassword({ current: first.current, address: '198.51.100.7', password, wanted })
      assert.deepEqual(await change('wrong', 'a new one that is long'), { ok: false, why: 'wrong' })
      await assert.rejects(change(PASSWORD, 'short'), failsWith('malformed'))
      assert.ok(await users.current(second.token))
      assert.deepEqual(await change(PASSWORD, 'a new one that is long'), { ok: true })
      for (const { token } of [first, second]) assert.equal(await users.current(token), undefined)
      assert.equal((await people.signIn(email)).ok, false)
      assert.equal((await people.signIn(email, 'a new one that is long')).ok, true)
    })

    test('a change of role ends every session at once', async () => {
      const { email, account } = await people.owner()
      const { token } = await people.session(email)
      const was = await users.changeRole('acme', account, 'analyst')
      assert.equal(was?.role, 'owner')
      assert.equal(await users.current(token), undefined)
      assert.equal((await people.session(email)).current.member.role, 'analyst')
    })

    test('a sign-in that was under way when the password changed begins no session', async () => {
      const { email, account } = await people.owner()
      // Stands still after it has checked the old password.
      const halfway = await openUsers(people.control.open(), KEY, {
        now: () => people.now,
        hasher: {
          hash: (password) => HASHER.hash(password),
          async matches(kept, password) {
            const matches = await HASHER.matches(kept, password)
            await users.changeRole('acme', account, 'admin')
            return matches
          },
        },
      })
      const signedIn = await halfway.signIn({ email, password: PASSWORD, address: '', agent: '' })
      assert.ok(signedIn.ok)
      assert.equal(await users.current(signedIn.token), undefined)
    })

    test('an organization keeps an owner', async () => {
      const members = await users.members('globex')
      const owners = members.filter(({ role }) => role === 'owner')
      const attempts = await Promise.allSettled(
        owners.map(({ id }, n) =>
          n % 2 === 0 ? users.changeRole('globex', id, 'read-only') : users.removeMember('globex', id),
        ),
      )
      const refused = attempts.filter(({ status }) => status === 'rejected')
      assert.equal(refused.length, 1)
      const left = (await users.members('globex')).filter(({ role }) => role === 'owner')
      assert.equal(left.length, 1)
    })

    test('members are those of one organization', async () => {
      const { account } = await people.owner('acme')
      assert.equal(await users.member('globex', account), undefined)
      assert.equal(await users.changeRole('globex', account, 'admin'), undefined)
      assert.equal(await users.removeMember('globex', account), undefined)
      assert.ok(!(await users.members('globex')).some(({ id }) => id === account))
    })

    test('who belongs to two organizations moves between them, and stays when removed from one', async () => {
      const { email, account } = await people.owner('acme')
      people.now += 1
      await people.owner('globex', email)
      assert.deepEqual(await users.organizationsOf(account), ['acme', 'globex'])
      const { token, current } = await people.session(email)
      assert.equal(current.member.organization, 'acme')
      assert.equal(await users.moveSession(current, 'default'), false)
      assert.equal(await users.moveSession(current, 'globex'), true)
      assert.equal((await users.current(token))?.member.organization, 'globex')
      assert.equal((await users.removeMember('acme', account))?.organization, 'acme')
      assert.equal(await users.current(token), undefined)
      const again = await people.signIn(email)
      assert.equal(again.ok && again.member.organization, 'globex')
    })

    const newcomer = { name: 'Taro', language: 'ja', password: PASSWORD, address: '203.0.113.5' } as const
    async function invited(email: string, organization = 'acme') {
      const made = await users.invite({ organization, email, role: 'analyst', by: 'ada@example.com' })
      assert.ok(made.ok)
      return made
    }

    test('who is invited joins once, with a password of their own', async () => {
      const email = people.newEmail()
      const { invitation, token } = await invited(email)
      assert.deepEqual(invitation, {
        id: invitation.id,
        organization: 'acme',
        email,
        role: 'analyst',
        by: 'ada@example.com',
        createdAt: people.now,
        expiresAt: people.now + 7 * 24 * HOUR,
      })
      assert.ok((await users.invitations('acme')).some(({ id }) => id === invitation.id))
      assert.deepEqual(await users.invitations('globex'), [])
      await assert.rejects(
        users.acceptInvitation(token, { ...newcomer, password: 'short' }),
        failsWith('malformed'),
      )
      const both = await Promise.all([1, 2].map(() => users.acceptInvitation(token, newcomer)))
      assert.equal(both.filter(({ ok }) => ok).length, 1)
      const { current } = await people.session(email)
      assert.deepEqual([current.member.role, current.member.language], ['analyst', 'ja'])
      assert.ok(!(await users.invitations('acme')).some(({ id }) => id === invitation.id))
      const again = await users.invite({ organization: 'acme', email, role: 'admin', by: '' })
      assert.deepEqual(again, { ok: false })
    })

    test('an invitation opens nothing when it is old, withdrawn, or there is a newer one', async () => {
      const gone = { ok: false, why: 'link' }
      const email = people.newEmail()
      const first = await invited(email)
      const second = await invited(email)
      assert.deepEqual(await users.acceptInvitation(first.token, newcomer), gone)
      assert.equal(await users.withdraw('globex', second.invitation.id), undefined)
      assert.equal((await users.withdraw('acme', second.invitation.id))?.email, email)
      assert.deepEqual(await users.acceptInvitation(second.token, newcomer), gone)
      const third = await invited(email)
      people.now += 7 * 24 * HOUR
      assert.deepEqual(await users.acceptInvitation(third.token, newcomer), gone)
      assert.equal(await users.withdraw('acme', third.invitation.id), undefined)
    })

    test('who has an account accepts with its password, which stays what it is', async () => {
      const { email, account } = await people.owner('globex')
      people.now += 1
      const { token } = await invited(email)
      const wrong = await users.acceptInvitation(token, { ...newcomer, password: 'a password I choose' })
      assert.deepEqual(wrong, { ok: false, why: 'wrong' })
      assert.ok((await users.acceptInvitation(token, newcomer)).ok)
      assert.deepEqual(await users.organizationsOf(account), ['globex', 'acme'])
      assert.equal((await users.member('globex', account))?.role, 'owner')
    })

    test('a reset sets another password once, within an hour, and ends every session', async () => {
      const { email } = await people.owner()
      const { token: old } = await people.session(email)
      const asked = await users.askReset(email.toUpperCase(), '203.0.113.6')
      const other = await users.askReset(email, '203.0.113.6')
      assert.ok(asked.ok && other.ok)
      const wanted = 'another one that is long'
      await assert.rejects(users.resetPassword(asked.token, 'short'), failsWith('malformed'))
      assert.ok((await users.resetPassword(asked.token, wanted)).ok)
      assert.equal(await users.current(old), undefined)
      assert.equal((await people.signIn(email, wanted)).ok, true)
      for (const { token } of [asked, other])
        assert.deepEqual(await users.resetPassword(token, wanted), { ok: false, why: 'link' })
      people.now += 3 * HOUR
      const late = await users.askReset(email, '203.0.113.6')
      assert.ok(late.ok)
      people.now += HOUR
      assert.deepEqual(await users.resetPassword(late.token, wanted), { ok: false, why: 'link' })
    })

    test('resets of one account and from one address are counted; of nobody there are none', async () => {
      const { email } = await people.owner()
      for (let n = 0; n < 3; n += 1) assert.ok((await users.askReset(email, `198.51.100.${n}`)).ok)
      const fourth = await users.askReset(email, '198.51.100.9')
      assert.deepEqual(fourth, { ok: false, why: 'too-often', wait: 600_000 })
      const address = '198.51.100.77'
      for (let n = 0; n < 10; n += 1)
        assert.deepEqual(await users.askReset(people.newEmail(), address), { ok: false, why: 'nobody' })
      const next = await users.askReset(people.newEmail(), address)
      assert.equal(!next.ok && next.why, 'too-often')
    })

    test('who belongs nowhere any more is forgotten', async () => {
      const { email, account } = await people.owner('acme')
      assert.ok(await users.removeMember('acme', account))
      assert.equal((await people.signIn(email)).ok, false)
      const anew = await people.owner('acme', email)
      assert.notEqual(anew.account, account)
    })
  })
}
