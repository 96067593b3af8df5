import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { serverKey } from '#platform/secret'
import { openAccounts } from '#product/account'

import { ENGINES, testControl } from '../../../test/control.ts'
import type { TestControl } from '../../../test/control.ts'

import { openDomains, openReturnPaths } from './index.ts'
import type { Domains, Look, MakeKeyPairs, ReturnPaths, Status } from './index.ts'

const key = serverKey(Buffer.alloc(32, 9))

const keyPairs: MakeKeyPairs = async () => [
  { algorithm: 'ed25519-sha256', privateKey: 'x', record: 'v=DKIM1; p=x' },
]

for (const engine of ENGINES) {
  suite(`return paths below domains on ${engine}`, () => {
    let control: TestControl
    let domains: Domains
    let paths: ReturnPaths
    before(async () => {
      control = await testControl(engine)
      const connection = control.open()
      const accounts = await openAccounts(connection, key, () => 0)
      await accounts.addOrganization('acme')
      const node = { name: 'mail.example.net', returnPathDomain: 'bounce.example.net' }
      domains = await openDomains(connection, key, { now: () => 0, node, keyPairs })
      paths = await openReturnPaths(control.open())
    })
    after(() => control[Symbol.asyncDispose]())

    async function seen(name: string, status: Status): Promise<void> {
      const view = await domains.show('acme', name)
      assert.ok(view)
      const [record] = view.records.filter(({ type }) => type === 'CNAME')
      assert.deepEqual([record?.name, record?.value], [`hk-bounce.${name}`, 'bounce.example.net'])
      const { type, purpose, by, required } = record!
      const look: Look = { statuses: [{ name: record!.name, type, purpose, by, required, status }] }
      await domains.settle(view.domain, look)
      await paths.refresh()
    }

    test('a name is used while the DNS leads to us, for the domain and those below it, of its organization', async () => {
      await domains.add({ organization: 'acme', name: 'author.example', verified: true })
      await seen('author.example', 'missing')
      assert.equal(paths.of('acme', 'author.example'), undefined)
      await seen('author.example', 'ok')
      assert.equal(paths.of('acme', 'author.example'), 'hk-bounce.author.example')
      assert.equal(paths.of('acme', 'news.author.example'), 'hk-bounce.author.example')
      assert.equal(paths.of('globex', 'author.example'), undefined)
      assert.equal(paths.of('acme', 'other.example'), undefined)
      assert.ok(paths.names.has('hk-bounce.author.example'))
      await seen('author.example', 'unknown')
      assert.ok(paths.of('acme', 'author.example'), 'a DNS that does not answer changes nothing')
      await seen('author.example', 'wrong')
      assert.equal(paths.of('acme', 'author.example'), undefined)
      assert.ok(!paths.names.has('hk-bounce.author.example'))
    })
  })
}
