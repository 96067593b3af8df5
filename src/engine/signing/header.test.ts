import assert from 'node:assert/strict'
import { test } from 'node:test'

import { canonicalFields, cover, fieldsNamed } from './header.ts'

test('the example of RFC 6376 §3.4.5', () => {
  const header = 'A: X\r\nB : Y\t\r\n\tZ  \r\n'
  assert.equal(canonicalFields(fieldsNamed(header, new Set(['a', 'b'])), ['a', 'b']), 'a:X\r\nb:Y Z\r\n')
})

test('repeated fields are taken from the bottom, and one too many is nothing', () => {
  const fields = fieldsNamed('X: 1\r\nY: 2\r\nX: 3\r\nx: 4\r\n', new Set(['x', 'y']))
  assert.equal(canonicalFields(fields, ['x', 'y', 'x', 'x', 'x', 'y']), 'x:4\r\ny:2\r\nx:3\r\nx:1\r\n')
})

const namesOf = (header: string): string => cover(header).names.join(':')

test('the fields that say who, what and how are oversigned even when absent', () => {
  assert.equal(
    namesOf('From: a@example.com\r\nSubject: x\r\n'),
    'from:from:to:cc:subject:subject:date:message-id:reply-to:in-reply-to:references:mime-version:content-type:' +
      'content-transfer-encoding',
  )
})

test('each instance of a repeated field is covered, and one more', () => {
  assert.match(namesOf('To: a\r\nFrom: b\r\nTo: c\r\n'), /^from:from:to:to:to:cc:/)
})

test('unsubscription is oversigned where there is any, and left to mailing lists where there is none', () => {
  const header =
    'List-Unsubscribe: <https://example.com/u>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n'
  assert.match(
    namesOf(header),
    /:list-unsubscribe:list-unsubscribe:list-unsubscribe-post:list-unsubscribe-post$/,
  )
  assert.doesNotMatch(namesOf('From: a\r\n'), /list-/)
})

test('other List-* and Resent-* fields are covered once for each there is', () => {
  assert.match(namesOf('List-Id: <l>\r\nResent-To: b\r\nResent-To: a\r\n'), /:list-id:resent-to:resent-to$/)
})

test('what other hosts write or lists replace is not covered', () => {
  assert.doesNotMatch(
    namesOf('Received: x\r\nReturn-Path: <>\r\nSender: s\r\nBcc: b\r\n'),
    /received|path|sender|bcc/,
  )
})

test('octets that only look like white space stay', () => {
  const à = Buffer.from('From: à\r\n').toString('latin1')
  assert.ok(cover(à).canonical.startsWith(Buffer.from('from:à\r\n').toString('latin1')))
})

const ODD: readonly (readonly [string, string, string])[] = [
  ['a field folded several times', 'Subject: a \r\n\t b\r\n  c \t\r\n', 'subject:a b c\r\n'],
  ['a folded line of nothing but white space', 'Subject: a\r\n \r\n b\r\n', 'subject:a b\r\n'],
  ['an empty value', 'Subject:\r\n', 'subject:\r\n'],
  ['a value of white space', 'Subject: \t \r\n', 'subject:\r\n'],
  ['white space before the colon', 'Subject\t : a\r\n', 'subject:a\r\n'],
  ['a colon in the value', 'Subject: a: b :c\r\n', 'subject:a: b :c\r\n'],
  ['no CRLF at the end', 'Subject: a', 'subject:a\r\n'],
  ['a bare CR and a bare LF', 'Subject: a\rb\nc\r\n', 'subject:a\rb\nc\r\n'],
  ['a line that is no field before it', 'nonsense\r\nSubject: a\r\n', 'subject:a\r\n'],
  ['a continuation of nothing before it', ' lost\r\nSubject: a\r\n', 'subject:a\r\n'],
  ['names of the prototype', '__proto__: x\r\nconstructor: y\r\nSubject: a\r\n', 'subject:a\r\n'],
]
for (const [name, header, expected] of ODD) {
  test(`header with ${name}`, () => assert.equal(cover(header).canonical, expected))
}
