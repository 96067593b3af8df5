import assert from 'node:assert/strict'
import { test } from 'node:test'

import { relyingParty } from './relying-party.ts'

test('passkeys are for a name with TLS, or for this machine', () => {
  assert.deepEqual(relyingParty('https://mail.example.org'), {
    origin: 'https://mail.example.org',
    id: 'mail.example.org',
  })
  assert.deepEqual(relyingParty('https://mail.example.org:8443'), {
    origin: 'https://mail.example.org:8443',
    id: 'mail.example.org',
  })
  assert.deepEqual(relyingParty('http://localhost:8088'), {
    origin: 'http://localhost:8088',
    id: 'localhost',
  })
  for (const site of [
    'http://mail.example.org',
    'http://127.0.0.1:8088',
    'https://192.0.2.1',
    'https://[::1]',
  ])
    assert.equal(relyingParty(site), undefined, site)
})
