import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { serverKey } from '#platform/secret'
import { openAccounts } from '#product/account'

import { ENGINES, testControl } from '../../../test/control.ts'
import type { TestControl } from '../../../test/control.ts'

import { DomainError, openDirectory, openDomains } from './index.ts'
import type { DomainDirectory, Domains, DomainView, Look, RecordStatus, Status } from './index.ts'

const key = serverKey(Buffer.alloc(32, 9))
const MINUTE = 60_000

function tokenOf({ records }: DomainView): string {
  return records[0]!.value
}

function look({ records }: DomainView, ownership: readonly string[], status: Status = 'ok'): Look {
  const statuses = records.map(({ name, type, purpose, by, required }): RecordStatus => {
    return { name, type, purpose, by, required, status }
  })
  return { ownership, statuses }
}

for (const engine of ENGINES) {
  suite(`ownership of domains on ${engine}`, () => {
    let control: TestControl
    let domains: Domains
    let directory: DomainDirectory
    let now = Date.UTC(2026, 10, 22)
    before(async () => {
      control = await testControl(engine)
      const connection = control.open()
      const accounts = await openAccounts(connection, key, () => now)
      await accounts.addOrganization('acme')
      await accounts.addOrganization('globex')
      const node = { name: 'mail.example.net' }
      let made = 0
      const keyPairs = async () => [
        { algorithm: 'ed25519-sha256', privateKey: `${(made += 1)}`, record: `v=DKIM1; p=${made}` } as const,
      ]
      domains = await openDomains(connection, key, { now: () => now, node, keyPairs })
      directory = await openDirectory(control.open(), key, () => now)
    })
    after(() => control[Symbol.asyncDispose]())

    const claim = (organization: string, name: string): Promise<DomainView> =>
      domains.add({ organization, name, verified: false })
    const mayBoth = async (name: string): Promise<readonly boolean[]> => {
      now += 1000
      return Promise.all(['acme', 'globex'].map((organization) => directory.maySend(organization, name)))
    }

    test('a claim asks for a record of its own, which verifies it when it is there', async () => {
      const view = await claim('acme', 'shown.example')
      const [record] = view.records
      assert.deepEqual(
        [record?.name, record?.type, record?.purpose],
        ['_hikyaku.shown.example', 'TXT', 'ownership'],
      )
      assert.match(tokenOf(view), /^hikyaku-ownership=[0-9a-f]{32}$/)
      assert.deepEqual(await mayBoth('shown.example'), [false, false])
      assert.deepEqual(await domains.settle(view.domain, look(view, ['hikyaku-ownership=0'])), [])
      const changes = await domains.settle(view.domain, look(view, ['other', tokenOf(view)]))
      assert.deepEqual(
        changes.map(({ kind }) => kind),
        ['verified'],
      )
      assert.deepEqual(await mayBoth('shown.example'), [true, false])
      const shown = await domains.show('acme', 'shown.example')
      assert.equal(shown?.domain.vouched, false)
      assert.equal(shown.domain.health, 'good')
      assert.deepEqual(
        shown.statuses.map(({ status }) => status),
        view.records.map(() => 'ok'),
      )
    })

    test('whom the operator vouches for publishes no token, and is not displaced', async () => {
      const vouched = await domains.add({ organization: 'acme', name: 'vouched.example', verified: true })
      assert.ok(vouched.records.every(({ purpose }) => purpose !== 'ownership'))
      const other = await claim('globex', 'vouched.example')
      const changes = await domains.settle(other.domain, look(other, [tokenOf(other)]))
      assert.deepEqual(changes, [
        { organization: 'globex', name: 'vouched.example', kind: 'refused', records: [] },
      ])
      assert.deepEqual(await mayBoth('vouched.example'), [true, false])
    })

    test('two tokens at once leave the domain where it is; the one that stands alone takes it over', async () => {
      const first = await claim('acme', 'sold.example')
      await domains.settle(first.domain, look(first, [tokenOf(first)]))
      const second = await claim('globex', 'sold.example')
      assert.notEqual(tokenOf(first), tokenOf(second))
      const both = look(second, [tokenOf(first), tokenOf(second)])
      assert.deepEqual(
        (await domains.settle(second.domain, both)).map(({ kind }) => kind),
        ['refused'],
      )
      const alone = await domains.settle(second.domain, look(second, [tokenOf(second)]))
      assert.deepEqual(
        alone.map(({ organization, kind }) => [organization, kind]),
        [
          ['globex', 'verified'],
          ['acme', 'lost'],
        ],
      )
      assert.deepEqual(await mayBoth('sold.example'), [false, true])
    })

    test('a token that is gone, or a DNS that does not answer, takes nothing away', async () => {
      const view = await claim('acme', 'kept.example')
      await domains.settle(view.domain, look(view, [tokenOf(view)]))
      assert.deepEqual(await domains.settle(view.domain, look(view, [])), [])
      const { ownership: _none, ...silent } = look(view, [], 'unknown')
      assert.deepEqual(await domains.settle(view.domain, silent), [])
      assert.deepEqual(await mayBoth('kept.example'), [true, false])
    })

    test('a domain that breaks is told once, when a second look confirms it, and so is its recovery', async () => {
      const view = await claim('acme', 'broken.example')
      const kinds = async (status: Status): Promise<readonly string[]> =>
        (await domains.settle(view.domain, look(view, [tokenOf(view)], status))).map(({ kind }) => kind)
      assert.deepEqual(await kinds('ok'), ['verified'])
      assert.deepEqual(await kinds('missing'), [])
      const [told] = await domains.settle(view.domain, look(view, [], 'wrong'))
      assert.equal(told?.kind, 'broken')
      assert.ok(told.records.some((record) => record.endsWith(' TXT wrong')))
      assert.deepEqual(await kinds('missing'), [])
      assert.deepEqual(await kinds('ok'), ['recovered'])
    })

    test('what is due is taken once, the longest due first, and again after its look', async () => {
      const view = await claim('globex', 'due.example')
      const names = async (): Promise<readonly string[]> =>
        (await domains.claimDue(1000)).map(({ domain }) => domain.name)
      assert.ok(!(await names()).includes('due.example'), 'not at once')
      now += 2 * MINUTE
      assert.ok((await names()).includes('due.example'))
      assert.deepEqual(await names(), [])
      await domains.settle(view.domain, look(view, []))
      now += 3 * MINUTE
      assert.ok((await names()).includes('due.example'))
    })

    test('a domain that is removed is gone with its keys, for its own organization alone', async () => {
      const view = await domains.add({ organization: 'acme', name: 'gone.example', verified: true })
      assert.equal(await domains.remove('globex', 'gone.example'), undefined)
      assert.equal((await domains.remove('acme', 'gone.example'))?.name, 'gone.example')
      assert.equal(await domains.show('acme', 'gone.example'), undefined)
      assert.deepEqual(await mayBoth('gone.example'), [false, false])
      assert.deepEqual(await directory.keys('gone.example'), [])
      assert.deepEqual(await domains.settle(view.domain, look(view, [])), [])
      await claim('globex', 'gone.example')
    })

    test('an organization claims only so many domains that nothing shows to be its', async () => {
      const accounts = await openAccounts(control.open(), key, () => now)
      await accounts.addOrganization('greedy')
      for (let i = 0; i < 100; i += 1) await claim('greedy', `d${i}.example`)
      await assert.rejects(
        claim('greedy', 'more.example'),
        (error) => error instanceof DomainError && error.code === 'limit',
      )
      await domains.vouch('greedy', 'd0.example')
      await claim('greedy', 'more.example')
    })
  })
}
