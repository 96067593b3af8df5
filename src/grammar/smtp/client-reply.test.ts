import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { ReplyParser } from './client-reply.ts'
import type { ReplyEvent } from './client-reply.ts'
import { formatReply } from './reply.ts'

function events(input: string | Buffer): (ReplyEvent | undefined)[] {
  const parser = new ReplyParser()
  parser.push(Buffer.from(input))
  const all: (ReplyEvent | undefined)[] = []
  for (let event = parser.next(); event !== undefined; event = parser.next()) {
    all.push(event)
    if (event.kind === 'error') break
  }
  return all
}

const read: [input: string, ...replies: object[]][] = [
  ['220 mx.example.com ESMTP\r\n', { code: 220, lines: ['mx.example.com ESMTP'] }],
  ['250\r\n', { code: 250, lines: [''] }],
  ['250 \r\n', { code: 250, lines: [''] }],
  ['354 Go\n', { code: 354, lines: ['Go'] }],
  ['250-a\r\n250-b\r\n250 c\r\n', { code: 250, lines: ['a', 'b', 'c'] }],
  ['250-\r\n250\r\n', { code: 250, lines: ['', ''] }],
  ['250 2.1.0 OK\r\n', { code: 250, enhanced: '2.1.0', lines: ['OK'] }],
  ['550 5.1.1\r\n', { code: 550, enhanced: '5.1.1', lines: [''] }],
  ['550-5.7.1 one\r\n550 5.7.1 two\r\n', { code: 550, enhanced: '5.7.1', lines: ['one', 'two'] }],
  ['550-5.7.1 one\r\n550 two\r\n', { code: 550, enhanced: '5.7.1', lines: ['one', 'two'] }],
  ['571 5.7.1 Denied\r\n', { code: 571, enhanced: '5.7.1', lines: ['Denied'] }],
  ['421 4.7.0 Later\r\n', { code: 421, enhanced: '4.7.0', lines: ['Later'] }],
  // The basic code wins.
  ['250 5.7.1 Denied\r\n', { code: 250, lines: ['Denied'], contradicted: '5.7.1' }],
  ['550 2.0.0 OK\r\n', { code: 550, lines: ['OK'], contradicted: '2.0.0' }],
  // Numbers that are no enhanced code.
  ['250 2.1.3.4 host\r\n', { code: 250, lines: ['2.1.3.4 host'] }],
  ['250 3.1.0 x\r\n', { code: 250, lines: ['3.1.0 x'] }],
  ['220 2.1.0x\r\n', { code: 220, lines: ['2.1.0x'] }],
  // Terminals and consoles are not to be moved.
  ['550 \x1b[2Jred\x07\u202Etxt\u009b1m\ttab\r\n', { code: 550, lines: ['[2Jredtxt1m tab'] }],
  ['550 a\rb\r\n', { code: 550, lines: ['ab'] }],
  ['550 <script>alert(1)</script>\r\n', { code: 550, lines: ['<script>alert(1)</script>'] }],
  ['550 宛先がありません\r\n', { code: 550, lines: ['宛先がありません'] }],
  ['250 a\r\n550 b\r\n', { code: 250, lines: ['a'] }, { code: 550, lines: ['b'] }],
]
for (const [input, ...replies] of read) {
  test(`reads ${JSON.stringify(input).slice(0, 60)}, split anywhere`, () => {
    const expected = replies.map((reply) => ({ kind: 'reply', reply }))
    assert.deepEqual(events(input), expected)
    const parser = new ReplyParser()
    const slowly: ReplyEvent[] = []
    for (const octet of Buffer.from(input)) {
      parser.push(Buffer.of(octet))
      const event = parser.next()
      if (event !== undefined) slowly.push(event)
    }
    assert.deepEqual(slowly, expected)
    assert(parser.isEmpty)
  })
}

