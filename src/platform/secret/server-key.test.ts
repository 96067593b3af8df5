import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'

import { openServerKey, SecretError, serverKey } from './index.ts'

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'hikyaku-secret-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

function code(expected: SecretError['code']): (error: unknown) => boolean {
  return (error) => error instanceof SecretError && error.code === expected
}

const key = serverKey(Buffer.alloc(32, 1))

test('what was sealed opens for the same purpose and context', () => {
  assert.equal(key.open('dkim', 'a', key.seal('dkim', 'a', 'geheim 鍵')), 'geheim 鍵')
})

test('the same secret is sealed differently each time', () => {
  assert.notEqual(key.seal('dkim', 'a', 'x'), key.seal('dkim', 'a', 'x'))
})

test('sealed text does not open for another context or purpose', () => {
  const sealed = key.seal('dkim', 'a', 'x')
  assert.throws(() => key.open('dkim', 'b', sealed), code('damaged'))
  assert.throws(() => key.open('scram', 'a', sealed), code('damaged'))
})

test('sealed text that was changed or cut anywhere does not open', () => {
  const sealed = key.seal('dkim', 'a', 'secret')
  const start = sealed.indexOf('.') + 1
  for (let at = start; at < sealed.length; at += 1) {
    const other = sealed[at] === 'A' ? 'Q' : 'A'
    const changed = sealed.slice(0, at) + other + sealed.slice(at + 1)
    const octets = (text: string): Buffer => Buffer.from(text.slice(start), 'base64url')
    if (!octets(changed).equals(octets(sealed)))
      assert.throws(() => key.open('dkim', 'a', changed), code('damaged'))
    assert.throws(() => key.open('dkim', 'a', sealed.slice(0, at)), code('damaged'))
  }
})

test('another key says that it is another', () => {
  const other = serverKey(Buffer.alloc(32, 2))
  assert.notEqual(other.id, key.id)
  assert.throws(() => other.open('dkim', 'a', key.seal('dkim', 'a', 'x')), code('foreign'))
})

test('what was wrapped is the same octets each time, and unwraps for its purpose alone', () => {
  const wrapped = key.wrap('unsubscribe', 'kana かな@example.com')
  assert.deepEqual(key.wrap('unsubscribe', 'kana かな@example.com'), wrapped)
  assert.equal(key.unwrap('unsubscribe', wrapped), 'kana かな@example.com')
  assert.equal(key.unwrap('dkim', wrapped), undefined)
  assert.equal(serverKey(Buffer.alloc(32, 2)).unwrap('unsubscribe', wrapped), undefined)
  assert.ok(!wrapped.includes('example'))
})

test('wrapped octets that were changed or cut anywhere do not unwrap', () => {
  const wrapped = key.wrap('unsubscribe', 'somebody')
  for (let at = 0; at < wrapped.length; at += 1) {
    const changed = Buffer.from(wrapped)
    changed[at] = (changed[at] ?? 0) ^ 1
    assert.equal(key.unwrap('unsubscribe', changed), undefined)
    assert.equal(key.unwrap('unsubscribe', wrapped.subarray(0, at)), undefined)
  }
})

test('MACs differ by purpose, text and key', () => {
  const macs = [
    key.mac('p', 't'),
    key.mac('q', 't'),
    key.mac('p', 'u'),
    serverKey(Buffer.alloc(32, 2)).mac('p', 't'),
  ]
  assert.equal(new Set(macs.map((mac) => mac.toString('hex'))).size, 4)
  assert.deepEqual(key.mac('p', 't'), macs[0])
})

test('the key file is made once, for its owner only, and nothing else is left', (t) => {
  const path = directory(t)
  const first = openServerKey(path)
  assert.equal(statSync(join(path, 'secret.key')).mode & 0o777, 0o600)
  assert.equal(openServerKey(path).id, first.id)
  assert.deepEqual(readdirSync(path), ['secret.key'])
  assert.notEqual(openServerKey(join(path, 'other')).id, first.id)
})

test('a key file that everybody can read is refused, one of the group is not', (t) => {
  const path = directory(t)
  const { id } = openServerKey(path)
  chmodSync(join(path, 'secret.key'), 0o644)
  assert.throws(() => openServerKey(path), code('exposed'))
  chmodSync(join(path, 'secret.key'), 0o660)
  assert.equal(openServerKey(path).id, id)
})

for (const content of ['', 'short', `${'A'.repeat(60)}\n`]) {
  test(`a key file of ${JSON.stringify(content)} is refused, and stays as it is`, (t) => {
    const path = directory(t)
    writeFileSync(join(path, 'secret.key'), content, { mode: 0o600 })
    assert.throws(() => openServerKey(path), code('malformed'))
    assert.equal(statSync(join(path, 'secret.key')).size, content.length)
  })
}
