import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Claimed } from '#engine/spool'
import { loadConfig } from '#platform/config'
import type { Config } from '#platform/config'
import { serverKey } from '#platform/secret'

import { offeredBy } from './offered.ts'
import { unsubscribing } from './unsubscribing.ts'

const MX = '[listeners.mx]\nkind = "mx"\n[queue]\nreturn_path_domain = "bounce.example.com"\n'

function configOf(toml: string): Config {
  const loaded = loadConfig({ path: 'x', env: {}, readFile: () => toml, hostname: 'mx.example.com' })
  assert(loaded.ok, loaded.ok ? '' : loaded.problems.join('\n'))
  return loaded.config
}

test('marketing is offered it by default, other streams when they ask, nobody where none would read it', () => {
  const cases: readonly (readonly [toml: string, stream: string, isOffered: boolean])[] = [
    [MX, 'marketing', true],
    [MX, 'transactional', false],
    [MX, 'news', false],
    [`${MX}[streams.news]\nlist_unsubscribe = "mail"`, 'news', true],
    [`${MX}[streams.news]\nlist_unsubscribe = "mail"`, 'marketing', true],
    [`${MX}[streams.news]\nkind = "marketing"`, 'news', true],
    [`${MX}[streams.news]\nkind = "marketing"\nlist_unsubscribe = "none"`, 'news', false],
    [`${MX}[streams.marketing]\nkind = "transactional"`, 'marketing', false],
    [`${MX}[streams.marketing]\nweight = 3`, 'marketing', true],
    [`${MX}[streams.marketing]\nlist_unsubscribe = "none"`, 'marketing', false],
    ['[listeners.mx]\nkind = "mx"', 'marketing', false],
    ['[queue]\nreturn_path_domain = "bounce.example.com"', 'marketing', false],
  ]
  for (const [toml, stream, isOffered] of cases) {
    const expected = isOffered ? 'bounce.example.com' : undefined
    assert.equal(offeredBy(configOf(toml), stream), expected, `${stream}: ${toml}`)
  }
})

test('mail from the null reverse-path gets no field', () => {
  const parts = { config: () => configOf(MX), key: serverKey(Buffer.alloc(32, 1)), secret: Buffer.from('x') }
  const made = (from: unknown): unknown =>
    unsubscribing(parts)({
      message: { from, organization: 'acme', stream: 'marketing' },
      delivery: { key: { message: '0ab3xk9m2pq', n: 0 }, to: { local: 'a', domain: 'example.com' } },
    } as unknown as Claimed)
  assert.equal(made(null), undefined)
  assert.match(String(made({ local: 'shop', domain: 'example.org' })), /^List-Unsubscribe:/)
})
