import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { parseResolvConf, parseServer, systemServers } from './servers.ts'

test('a server is an address with or without a port', () => {
  const port = 53
  assert.deepEqual(parseServer('192.0.2.1'), { address: '192.0.2.1', port, trusted: false })
  assert.deepEqual(parseServer('127.0.0.1:5353'), { address: '127.0.0.1', port: 5353, trusted: true })
  assert.deepEqual(parseServer('2001:db8::1'), { address: '2001:db8::1', port, trusted: false })
  assert.deepEqual(parseServer('[::1]:5353'), { address: '::1', port: 5353, trusted: true })
  assert.deepEqual(parseServer('[2001:db8::1]'), { address: '2001:db8::1', port, trusted: false })
  for (const text of [
    '',
    'dns.example.com',
    '192.0.2.1:',
    '192.0.2.1:0',
    '192.0.2.1:65536',
    '[::1',
    '[::1]:x',
    '1.2.3',
  ]) {
    assert.equal(parseServer(text), undefined, text)
  }
})

test('resolv.conf gives three servers, and says whether to trust them', () => {
  const text = [
    '# comment',
    'search example.com',
    'nameserver 192.0.2.1',
    ' nameserver\t2001:db8::1 # office',
    'nameserver dns.example.com',
    ';nameserver 192.0.2.9',
    'nameserver 127.0.0.53',
    'nameserver 192.0.2.4',
  ].join('\n')
  assert.deepEqual(
    parseResolvConf(text).map(({ address, trusted }) => `${address} ${trusted}`),
    ['192.0.2.1 false', '2001:db8::1 false', '127.0.0.53 true'],
  )
  assert.ok(parseResolvConf(`${text}\noptions edns0 trust-ad`).every(({ trusted }) => trusted))
})

test('without a file, or without a server in it, this machine is asked', () => {
  const dir = mkdtempSync(join(tmpdir(), 'hikyaku-dns-'))
  const local = [{ address: '127.0.0.1', port: 53, trusted: true }]
  assert.deepEqual(systemServers(join(dir, 'missing')), local)
  writeFileSync(join(dir, 'resolv.conf'), 'search example.com\n')
  assert.deepEqual(systemServers(join(dir, 'resolv.conf')), local)
  rmSync(dir, { recursive: true })
})
