import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { inspect } from 'node:util'

import { dkimVerify } from 'mailauth/lib/dkim/verify.js'

import { createSigner } from '#engine/signing'
import { SecretError, serverKey } from '#platform/secret'
import { openAccounts } from '#product/account'

import { ENGINES, testControl } from '../../../test/control.ts'
import type { TestControl } from '../../../test/control.ts'

import { DomainError, openDirectory, openDomains } from './index.ts'
import type { DomainDirectory, Domains, MakeKeyPairs } from './index.ts'

const key = serverKey(Buffer.alloc(32, 9))

let made = 0
/** Not keys, but as secret. RSA takes its time. */
const quickPairs: MakeKeyPairs = async () => [
  { algorithm: 'rsa-sha256', privateKey: `private ${(made += 1)}`, record: `v=DKIM1; k=rsa; p=${made}` },
  {
    algorithm: 'ed25519-sha256',
    privateKey: `private ${(made += 1)}`,
    record: `v=DKIM1; k=ed25519; p=${made}`,
  },
]

function failsWith(code: DomainError['code']): (error: unknown) => boolean {
  return (error) => error instanceof DomainError && error.code === code
}

for (const engine of ENGINES) {
  suite(`domains on ${engine}`, () => {
    let control: TestControl
    let domains: Domains
    let directory: DomainDirectory
    let now = Date.UTC(2026, 10, 22)
    const node = { name: 'mail.example.net' }

    before(async () => {
      control = await testControl(engine)
      const command = control.open()
      const accounts = await openAccounts(command, key, () => now)
      await accounts.addOrganization('acme')
      await accounts.addOrganization('globex')
      domains = await openDomains(command, key, { now: () => now, node, keyPairs: quickPairs })
      // A connection of its own: the server, while a command changes things.
      directory = await openDirectory(control.open(), key, () => now)
    })
    after(() => control[Symbol.asyncDispose]())

    const add = (organization: string, name: string, verified = true) =>
      domains.add({ organization, name, verified })
    const later = (): void => void (now += 1000)
    const selectors = async (domain: string) => (await directory.keys(domain)).map(({ selector }) => selector)

    test('a new domain has two active keys of its own and the records to publish', async () => {
      const { domain, keys, records } = await add('acme', 'NEW.example.com')
      assert.deepEqual(domain, {
        name: 'new.example.com',
        organization: 'acme',
        createdAt: now,
        verifiedAt: now,
        vouched: true,
        health: 'unchecked',
      })
      assert.deepEqual(
        keys.map(({ algorithm, state }) => [algorithm, state]),
        [
          ['rsa-sha256', 'active'],
          ['ed25519-sha256', 'active'],
        ],
      )
      assert.match(keys[0]!.selector, /^hk-[0-9a-f]{8}-rsa$/)
      assert.match(keys[1]!.selector, /^hk-[0-9a-f]{8}-ed25519$/)
      assert.deepEqual(
        records.map(({ purpose }) => purpose),
        ['dkim', 'dkim', 'spf', 'dmarc'],
      )
      assert.equal(records[0]?.name, `${keys[0]!.selector}._domainkey.new.example.com`)
      assert.equal(records[0]?.value, keys[0]!.record)
      const shown = await domains.show('acme', 'new.example.com')
      assert.deepEqual(shown?.domain, domain)
      assert.deepEqual(new Set(shown.keys), new Set(keys))
    })

    test('names are taken in any form and kept as A-labels', async () => {
      const { domain } = await add('acme', '飛脚.example.jp')
      assert.equal(domain.name, 'xn--w40al00c.example.jp')
      assert.ok(await domains.show('acme', '飛脚.EXAMPLE.jp'))
      for (const name of [
        '',
        'com',
        '[192.0.2.1]',
        'a..b',
        'a b.example',
        '-a.example',
        'a@b.example',
        'x\0.example',
      ]) {
        await assert.rejects(add('acme', name), failsWith('malformed'), name)
      }
    })

    test('a domain belongs to one organization', async () => {
      await add('acme', 'one.example.com')
      await assert.rejects(add('acme', 'one.example.com'), failsWith('taken'))
      await assert.rejects(add('globex', 'one.example.com'), failsWith('taken'))
      await assert.rejects(add('nobody', 'two.example.com'), failsWith('organization'))
      assert.equal(
        (await domains.list('globex')).some(({ name }) => name === 'one.example.com'),
        false,
      )
    })

    test('a claim has no effect, and locks nobody out', async () => {
      const { domain } = await add('globex', 'claimed.example.com', false)
      assert.equal(domain.verifiedAt, undefined)
      assert.equal(await directory.maySend('globex', 'claimed.example.com'), false)
      assert.deepEqual(await directory.keys('claimed.example.com'), [])
      await add('acme', 'claimed.example.com')
      later()
      assert.equal(await directory.maySend('acme', 'claimed.example.com'), true)
      assert.equal(await directory.maySend('globex', 'claimed.example.com'), false)
      await assert.rejects(domains.vouch('globex', 'claimed.example.com'), failsWith('taken'))
    })

    test('a claim that is verified becomes a domain', async () => {
      const { keys } = await add('acme', 'late.example.com', false)
      assert.ok(await domains.vouch('acme', 'late.example.com'))
      assert.ok(await domains.vouch('acme', 'late.example.com'), 'again')
      later()
      assert.deepEqual(
        new Set(await selectors('late.example.com')),
        new Set(keys.map(({ selector }) => selector)),
      )
      assert.equal(await domains.vouch('globex', 'late.example.com'), false)
      assert.equal(await domains.vouch('acme', 'none.example.com'), false)
    })

    test('an organization sends from its domains and what lies below them, and from nothing else', async () => {
      await add('acme', 'shop.example.org')
      const may = (domain: string) => directory.maySend('acme', domain)
      for (const domain of [
        'shop.example.org',
        'SHOP.example.org',
        'a.shop.example.org',
        'a.b.c.shop.example.org',
      ]) {
        assert.equal(await may(domain), true, domain)
      }
      const others = [
        'example.org',
        'org',
        'myshop.example.org',
        'shop.example.org.evil.example',
        '[192.0.2.1]',
        '',
        '\0',
      ]
      for (const domain of others) assert.equal(await may(domain), false, domain)
      assert.equal(await directory.maySend('globex', 'shop.example.org'), false)
    })

    test('the closest verified domain decides who sends and what signs', async () => {
      const parent = await add('acme', 'corp.example.org')
      const child = await add('globex', 'news.corp.example.org')
      later()
      assert.equal(await directory.maySend('acme', 'x.news.corp.example.org'), false)
      assert.equal(await directory.maySend('globex', 'x.news.corp.example.org'), true)
      assert.equal(await directory.maySend('globex', 'corp.example.org'), false)
      const keysOf = (view: typeof parent) => new Set(view.keys.map(({ selector }) => selector))
      assert.deepEqual(new Set(await selectors('x.news.corp.example.org')), keysOf(child))
      assert.deepEqual(new Set(await selectors('x.corp.example.org')), keysOf(parent))
      const [first] = await directory.keys('x.corp.example.org')
      assert.equal(first?.domain, 'corp.example.org')
    })

    test('two organizations never see each other', async () => {
      await add('acme', 'private.example.com')
      assert.equal(await domains.show('globex', 'private.example.com'), undefined)
      assert.ok((await domains.list('acme')).every(({ organization }) => organization === 'acme'))
      assert.ok((await domains.list('globex')).every(({ organization }) => organization === 'globex'))
      assert.deepEqual(await domains.list('nobody'), [])
    })

    test('what a command adds the server sees within a second', async () => {
      assert.equal(await directory.maySend('acme', 'soon.example.com'), false)
      await add('acme', 'soon.example.com')
      later()
      assert.equal(await directory.maySend('acme', 'soon.example.com'), true)
    })

    test('the same key stays the same object, so that it is parsed once', async () => {
      await add('acme', 'same.example.com')
      const once = await directory.keys('same.example.com')
      later()
      const again = await directory.keys('a.same.example.com')
      assert.equal(once.length, 2)
      for (const [i, dkim] of once.entries()) assert.equal(again[i], dkim)
    })

    test('private keys are neither shown nor printed', async () => {
      const view = await add('acme', 'secret.example.com')
      const keys = await directory.keys('secret.example.com')
      assert.ok(keys.every(({ privateKey }) => /^private \d+$/.test(privateKey)))
      for (const value of [view, await domains.show('acme', 'secret.example.com'), keys]) {
        assert.doesNotMatch(JSON.stringify(value), /private \d/)
        assert.doesNotMatch(inspect(value, { depth: 9 }), /private \d/)
      }
    })

    test('keys under another server key are not taken for none', async () => {
      await add('acme', 'foreign.example.com')
      const other = await openDirectory(control.open(), serverKey(Buffer.alloc(32, 1)), () => now)
      assert.equal(await other.maySend('acme', 'foreign.example.com'), true)
      await assert.rejects(
        other.keys('foreign.example.com'),
        (error) => error instanceof SecretError && error.code === 'foreign',
      )
    })
  })
}

