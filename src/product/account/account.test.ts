/** What holds for organizations, credentials and logins on either engine. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { inspect } from 'node:util'

import { scramVerifier } from '#grammar/sasl'
import type { Log } from '#platform/log'
import { SecretError, serverKey } from '#platform/secret'

import { ENGINES, testControl } from '../../../test/control.ts'
import type { TestControl } from '../../../test/control.ts'

import { AccountError, openAccounts, openAuthenticator } from './index.ts'
import type { Accounts, Authenticator } from './index.ts'

const key = serverKey(Buffer.alloc(32, 7))

function failsWith(code: AccountError['code']): (error: unknown) => boolean {
  return (error) => error instanceof AccountError && error.code === code
}

function silentLog(): Log {
  const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log }
  return log
}

function isForeign(error: unknown): boolean {
  return error instanceof SecretError && error.code === 'foreign'
}

for (const engine of ENGINES) {
  suite(`accounts on ${engine}`, () => {
    let control: TestControl
    let accounts: Accounts
    let authenticator: Authenticator
    let now = Date.UTC(2026, 10, 22)
    /** Past the age of any cache. */
    const later = (): void => void (now += 1000)

    before(async () => {
      control = await testControl(engine)
      accounts = await openAccounts(control.open(), key, () => now)
      // A connection of its own: the server, while a command changes things.
      authenticator = await openAuthenticator(control.open(), key, { now: () => now, log: silentLog() })
      await accounts.addOrganization('acme')
      await accounts.addOrganization('globex')
    })
    after(async () => {
      await authenticator.close()
      await control[Symbol.asyncDispose]()
    })

    const usedAt = async (login: string) =>
      (await accounts.credentials('acme')).find((credential) => credential.login === login)?.usedAt
    const issue = (organization = 'acme', note = '') =>
      accounts.addCredential({ organization, stream: 'transactional', note })

    test('there is a default organization from the start', async () => {
      const names = (await accounts.organizations()).map(({ name }) => name)
      assert.ok(names.includes('default'))
      assert.deepEqual(names, names.toSorted())
    })

    test('an organization is added once, under a plain name', async () => {
      assert.deepEqual(await accounts.addOrganization('initech-2'), { name: 'initech-2', createdAt: now })
      await assert.rejects(accounts.addOrganization('initech-2'), failsWith('taken'))
      for (const name of ['', 'Initech', '-x', 'a b', 'a/b', 'a'.repeat(64), 'é', 'a\0']) {
        await assert.rejects(accounts.addOrganization(name), failsWith('malformed'))
      }
    })

    test('a new credential logs in with its password at once, and with no other', async () => {
      const { credential, password } = await issue('acme', '請求書の送信')
      assert.match(credential.login, /^acme-[0-9a-z]{8}$/)
      assert.match(password, /^[0-9a-hjkmnp-tv-z]{26}$/)
      assert.deepEqual(await authenticator.password(credential.login, password), credential)
      const { login } = credential
      const note = '請求書の送信'
      assert.deepEqual(credential, {
        login,
        organization: 'acme',
        stream: 'transactional',
        note,
        createdAt: now,
      })
      for (const wrong of ['', password.slice(1), `${password}x`, password.toUpperCase(), '\0']) {
        assert.equal(await authenticator.password(credential.login, wrong), undefined)
      }
    })

    test('no two credentials share a login or a password', async () => {
      const issued = [await issue(), await issue(), await issue()]
      assert.equal(new Set(issued.map(({ credential }) => credential.login)).size, 3)
      assert.equal(new Set(issued.map(({ password }) => password)).size, 3)
      assert.equal(await authenticator.password(issued[0]!.credential.login, issued[1]!.password), undefined)
    })

    test('a login may be chosen, once in the whole installation', async () => {
      const request = { organization: 'acme', stream: 'marketing', note: '', login: 'app@acme.example' }
      const { password } = await accounts.addCredential(request)
      assert.equal((await authenticator.password('app@acme.example', password))?.stream, 'marketing')
      await assert.rejects(accounts.addCredential({ ...request, organization: 'globex' }), failsWith('taken'))
    })

    test('what cannot be a credential is refused with a reason', async () => {
      const good = { organization: 'acme', stream: 'transactional', note: '' }
      await assert.rejects(
        accounts.addCredential({ ...good, organization: 'nobody' }),
        failsWith('organization'),
      )
      const malformed = [
        { stream: 'A B' },
        { login: 'a,b' },
        { login: '' },
        { login: 'x'.repeat(129) },
        { note: 'a\r\nb' },
      ]
      for (const wrong of malformed) {
        await assert.rejects(accounts.addCredential({ ...good, ...wrong }), failsWith('malformed'))
      }
    })

    test('a revoked credential is refused within a second, by password and by SCRAM', async () => {
      const { credential, password } = await issue()
      assert.ok(await authenticator.password(credential.login, password))
      assert.ok(await accounts.revoke('acme', credential.login))
      later()
      assert.equal(await authenticator.password(credential.login, password), undefined)
      assert.equal((await authenticator.scram(credential.login)).credential, undefined)
      assert.equal(await accounts.revoke('acme', credential.login), false)
      const listed = (await accounts.credentials('acme')).find(({ login }) => login === credential.login)
      assert.equal(listed?.revokedAt, now - 1000)
    })

    test('two organizations never see each other', async () => {
      const { credential: ours } = await issue('acme')
      const { credential: theirs, password } = await issue('globex')
      const logins = async (organization: string) =>
        (await accounts.credentials(organization)).map(({ login }) => login)
      assert.ok((await logins('acme')).includes(ours.login))
      assert.ok(!(await logins('acme')).includes(theirs.login))
      assert.ok(!(await logins('globex')).includes(ours.login))
      assert.equal(await accounts.revoke('acme', theirs.login), false)
      later()
      assert.equal((await authenticator.password(theirs.login, password))?.organization, 'globex')
      assert.deepEqual(await accounts.credentials('nobody'), [])
    })

    test('the SCRAM verifier is the one of the password. RFC 5802 §3', async () => {
      const { credential, password } = await issue()
      const { verifier, credential: found } = await authenticator.scram(credential.login)
      assert.deepEqual(found, credential)
      assert.equal(verifier.iterations, 4096)
      assert.equal(verifier.salt.length, 16)
      const expected = scramVerifier(password, verifier.salt, verifier.iterations)
      assert.ok(Buffer.from(verifier.storedKey).equals(expected.storedKey))
      assert.ok(Buffer.from(verifier.serverKey).equals(expected.serverKey))
    })

    test('an unknown login gets a verifier that looks real and stays the same. RFC 5802 §5.1', async () => {
      const once = await authenticator.scram('acme-nobody00')
      later()
      const again = await authenticator.scram('acme-nobody00')
      const other = await authenticator.scram('acme-nobody01')
      assert.equal(once.credential, undefined)
      assert.equal(once.verifier.iterations, 4096)
      assert.equal(once.verifier.salt.length, 16)
      assert.equal(once.verifier.storedKey.length, 32)
      assert.equal(once.verifier.serverKey.length, 32)
      assert.deepEqual(
        [again.verifier.salt, again.verifier.storedKey],
        [once.verifier.salt, once.verifier.storedKey],
      )
      assert.notDeepEqual(other.verifier.salt, once.verifier.salt)
    })

    test('whatever strangers send as a login is only unknown', async () => {
      for (const login of [
        '',
        '\0',
        'a\0b',
        "' or 1=1 --",
        'x'.repeat(100_000),
        '__proto__',
        '\ud800',
        'ACME-x',
      ]) {
        assert.equal(await authenticator.password(login, 'x'), undefined)
        assert.equal((await authenticator.scram(login)).credential, undefined)
      }
    })

    test('the last use is recorded now and then, and at the end', async () => {
      const [a, b] = [await issue(), await issue()]
      const other = await openAuthenticator(control.open(), key, { now: () => now, log: silentLog() })
      await other.password(a.credential.login, 'wrong')
      await other.close()
      assert.equal(await usedAt(a.credential.login), undefined)
      await other.password(a.credential.login, a.password)
      other.used(b.credential)
      await other.close()
      assert.equal(await usedAt(a.credential.login), now)
      assert.equal(await usedAt(b.credential.login), now)
    })

    test('thousands of logins are recorded together', async () => {
      const { credential } = await issue()
      const other = await openAuthenticator(control.open(), key, { now: () => now, log: silentLog() })
      for (let i = 0; i < 2500; i += 1) other.used({ ...credential, login: `none-${i}` })
      other.used(credential)
      await other.close()
      assert.equal(await usedAt(credential.login), now)
    })

    test('a thread that records late does not set the last use back', async () => {
      const { credential } = await issue()
      const [slow, quick] = [
        await openAuthenticator(control.open(), key, { now: () => now, log: silentLog() }),
        await openAuthenticator(control.open(), key, { now: () => now + 10, log: silentLog() }),
      ]
      slow.used(credential)
      slow.used(credential)
      quick.used(credential)
      await quick.close()
      await slow.close()
      assert.equal(await usedAt(credential.login), now + 10)
    })

    test('nothing that is printed tells the password or the keys', async () => {
      const issued = await issue()
      const { verifier } = await authenticator.scram(issued.credential.login)
      for (const text of [inspect(issued, { depth: 9 }), JSON.stringify(issued)]) {
        assert.ok(!text.includes(issued.password))
        assert.ok(text.includes(issued.credential.login))
      }
      for (const text of [inspect(verifier), JSON.stringify(verifier)]) {
        assert.match(text, /storedKey"?: ?["']\[redacted\]/)
        assert.match(text, /serverKey"?: ?["']\[redacted\]/)
      }
    })

    test('another server key is refused before anything is made with it', async () => {
      const other = serverKey(Buffer.alloc(32, 8))
      await assert.rejects(
        openAccounts(control.open(), other, () => now),
        isForeign,
      )
      await assert.rejects(
        openAuthenticator(control.open(), other, { now: () => now, log: silentLog() }),
        isForeign,
      )
    })
  })
}
