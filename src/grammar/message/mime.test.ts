import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { parseContentType } from './content-type.ts'
import { parseHeader } from './header.ts'
import { feeder, inspect, inspector } from './mime.ts'
import type { Structure } from './mime.ts'
import { Walk } from './walk.ts'
import type { Entity } from './walk.ts'

const limits = { depth: 10, parts: 50, headerBytes: 2000 }

function whole(message: string | Buffer): Structure {
  const read = parseHeader(Buffer.from(message), { bytes: 100_000, fields: 1000 })
  assert(read.ok)
  return inspect(read.header, limits)
}

/** `type:body` of each entity, outermost first, as the octets in the message. */
function entities(message: string, sizes = [message.length]): string[] {
  const found: Entity[] = []
  const feed = feeder(new Walk(limits, { entity: (entity) => found.push(entity) }))
  const bytes = Buffer.from(message, 'latin1')
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1
    feed.write(bytes.subarray(at, at + size))
    at += size
  }
  feed.end()
  return found.map(({ type, body, end }) => `${type.type}:${message.slice(body, end)}`)
}

const MIXED =
  'Content-Type: multipart/mixed; boundary="a:b c"\r\n\r\npreamble\r\n--a:b c\r\n\r\none\r\n\r\n--a:b c \t\r\nContent-Type: text/html\r\n\r\ntwo\r\n--a:b c--\r\nepilogue\r\n--a:b c\r\n'

test('the parts of a multipart end before the CRLF of the delimiter. RFC 2046 §5.1.1', () => {
  assert.deepEqual(entities(MIXED).slice(1), ['text/plain:one\r\n', 'text/html:two'])
})

const shapes: [title: string, message: string, parts: string[]][] = [
  [
    'lines that only look like delimiters',
    multipart('x', '--xy\r\n -- x\r\n--x-\r\n--\r\n---x\r\n--X'),
    ['text/plain:--xy\r\n -- x\r\n--x-\r\n--\r\n---x\r\n--X'],
  ],
  [
    'an empty part without even an empty line',
    'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x\r\n--x--\r\n',
    ['text/plain:', 'text/plain:'],
  ],
  [
    'a part of which only the header section is there',
    'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n--x--\r\n',
    ['text/html:'],
  ],
  ['a part whose empty line is also the delimiter\u2019s', multipart('x', ''), ['text/plain:']],
  ['no delimiter at all', 'Content-Type: multipart/mixed; boundary=x\r\n\r\nnothing\r\n', []],
  [
    'no last delimiter',
    'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nbody',
    ['text/plain:body'],
  ],
  [
    'a last delimiter without a line end',
    'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nbody\r\n--x--',
    ['text/plain:body'],
  ],
  [
    'a multipart without a boundary is a leaf',
    'Content-Type: multipart/mixed\r\n\r\n--\r\n\r\nbody\r\n----\r\n',
    [],
  ],
  [
    'an inner multipart that is not closed',
    'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: multipart/alternative; boundary=y\r\n\r\n--y\r\n\r\none\r\n--x\r\n\r\ntwo\r\n--y\r\n\r\nnot three\r\n--x--\r\n',
    ['multipart/alternative:--y\r\n\r\none', 'text/plain:one', 'text/plain:two\r\n--y\r\n\r\nnot three'],
  ],
  [
    'an inner multipart with the same boundary',
    'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\none\r\n--x--\r\n--x\r\n\r\ntwo\r\n--x--\r\n',
    ['multipart/mixed:--x\r\n\r\none\r\n--x--', 'text/plain:one', 'text/plain:two'],
  ],
  [
    'a boundary that is the end of another',
    'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: multipart/mixed; boundary=x--\r\n\r\n--x--\r\n\r\none\r\n--x----\r\n--x--\r\n',
    ['multipart/mixed:--x--\r\n\r\none\r\n--x----', 'text/plain:one'],
  ],
  [
    'a message within a message within',
    multipart('x', 'Content-Type: text/html\r\n\r\nbody', 'Content-Type: message/rfc822\r\n'),
    ['message/rfc822:Content-Type: text/html\r\n\r\nbody', 'text/html:body'],
  ],
  [
    'a message without anything in it',
    multipart('x', '', 'Content-Type: message/rfc822\r\n'),
    ['message/rfc822:', 'text/plain:'],
  ],
  [
    'an encoded message is a leaf',
    multipart('x', 'c3ViamVjdDo=', 'Content-Type: message/rfc822\r\nContent-Transfer-Encoding: BASE64\r\n'),
    ['message/rfc822:c3ViamVjdDo='],
  ],
  [
    'the parts of a digest are messages',
    'Content-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n\r\nSubject: a\r\n\r\nb\r\n--x--\r\n',
    ['message/rfc822:Subject: a\r\n\r\nb', 'text/plain:b'],
  ],
]
for (const [title, message, parts] of shapes)
  test(`MIME: ${title}`, () => assert.deepEqual(entities(message).slice(1), parts))

function multipart(boundary: string, body: string, header = ''): string {
  return `Content-Type: multipart/mixed; boundary=${boundary}\r\n\r\n--${boundary}\r\n${header}\r\n${body}\r\n--${boundary}--\r\n`
}

