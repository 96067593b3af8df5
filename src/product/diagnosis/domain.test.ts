import assert from 'node:assert/strict'
import { test } from 'node:test'

import { checkBroken } from './domain.ts'
import type { DomainBook } from './domain.ts'

function book(...hosts: readonly string[]): DomainBook {
  return {
    domains: () => assert.fail('asked'),
    domainVerify: () => assert.fail('asked'),
    brokenTls: () => Promise.resolve(hosts.map((host) => ({ host, since: 0, until: 1, why: '' }))),
  }
}

test('hosts that get mail in clear because their TLS is broken are told', async () => {
  assert.equal((await checkBroken(book())).level, 'ok')
  const { level, text } = await checkBroken(book('a.example', 'b.example', 'c.example', 'd.example'))
  assert.deepEqual([level, text.slice(0, 7), text.includes('d.example')], ['warning', '4 hosts', false])
})
