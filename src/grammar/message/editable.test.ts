import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { editableFinder, editableLeaves, quotedPrintable, repaired, spliced } from './index.ts'
import type { Splice } from './index.ts'

const LIMITS = { depth: 10, parts: 100, headerBytes: 65_536, leafBytes: 100_000 }
const HTML = 'text/html'

/** The message with `more` after each leaf that is found. */
function edited(message: string | Buffer, more: string): string {
  const bytes = Buffer.from(message)
  const leaves = editableLeaves(bytes, HTML, LIMITS)
  const edits = leaves.flatMap((leaf) => {
    const { length } = leaf.content
    return leaf.edits([{ start: length, end: length, by: Buffer.from(more) }])
  })
  return repaired(bytes, edits).toString()
}

function found(message: string): readonly string[] {
  return editableLeaves(Buffer.from(message), HTML, LIMITS).map(({ content }) => content.toString())
}

const ALTERNATIVE = [
  'Subject: x',
  'Content-Type: multipart/alternative; boundary="b"',
  '',
  'preamble',
  '--b',
  'Content-Type: text/plain',
  '',
  'plain',
  '--b',
  'Content-Type: text/html; charset="UTF-8"',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  '<p>=E3=81=8B=',
  '=20na',
  '--b--',
  'epilogue',
].join('\r\n')

test('a leaf is found decoded, and gets other octets in the encoding it had; lines without them stay', () => {
  const [leaf, ...others] = editableLeaves(Buffer.from(ALTERNATIVE), HTML, LIMITS)
  assert.deepEqual([leaf?.charset, leaf?.content.toString(), others.length], ['utf-8', '<p>か na', 0])
  assert.equal(edited(ALTERNATIVE, '!'), ALTERNATIVE.replace('na\r\n', 'na=\r\n!\r\n'))
})

test('base64 stays base64', () => {
  const message = `Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n${btoa('<p>a')}\r\n`
  assert.equal(edited(message, 'b'), message.replace(btoa('<p>a'), btoa('<p>ab')))
})

test('what is not encoded stays so, unless a line becomes too long', () => {
  const message = 'Content-Type: text/html\r\nX: y\r\n\r\n<p>a=b'
  assert.equal(edited(message, 'c'), `${message}c`)
  const long = edited(message, 'c'.repeat(1_000))
  assert.match(
    long,
    /^Content-Type: text\/html\r\nX: y\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>a=3Db/,
  )
  assert.deepEqual(found(long), [`<p>a=b${'c'.repeat(1_000)}`])
})

test('the message comes in pieces of any size', () => {
  const finder = editableFinder(HTML, LIMITS)
  for (const octet of Buffer.from(ALTERNATIVE)) finder.write(Buffer.from([octet]))
  assert.deepEqual(
    finder.end().map(({ content }) => content.toString()),
    ['<p>か na'],
  )
})

function within(type: string, part: string): string {
  return `Content-Type: ${type}; boundary=x\r\n\r\n--x\r\n${part}\r\n--x--\r\n`
}

const PART = 'Content-Type: text/html\r\n\r\n<p>'
const LEFT: readonly (readonly [string, string])[] = [
  ['signed', within('multipart/signed', PART)],
  ['encrypted', within('multipart/encrypted', PART)],
  ['signed further out', within('multipart/signed', within('multipart/mixed', PART).replaceAll('x', 'y'))],
  ['attached', within('multipart/mixed', `Content-Disposition: ATTACHMENT; filename=a.html\r\n${PART}`)],
  ['in a message within', within('multipart/mixed', `Content-Type: message/rfc822\r\n\r\n${PART}`)],
  ['of a message with a DKIM signature', `DKIM-Signature: v=1; a=rsa-sha256\r\n${PART}`],
  [
    'of an encoding that nobody knows',
    'Content-Type: text/html\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\n<p>',
  ],
  ['plain text', 'Content-Type: text/plain\r\n\r\n<p>'],
  ['too large', `Content-Type: text/html\r\n\r\n${'a\r\n'.repeat(40_000)}`],
  ['too deep', deep(12)],
]
function deep(levels: number): string {
  return levels === 0 ? PART : within('multipart/mixed', deep(levels - 1)).replaceAll('x', `x${levels}`)
}
for (const [name, message] of LEFT)
  test(`HTML that is ${name} is not found`, () => assert.deepEqual(found(message), []))

test('HTML that is shown within another part is found', () => {
  assert.deepEqual(found(within('multipart/related', `Content-Disposition: inline\r\n${PART}`)), ['<p>'])
})

/** Places in a content of that length, in order and apart, with what is put there. */
function splicesIn(length: number, cuts: readonly number[], texts: readonly string[]): readonly Splice[] {
  const at = cuts.map((cut) => cut % (length + 1)).toSorted((a, b) => a - b)
  return texts
    .slice(0, Math.floor(at.length / 2))
    .map((text, i) => ({ start: at[2 * i] ?? 0, end: at[2 * i + 1] ?? 0, by: Buffer.from(text) }))
}

const TEXT = fc.array(
  fc.oneof(fc.string(), fc.constantFrom('\r\n', ' \r\n', '春', '=', '\t', 'x'.repeat(80), '\x1b')),
  { maxLength: 20 },
)

for (const encoding of ['quoted-printable', 'base64', '8bit'])
  test(`what is put into ${encoding} stands there when it is decoded, and no line is too long`, () => {
    fc.assert(
      fc.property(
        TEXT,
        fc.array(fc.nat(), { maxLength: 8 }),
        fc.array(fc.string(), { maxLength: 4 }),
        (pieces, cuts, texts) => {
          const content = Buffer.from(pieces.join(''))
          const body =
            encoding === 'quoted-printable'
              ? quotedPrintable(content)
              : encoding === 'base64'
                ? Buffer.from(content.toString('base64'))
                : content
          const head = Buffer.from(
            `Content-Type: text/html\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`,
          )
          const message = Buffer.concat([head, body])
          const [leaf] = editableLeaves(message, HTML, LIMITS)
          assert.ok(leaf)
          assert.deepEqual(leaf.content, content)
          const splices = splicesIn(content.length, cuts, texts)
          const made = repaired(message, leaf.edits(splices))
          assert.deepEqual(editableLeaves(made, HTML, LIMITS)[0]?.content, spliced(content, splices))
          if (encoding !== 'quoted-printable') return
          assert.ok(
            made
              .toString('latin1')
              .split('\r\n')
              .every((line) => line.length <= 76),
          )
        },
      ),
      { numRuns: 300 },
    )
  })