test('the walk finds the same however the message is cut', () => {
  const messages = fc.constantFrom(MIXED, ...shapes.map(([, message]) => message))
  const sizes = fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(messages, sizes, fc.integer({ min: 0, max: 40_000 }), (message, cuts, padding) => {
      // With a preamble longer than what is gathered, so that the pieces really differ.
      const long = message.replace('\r\n\r\n', `\r\n\r\n${'p'.repeat(padding)}\r\n`)
      assert.deepEqual(entities(long, cuts), entities(long))
    }),
    { numRuns: 60 },
  )
})

test('a walk that is fed one octet at a time finds the same', () => {
  for (const message of [MIXED, ...shapes.map(([, text]) => text)]) {
    const found: string[] = []
    const open: Entity[] = []
    const walk = new Walk(limits, { entity: (entity) => open.push(entity) })
    const bytes = Buffer.from(message, 'latin1')
    let start = 0
    for (let end = 0; end <= bytes.length; end += 1)
      start += walk.feed(bytes.subarray(start, end), end === bytes.length)
    for (const { type, body, end } of open) found.push(`${type.type}:${message.slice(body, end)}`)
    assert.deepEqual(found, entities(message))
  }
})

test('a plain message has no parts, whatever lines it has', () => {
  assert.deepEqual(whole('Subject: a\r\n\r\n--x\r\n'), {
    depth: 0,
    parts: 0,
    eightBit: false,
    nul: false,
    longLine: false,
  })
})

test('8-bit octets, NUL and long lines are seen in header section and body', () => {
  assert.equal(whole('Subject: é\r\n\r\na').eightBit, true)
  assert.equal(whole('Subject: e\r\n\r\né').eightBit, true)
  assert.equal(whole('Subject: e\r\n\r\na\0').nul, true)
  assert.equal(whole(`Subject: ${'e'.repeat(989)}\r\n\r\na`).longLine, false)
  assert.equal(whole(`Subject: ${'e'.repeat(990)}\r\n\r\na`).longLine, true)
})

test('a line of 998 octets is not long and one of 999 is, wherever the chunks are cut. RFC 5322 §2.1.1', () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 1010 }), { minLength: 1, maxLength: 6 })
  const size = fc.integer({ min: 1, max: 3000 })
  fc.assert(
    fc.property(lengths, size, fc.boolean(), (lines, step, ended) => {
      const text = lines.map((length) => 'x'.repeat(length)).join('\r\n') + (ended ? '\r\n' : '')
      const inspecting = inspector(limits)
      for (let at = 0; at < text.length; at += step) inspecting.write(Buffer.from(text.slice(at, at + step)))
      assert.equal(
        inspecting.end().longLine,
        lines.some((length) => length > 998),
      )
    }),
  )
})

test('ten thousand multiparts within one another end at the limit of depth', () => {
  let message = ''
  for (let i = 0; i < 10_000; i += 1)
    message += `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`
  const found = whole(message)
  assert.equal(found.stopped, 'depth')
  assert.equal(found.depth, limits.depth)
  const messages = whole('Content-Type: message/rfc822\r\n\r\n'.repeat(10_000))
  assert.equal(messages.stopped, 'depth')
})

test('a hundred thousand empty parts end at the limit of parts', () => {
  const found = whole(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n'.repeat(100_000)}`)
  assert.equal(found.stopped, 'parts')
  assert.equal(found.parts, limits.parts)
})

test('a part with too large a header section ends the walk, and the octets are still seen', () => {
  const found = whole(multipart('x', 'a\0é', `X: ${'y'.repeat(3000)}\r\n`))
  assert.deepEqual(found, {
    depth: 1,
    parts: 1,
    eightBit: true,
    nul: true,
    longLine: true,
    stopped: 'header',
  })
})

const types: [value: string, type: string, boundary: string | undefined][] = [
  [' Multipart/Mixed ; Boundary = "a b"; x=y', 'multipart/mixed', 'a b'],
  ['multipart/mixed; boundary=simple(comment)', 'multipart/mixed', 'simple(comment)'],
  ['multipart/mixed; x="; boundary=no"; boundary=yes', 'multipart/mixed', 'yes'],
  ['multipart/mixed; boundary="a\\"b"', 'multipart/mixed', 'a\\'],
  ['multipart/mixed; boundary="open', 'multipart/mixed', ''],
  ['multipart/mixed; boundary=a; boundary=b', 'multipart/mixed', 'a'],
  ['text', 'text/plain', undefined],
  ['', 'text/plain', undefined],
]
for (const [value, type, boundary] of types) {
  test(`the Content-Type ${JSON.stringify(value)} is read`, () => {
    const read = parseContentType(value)
    assert.equal(read.type, type)
    assert.equal(read.parameters.get('boundary'), boundary)
  })
}

test('a hundred thousand parameters are not all read', () => {
  assert(parseContentType(`a/b${';x'.repeat(100_000)}`).parameters.size === 0)
  assert(
    parseContentType(`a/b${Array.from({ length: 100_000 }, (_, i) => `;x*${i}=y`).join('')}`).parameters
      .size <= 50,
  )
  assert(parseContentType(`a/b;${' '.repeat(100_000)}`).parameters.size === 0)
  assert(parseContentType(`a/b;${'x '.repeat(100_000)}`).parameters.size === 0)
})
