import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { matchesMx, parseStsPolicy, parseStsRecord } from './index.ts'

test('a record is one text that begins with v=STSv1 and has an id. RFC 8461 §3.1', () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [['v=STSv1; id=20160831085700Z;'], 'record 20160831085700Z'],
    [['v=STSv1;id=1'], 'record 1'],
    [['v=STSv1 ; id=a1 ; later=x.y'], 'record a1'],
    [['v=spf1 -all', 'v=STSv1; id=1;'], 'record 1'],
    [[], 'none'],
    [['v=spf1 -all'], 'none'],
    [['V=STSV1; id=1'], 'none'],
    [['v=STSv10; id=1'], 'none'],
    [['v=STSv1; id=1', 'v=STSv1; id=1'], 'invalid'],
    [['v=STSv1'], 'invalid'],
    [['v=STSv1; id='], 'invalid'],
    [['v=STSv1; id=a-b'], 'invalid'],
    [[`v=STSv1; id=${'1'.repeat(33)}`], 'invalid'],
    [['v=STSv1; id=1; junk'], 'invalid'],
  ]
  for (const [texts, expected] of cases) {
    const record = parseStsRecord(texts)
    assert.equal(record.kind === 'record' ? `record ${record.id}` : record.kind, expected, texts.join(' | '))
  }
})

const EXAMPLE = [
  'version: STSv1',
  'mode: enforce',
  'mx: mail.example.com',
  'mx: *.Example.NET',
  'max_age: 604800',
]

function policyOf(...lines: readonly string[]): ReturnType<typeof parseStsPolicy> {
  return parseStsPolicy(lines.join('\r\n'))
}

test('a policy is read with either line end, and keeps its lines. RFC 8461 §3.2', () => {
  for (const text of [EXAMPLE.join('\n'), `${EXAMPLE.join('\r\n')}\r\n`, `${EXAMPLE.join('\n')}\n\n`]) {
    assert.deepEqual(parseStsPolicy(text), {
      ok: true,
      value: { mode: 'enforce', mx: ['mail.example.com', '*.example.net'], maxAge: 604_800, lines: EXAMPLE },
    })
  }
})

test('of a repeated field the first counts, and unknown ones are passed over. RFC 8461 §3.2', () => {
  const policy = policyOf(
    'mode: testing',
    'x-later: 1',
    'version:STSv1',
    'mode: enforce',
    'mx: a.example',
    'max_age: 1',
  )
  assert.ok(policy.ok)
  assert.equal(policy.value.mode, 'testing')
})

test('a policy of mode none needs no mx', () => {
  assert.ok(policyOf('version: STSv1', 'mode: none', 'max_age: 86400').ok)
})

test('what is wrong with a policy is said', () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['<html>'], /name: value/],
    [['version: STSv2', ...EXAMPLE.slice(1)], /version/],
    [EXAMPLE.slice(1), /version/],
    [[...EXAMPLE.slice(0, 1), ...EXAMPLE.slice(2)], /mode/],
    [['version: STSv1', 'mode: strict', 'mx: a.example', 'max_age: 1'], /mode/],
    [EXAMPLE.slice(0, 4), /max_age/],
    [[...EXAMPLE.slice(0, 4), 'max_age: 31557601'], /max_age/],
    [[...EXAMPLE.slice(0, 4), 'max_age: -1'], /max_age/],
    [['version: STSv1', 'mode: enforce', 'max_age: 1'], /no mx/],
    [[...EXAMPLE, 'mx: mail.*.example'], /host name/],
    [[...EXAMPLE, 'mx: *'], /host name/],
    [[...EXAMPLE, ...Array.from({ length: 100 }, (_, n) => `mx: m${n}.example`)], /more than 100/],
    [Array.from({ length: 1_001 }, () => 'x: y'), /more than 1000 lines/],
  ]
  for (const [lines, expected] of cases) {
    const policy = policyOf(...lines)
    assert.ok(!policy.ok, lines.join('|'))
    assert.match(policy.why, expected)
  }
})

test('a wildcard is one label, no more and no less. RFC 8461 §4.1', () => {
  const patterns = ['mail.example.com', '*.example.net']
  const cases: readonly (readonly [string, boolean])[] = [
    ['mail.example.com', true],
    ['a.mail.example.com', false],
    ['mx1.example.net', true],
    ['a.mx1.example.net', false],
    ['example.net', false],
    ['.example.net', false],
    ['mx1.example.net.evil.example', false],
    ['mx1xexample.net', false],
  ]
  for (const [host, expected] of cases) assert.equal(matchesMx(patterns, host), expected, host)
})

test('whatever is served, reading it ends with a policy or a reason', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom(...EXAMPLE),
    fc.string().map((value) => `mx: ${value}`),
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
      const policy = parseStsPolicy(lines.join('\n'))
      if (policy.ok) assert.ok(policy.value.mode === 'none' || policy.value.mx.length > 0)
      else assert.notEqual(policy.why, '')
    }),
  )
})
