import assert from 'node:assert/strict'
import { test } from 'node:test'

import { loadConfig } from '#platform/config'
import type { Config } from '#platform/config'

import { troubleOf } from './trouble.ts'
import type { Found } from './trouble.ts'

function configOf(text: string): Config {
  const loaded = loadConfig({ path: 'test.toml', env: {}, readFile: () => text, hostname: 'mx.example.org' })
  return loaded.ok ? loaded.config : assert.fail(loaded.problems.join('\n'))
}

const EMBEDDED = configOf(`
[node]
name = "mx.example.org"
data = "/var/lib/hikyaku"
[http]
port = 2080
[listeners.smtp]
port = 587`)
const SHARED = configOf(`
[node]
name = "mx.example.org"
[store]
url = "postgres://mail:secret@db.example.org/mail"`)

type Case = readonly [message: string, config: Config, found: Found, trouble: RegExp | undefined]

const cases: readonly Case[] = [
  [
    'listen EADDRINUSE: address already in use :::587',
    EMBEDDED,
    'a directory',
    /^another program listens on \[::\]:587, which \[listeners\.smtp\] asks for: "ss -ltnp sport = :587"/,
  ],
  [
    'listen EADDRINUSE: address already in use 127.0.0.1:2080',
    EMBEDDED,
    'a directory',
    /on 127\.0\.0\.1:2080, which \[http\] asks for/,
  ],
  ['listen EACCES: permission denied 0.0.0.0:25', EMBEDDED, 'a directory', /0\.0\.0\.0:25: ports below 1024/],
  [
    'listen EADDRNOTAVAIL: address not available 192.0.2.7',
    EMBEDDED,
    'a directory',
    /^192\.0\.2\.7 is no address of this machine/,
  ],
  [
    'unable to open database file',
    EMBEDDED,
    'forbidden',
    /^\/var\/lib\/hikyaku, .*may not be written by this user/,
  ],
  ["EACCES: permission denied, mkdir '/var/lib/hikyaku'", EMBEDDED, 'nothing', /cannot be made by this user/],
  ['connect ENOTDIR /var/lib/hikyaku/control.sock', EMBEDDED, 'a file', /is a file: move it away/],
  [
    'attempt to write a readonly database',
    EMBEDDED,
    'a directory',
    /"ls -la \/var\/lib\/hikyaku" shows whose/,
  ],
  [
    'ENOSPC: no space left on device, write',
    EMBEDDED,
    'a directory',
    /^no space is left where \/var\/lib\/hikyaku/,
  ],
  ['file is not a database', EMBEDDED, 'a directory', /is damaged \(file is not a database\): restore/],
  [
    'connect ECONNREFUSED 192.0.2.9:5432',
    SHARED,
    'a directory',
    /^the database of store\.url \(postgres:\/\/mail@db\.example\.org\/mail\) cannot be reached: connect/,
  ],
  ['password authentication failed for user "mail"', SHARED, 'a directory', /cannot be reached: password/],
  ['connect ECONNREFUSED 192.0.2.9:5432', EMBEDDED, 'a directory', undefined],
  ['the schema is of a later release', EMBEDDED, 'a directory', undefined],
]
for (const [message, config, found, trouble] of cases) {
  test(`an operator who meets "${message}" at ${found} ${trouble === undefined ? 'reads just that' : 'learns what to do'}`, () => {
    const told = troubleOf(message, { config, look: () => found })
    if (trouble === undefined) assert.equal(told, undefined)
    else assert.match(told ?? '', trouble)
    assert.doesNotMatch(told ?? '', /secret/)
  })
}