test('what is published verifies what is signed, for a subdomain too', async (t) => {
  const control = await testControl('sqlite')
  t.after(() => control[Symbol.asyncDispose]())
  const connection = control.open()
  await openAccounts(connection, key, () => 0)
  const domains = await openDomains(connection, key, { now: () => 0, node: { name: 'mail.example.net' } })
  const { records } = await domains.add({ organization: 'default', name: 'example.com', verified: true })
  const directory = await openDirectory(connection, key, () => 0)
  const signer = createSigner({ keysOf: (domain) => directory.keys(domain) })
  const message = Buffer.from('From: a@news.example.com\r\nSubject: hello\r\n\r\nHello\r\n')
  const fields = await signer.sign({ kind: 'whole', bytes: message }, 'news.example.com', 1_795_348_800_000)
  const dns = new Map(records.map(({ name, value }) => [name, value]))
  const { results } = await dkimVerify(Buffer.concat([fields!, message]), {
    resolver: async (name) => [[dns.get(name) ?? '']],
  })
  assert.deepEqual(
    results.map(({ status, signingDomain }) => [status.result, signingDomain]),
    [
      ['pass', 'example.com'],
      ['pass', 'example.com'],
    ],
  )
})

test('a private key stands in no file of the database', async (t) => {
  const control = await testControl('sqlite')
  t.after(() => control[Symbol.asyncDispose]())
  const connection = control.open()
  await openAccounts(connection, key, () => 0)
  const options = { now: () => 0, node: { name: 'mail.example.net' }, keyPairs: quickPairs }
  await (
    await openDomains(connection, key, options)
  ).add({ organization: 'default', name: 'example.com', verified: true })
  const octets = readdirSync(control.directory).map((name) =>
    readFileSync(`${control.directory}/${name}`, 'latin1'),
  )
  assert.match(octets.join(''), /v=DKIM1; k=rsa/)
  assert.doesNotMatch(octets.join(''), /private \d|PRIVATE KEY/)
})
