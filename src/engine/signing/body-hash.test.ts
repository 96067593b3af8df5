import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'

import fc from 'fast-check'

import { BodyHash } from './body-hash.ts'

function hashOf(...chunks: readonly string[]): string {
  const hash = new BodyHash()
  for (const chunk of chunks) hash.update(Buffer.from(chunk, 'latin1'))
  return hash.digest()
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('base64')
}

/** RFC 6376 §3.4.4 word for word, with no regard for time or memory. */
function relaxedBody(body: string): string {
  const lines = body.split('\r\n').map((line) => line.replaceAll(/[ \t]+/g, ' ').replace(/ $/, ''))
  while (lines.at(-1) === '') lines.pop()
  return lines.map((line) => `${line}\r\n`).join('')
}

test('the example of RFC 6376 §3.4.5', () => {
  assert.equal(hashOf(' C \r\nD \t E\r\n\r\n\r\n'), sha256(' C\r\nD E\r\n'))
})

test('the empty body has the hash of RFC 6376 §3.4.4', () => {
  const empty = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='
  for (const body of ['', '\r\n', '\r\n\r\n\r\n', ' ', '\t \r\n \r\n', '\r\n '])
    assert.equal(hashOf(body), empty)
})

const CASES: readonly (readonly [string, string, string])[] = [
  ['a missing last CRLF is added', 'a', 'a\r\n'],
  ['one last CRLF stays', 'a\r\n', 'a\r\n'],
  ['trailing empty lines go', 'a\r\n\r\n \r\n\t', 'a\r\n'],
  ['empty lines within stay', 'a\r\n\r\n\r\nb', 'a\r\n\r\n\r\nb\r\n'],
  ['a leading empty line stays', '\r\na', '\r\na\r\n'],
  ['leading white space becomes one space', '\t  a', ' a\r\n'],
  ['a lone TAB becomes a space', 'a\tb', 'a b\r\n'],
  ['white space before the line end goes', 'a \r\nb\t\r\n', 'a\r\nb\r\n'],
  ['a bare LF ends no line', 'a \nb\n', 'a \nb\n\r\n'],
  ['a bare CR ends no line', 'a \rb\r', 'a \rb\r\r\n'],
  ['CR CR LF is a CR and a line end', 'a\r\r\nb', 'a\r\r\nb\r\n'],
  ['a no-break space in UTF-8 is not white space', 'a\xc2\xa0\r\n', 'a\xc2\xa0\r\n'],
]
for (const [name, body, expected] of CASES) {
  test(`${name}, however the body is cut`, () => {
    assert.equal(hashOf(body), sha256(expected))
    assert.equal(hashOf(...body.split('')), sha256(expected), 'octet by octet')
    for (let at = 0; at <= body.length; at += 1) {
      assert.equal(hashOf(body.slice(0, at), body.slice(at)), sha256(expected), `cut at ${at}`)
    }
  })
}

test('any body in any chunks hashes as the definition says', () => {
  const octets = fc.constantFrom(
    'a',
    'b',
    ' ',
    '\t',
    '\r\n',
    '\r',
    '\n',
    '\x00',
    '\xa0',
    '\xff',
    '  ',
    '\r\n\r\n',
  )
  const chunks = fc.array(
    fc.array(octets, { maxLength: 30 }).map((parts) => parts.join('')),
    { maxLength: 6 },
  )
  fc.assert(
    fc.property(chunks, (parts) => assert.equal(hashOf(...parts), sha256(relaxedBody(parts.join(''))))),
    { numRuns: 500 },
  )
})

test('bodies larger than any buffer within hash as the definition says', () => {
  const lines = 'x'.repeat(76)
  const bodies = [
    `  ${lines}\t\r\n`.repeat(1000),
    `a\r\n${'\r\n'.repeat(50_000)}b`,
    `${'\r\n'.repeat(30_000)} ${'c'.repeat(30_000)}`,
    `\t${'d'.repeat(8191)}\r\n${'e'.repeat(8190)}\r\n \r\n`,
    ' '.repeat(100_000),
  ]
  for (const body of bodies) {
    const expected = sha256(relaxedBody(body))
    assert.equal(hashOf(body), expected)
    for (const size of [1000, 8191, 8192, 8193, 65_536]) {
      const cut = Array.from({ length: Math.ceil(body.length / size) }, (_, i) =>
        body.slice(i * size, (i + 1) * size),
      )
      assert.equal(hashOf(...cut), expected)
    }
  }
})
