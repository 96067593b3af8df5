import assert from 'node:assert/strict'
import { test } from 'node:test'

import { NO_CAPABILITIES, parseCapabilities } from './capability.ts'
import type { Capabilities } from './capability.ts'
import { REPLY_LIMITS, ReplyParser } from './client-reply.ts'

function capabilities(...lines: string[]): Capabilities {
  return parseCapabilities({ code: 250, lines: ['mx.example.com greets you', ...lines] })
}

test('a server with everything', () => {
  const all = capabilities(
    'PIPELINING',
    'SIZE 35882577',
    '8BITMIME',
    'STARTTLS',
    'AUTH PLAIN LOGIN plain',
    'ENHANCEDSTATUSCODES',
    'CHUNKING',
    'BINARYMIME',
    'SMTPUTF8',
    'DSN',
    'DELIVERBY 240',
    'FUTURERELEASE 86400 2026-12-31T23:59:59Z',
    'MT-PRIORITY MIXER',
    'REQUIRETLS',
    'LIMITS RCPTMAX=100 MAILMAX=20 RCPTDOMAINMAX=1',
  )
  assert.deepEqual(all, {
    host: 'mx.example.com',
    pipelining: true,
    eightBitMime: true,
    binaryMime: true,
    chunking: true,
    smtputf8: true,
    dsn: true,
    startTls: true,
    requireTls: true,
    enhancedStatusCodes: true,
    mtPriority: true,
    size: 35_882_577,
    auth: ['PLAIN', 'LOGIN'],
    deliverBy: 240_000,
    futureRelease: 86_400_000,
    limits: { mailMax: 20, rcptMax: 100, rcptDomainMax: 1 },
  })
})

test('a server with nothing', () => {
  assert.deepEqual(parseCapabilities({ code: 250, lines: [''] }), NO_CAPABILITIES)
})

test('keywords are not told apart by case, and the first of two counts', () => {
  const { pipelining, size } = capabilities('pipelining', 'Size 10', 'SIZE 20')
  assert(pipelining)
  assert.equal(size, 10)
})

for (const [line, size] of [
  ['SIZE', Infinity],
  ['SIZE 0', Infinity],
  ['SIZE 000', Infinity],
  ['SIZE -1', Infinity],
  ['SIZE 1e30', Infinity],
  ['SIZE 0x10', Infinity],
  ['SIZE ten', Infinity],
  ['SIZE 10 20', Infinity],
  ['SIZE 123456789012345678901', Infinity],
  ['SIZE 99999999999999999999', 1e20],
  ['SIZE 1', 1],
  ['8BITMIME', undefined],
] as const) {
  test(`${line} means ${size}`, () => {
    assert.equal(capabilities(line).size, size)
  })
}

test('junk in other parameters is as if not said', () => {
  const odd = capabilities(
    'LIMITS MAILMAX=0 RCPTMAX=-5 RCPTDOMAINMAX=1e9 X',
    'DELIVERBY soon',
    'FUTURERELEASE',
  )
  assert.deepEqual(odd.limits, {})
  assert.equal(odd.deliverBy, 0)
  assert.equal(odd.futureRelease, 0)
})

test('AUTH=LOGIN of old servers counts', () => {
  assert.deepEqual(capabilities('AUTH=LOGIN PLAIN', 'AUTH CRAM-MD5 LOGIN').auth, [
    'LOGIN',
    'PLAIN',
    'CRAM-MD5',
  ])
})

test('keywords named as properties of objects are keywords like others', () => {
  assert.deepEqual(capabilities('__proto__ x', 'constructor', 'toString'), {
    ...NO_CAPABILITIES,
    host: 'mx.example.com',
  })
})

test('ten thousand keywords never become capabilities: the reply is refused first', () => {
  const parser = new ReplyParser()
  parser.push(Buffer.from(`250-mx\r\n${'250-X-JUNK\r\n'.repeat(10_000)}250 SIZE 1\r\n`))
  assert.deepEqual(parser.next(), { kind: 'error', error: 'too-many-lines' })
  assert.equal(REPLY_LIMITS.lines, 100)
})
