import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import type { ContentFault } from './content.ts'
import { DataDecoder } from './data.ts'

type Outcome = { content: string; fault: ContentFault | undefined; rest: string | undefined }
type Newlines = 'reject' | 'normalize'

function decode(pieces: readonly Buffer[], newlines: Newlines = 'reject', limit = 1_000_000): Outcome {
  const decoder = new DataDecoder({ newlines, limit })
  const content: Buffer[] = []
  for (const [index, piece] of pieces.entries()) {
    const { slices, end } = decoder.push(piece)
    content.push(...slices)
    if (end === undefined) continue
    const rest = Buffer.concat([piece.subarray(end), ...pieces.slice(index + 1)])
    return {
      content: Buffer.concat(content).toString('latin1'),
      fault: decoder.fault,
      rest: rest.toString('latin1'),
    }
  }
  return { content: Buffer.concat(content).toString('latin1'), fault: decoder.fault, rest: undefined }
}

/** RFC 5321 §4.5.2 by the letter, with no thought of speed: lines are what CRLF ends. */
function reference(input: string, newlines: Newlines): Outcome {
  const [before, ...after] = splitOnce(`\r\n${input}`, '\r\n.\r\n')
  const raw = `${before}\r\n`.slice(2)
  const content = raw.replace(/(^|\r\n)\./g, '$1')
  const faults: [ContentFault, RegExp][] = [
    ['bare-cr', /\r(?!\n)/],
    ['bare-lf', /(?<!\r)\n/],
    ['nul', /\0/],
  ]
  const [fault] =
    faults.find(([name, found]) => found.test(content) && (name === 'nul' || newlines === 'reject')) ?? []
  return { content: content.replace(/\r\n|\r|\n/g, '\r\n'), fault, rest: after[0] }
}

function splitOnce(text: string, by: string): string[] {
  const at = text.indexOf(by)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + by.length)]
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

/** The whole, each split in two, and one octet at a time. */
function* splits(text: string): Generator<Buffer[]> {
  const whole = bytes(text)
  yield [whole]
  for (let at = 1; at < whole.length; at += 1) yield [whole.subarray(0, at), whole.subarray(at)]
  yield Array.from(whole, (octet) => Buffer.of(octet))
}

const smuggled =
  'MAIL FROM:<b@c.example>\r\nRCPT TO:<d@e.example>\r\nDATA\r\nSubject: two\r\n\r\nsmuggled\r\n.\r\nQUIT\r\n'

const terminators: [name: string, octets: string, fault: ContentFault | undefined][] = [
  ['LF . LF', '\n.\n', 'bare-lf'],
  ['LF . CRLF', '\n.\r\n', 'bare-lf'],
  ['CRLF . LF', '\r\n.\n', 'bare-lf'],
  ['CR . CR', '\r.\r', 'bare-cr'],
  ['CR . CRLF', '\r.\r\n', 'bare-cr'],
  ['CR . LF', '\r.\n', 'bare-cr'],
  ['LF . CR', '\n.\r', 'bare-cr'],
  ['CRLF . CR', '\r\n.\r', 'bare-cr'],
  ['CRLF . CRCRLF', '\r\n.\r\r\n', 'bare-cr'],
  ['CRCRLF . CRCRLF', '\r\r\n.\r\r\n', 'bare-cr'],
  ['CRLF NUL . CRLF', '\r\n\0.\r\n', 'nul'],
  ['CRLF . NUL CRLF', '\r\n.\0\r\n', 'nul'],
  ['CRLF . SP CRLF', '\r\n. \r\n', undefined],
  ['CRLF SP . CRLF', '\r\n .\r\n', undefined],
  ['LFCR . LFCR', '\n\r.\n\r', 'bare-cr'],
  ['CRLF .. CRLF', '\r\n..\r\n', undefined],
  ['VT . VT', '\v.\v', undefined],
  ['FF . CRLF', '\f.\r\n', undefined],
  ['NEL . NEL', '\x85.\x85', undefined],
  ['NEL . NEL in UTF-8', '\xc2\x85.\xc2\x85', undefined],
  ['U+2028 . U+2028', '\xe2\x80\xa8.\xe2\x80\xa8', undefined],
  ['U+2029 . CRLF', '\xe2\x80\xa9.\r\n', undefined],
  ['CRLF full-width dot CRLF', '\r\n\xef\xbc\x8e\r\n', undefined],
]

for (const [name, octets, fault] of terminators) {
  const input = `Subject: one\r\n\r\nfirst${octets}${smuggled}`
  for (const newlines of ['reject', 'normalize'] as const) {
    test(`${name} is no end of data, split anywhere (${newlines})`, () => {
      const expected = reference(input, newlines)
      for (const pieces of splits(input)) {
        const outcome = decode(pieces, newlines)
        assert.equal(outcome.rest, 'QUIT\r\n')
        assert.equal(outcome.fault, newlines === 'reject' || fault === 'nul' ? fault : undefined)
        // The smuggled commands are content, whatever becomes of it.
        if (outcome.fault === undefined) assert.equal(outcome.content, expected.content)
        if (outcome.fault === undefined) assert.match(outcome.content, /MAIL FROM:<b@c.example>/)
      }
    })
  }
}