const refused: [name: string, input: string, error: string][] = [
  ['an HTTP server', 'HTTP/1.1 400 Bad Request\r\n', 'not-a-reply'],
  ['no number', 'hello\r\n', 'not-a-reply'],
  ['two digits', '25 OK\r\n', 'not-a-reply'],
  ['four digits', '2500 OK\r\n', 'not-a-reply'],
  ['a code of class 1', '150 OK\r\n', 'not-a-reply'],
  ['a code of class 6', '650 OK\r\n', 'not-a-reply'],
  ['another separator', '250_OK\r\n', 'not-a-reply'],
  ['full-width digits', '２５０ OK\r\n', 'not-a-reply'],
  ['an empty line', '\r\n', 'not-a-reply'],
  ['codes that differ', '250-a\r\n550 b\r\n', 'codes-differ'],
  ['NUL', '250 a\0b\r\n', 'nul'],
  ['NUL beyond what is kept', `250 ${'a'.repeat(5000)}\0\r\n`, 'nul'],
  ['a hundred and one lines', `${'220-x\r\n'.repeat(100)}220 x\r\n`, 'too-many-lines'],
  ['lines without end', '220-x\r\n'.repeat(100_000), 'too-many-lines'],
  ['64 KiB in long lines', `220-${'x'.repeat(5000)}\r\n`.repeat(14), 'too-large'],
]
for (const [name, input, error] of refused) {
  test(`${name} makes the connection useless`, () => {
    assert.deepEqual(events(input), [{ kind: 'error', error }])
    const parser = new ReplyParser()
    parser.push(Buffer.from(input))
    parser.next()
    parser.push(Buffer.from('250 OK\r\n'))
    assert.deepEqual(parser.next(), { kind: 'error', error })
  })
}

test('a line without end is given up after 64 KiB', () => {
  const parser = new ReplyParser()
  const chunk = Buffer.alloc(4096, '2')
  for (let i = 0; i < 16; i += 1) {
    parser.push(chunk)
    assert.equal(parser.next(), undefined)
  }
  parser.push(chunk)
  assert.deepEqual(parser.next(), { kind: 'error', error: 'too-large' })
})

test('of a long line 4 KiB are kept, and the reply is read', () => {
  for (const size of [1, 100, 70_000]) {
    const parser = new ReplyParser()
    const input = Buffer.from(`250 ${'x'.repeat(20_000)}\r\n354 Go\r\n`)
    for (let at = 0; at < input.length; at += size) parser.push(input.subarray(at, at + size))
    const event = parser.next()
    assert(event?.kind === 'reply')
    assert.equal(event.reply.lines[0].length, 4096 - 4)
    assert.deepEqual(parser.next(), { kind: 'reply', reply: { code: 354, lines: ['Go'] } })
  }
})

test('the limits are of one reply, not of the connection', () => {
  const parser = new ReplyParser()
  for (let i = 0; i < 1000; i += 1) {
    parser.push(Buffer.from(`250-${'x'.repeat(500)}\r\n250 y\r\n`))
    assert.equal(parser.next()?.kind, 'reply')
  }
})

test('what is injected before TLS leaves the parser not empty', () => {
  for (const ahead of ['2', '250-AUTH PLAIN', '250-AUTH PLAIN\r\n', '250 OK\r\n']) {
    const parser = new ReplyParser()
    parser.push(Buffer.from(`220 Go ahead\r\n${ahead}`))
    assert.equal(parser.next()?.kind, 'reply')
    assert(!parser.isEmpty)
    if (ahead !== '250 OK\r\n') assert.equal(parser.next(), undefined)
    if (ahead !== '250 OK\r\n') assert(!parser.isEmpty)
  }
})

test('what a server formats, the client reads', () => {
  const text = fc.string({ maxLength: 60 }).filter((line) => !/^[245]\.\d/.test(line))
  const code = fc.constantFrom(220, 250, 354, 421, 451, 550)
  fc.assert(
    fc.property(code, fc.tuple(text, text, text), fc.boolean(), (number, lines, enhance) => {
      const reply = {
        code: number,
        lines,
        ...(enhance && { enhanced: `${Math.max(2, Math.floor(number / 100))}.1.5` }),
      }
      fc.pre(Math.floor(number / 100) !== 3 || !enhance)
      assert.deepEqual(events(formatReply(reply)), [{ kind: 'reply', reply }])
    }),
  )
})

test('no octets make it throw, and it never returns the same thing without end', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.uint8Array(), fc.constant(Buffer.from('250-a\r\n')))), (pieces) => {
      assert(events(Buffer.concat(pieces)).length < 200)
    }),
  )
})