test('CRCRLF . CRLF holds CRLF . CRLF: it ends, and its bare CR refuses it', () => {
  for (const pieces of splits('a\r\r\n.\r\nQUIT\r\n')) {
    const { fault, rest } = decode(pieces)
    assert.deepEqual({ fault, rest }, { fault: 'bare-cr', rest: 'QUIT\r\n' })
    assert.deepEqual(decode(pieces, 'normalize'), {
      content: 'a\r\n\r\n',
      fault: undefined,
      rest: 'QUIT\r\n',
    })
  }
})

const ended: [name: string, input: string, content: string][] = [
  ['an empty content', '.\r\nRSET\r\n', ''],
  ['one empty line', '\r\n.\r\nRSET\r\n', '\r\n'],
  ['a stuffed dot alone', '..\r\n.\r\nRSET\r\n', '.\r\n'],
  ['stuffed dots', '..a\r\n...b\r\n.c\r\n.\r\nRSET\r\n', '.a\r\n..b\r\nc\r\n'],
  ['dots inside lines', 'a.\r\nb.c\r\n.\r\nRSET\r\n', 'a.\r\nb.c\r\n'],
  ['every octet there is but CR, LF and NUL', `${every()}\r\n.\r\nRSET\r\n`, `${every()}\r\n`],
]
for (const [name, input, content] of ended) {
  test(`${name}, split anywhere`, () => {
    for (const pieces of splits(input))
      assert.deepEqual(decode(pieces), { content, fault: undefined, rest: 'RSET\r\n' })
  })
}

function every(): string {
  return Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))
    .filter((char) => !'\r\n\0'.includes(char))
    .join('')
}

test('normalize makes one CRLF of each bare CR and bare LF', () => {
  for (const pieces of splits('a\rb\nc\r\rd\n\ne\r\nf\n\r.\r\n.\r\n')) {
    assert.equal(decode(pieces, 'normalize').content, 'a\r\nb\r\nc\r\n\r\nd\r\n\r\ne\r\nf\r\n\r\n.\r\n')
  }
})

test('the limit counts content, not stuffing and not the terminator', () => {
  for (const pieces of splits('..23\r\n789\r\n.\r\nX')) {
    assert.equal(decode(pieces, 'reject', 10).fault, undefined)
    assert.deepEqual(decode(pieces, 'reject', 9), {
      content: decode(pieces, 'reject', 9).content,
      fault: 'too-large',
      rest: 'X',
    })
  }
})

test('beyond the limit everything is read and nothing is given out', () => {
  const decoder = new DataDecoder({ newlines: 'reject', limit: 1000 })
  const megabyte = Buffer.alloc(1_000_000, 'x')
  for (let i = 0; i < 20; i += 1) assert.deepEqual(decoder.push(megabyte), { slices: [], end: undefined })
  assert.equal(decoder.push(bytes('\r\n.\r\n')).end, 5)
  assert.equal(decoder.size, 20_000_002)
  assert.equal(decoder.fault, 'too-large')
})

test('a bare newline after the limit is still seen: it closes the connection, the size does not', () => {
  assert.equal(decode([bytes(`${'x'.repeat(50)}\nMAIL\r\n.\r\n`)], 'reject', 10).fault, 'bare-lf')
})

test('content without stuffed dots is one slice of the input, not a copy', () => {
  const input = bytes('Subject: a\r\n\r\nbody. \r\n.\r\nQUIT\r\n')
  const { slices } = new DataDecoder({ newlines: 'reject', limit: 100 }).push(input)
  assert.equal(slices.length, 1)
  assert.equal(slices[0]?.buffer, input.buffer)
  assert.equal(slices[0]?.byteOffset, input.byteOffset)
})

test('any octets, cut anywhere, decode as the reference does', () => {
  const piece = fc.constantFrom('\r', '\n', '\r\n', '.', '\r\n.', '\r\n.\r\n', '..', 'a', '\0', '\t', '\x85')
  const input = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''))
  const cuts = fc.array(fc.nat({ max: 60 }), { maxLength: 6 })
  const newlines = fc.constantFrom<Newlines>('reject', 'normalize')
  fc.assert(
    fc.property(input, cuts, newlines, (text, at, mode) => {
      const places = [...new Set([0, ...at.filter((place) => place < text.length), text.length])].toSorted(
        (a, b) => a - b,
      )
      const pieces = places.slice(1).map((end, i) => bytes(text.slice(places[i], end)))
      const expected = reference(text, mode)
      const outcome = decode(pieces, mode)
      assert.equal(outcome.rest, expected.rest)
      if (expected.rest === undefined) return
      assert.equal(outcome.fault, expected.fault)
      if (outcome.fault === undefined) assert.equal(outcome.content, expected.content)
    }),
    { numRuns: 1000 },
  )
})
