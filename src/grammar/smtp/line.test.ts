import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { LineBuffer } from './line.ts'

const limits = { command: 32, auth: 64 }

/** Lines as text, faults in brackets. */
function drain(buffer: LineBuffer, as?: 'command' | 'response'): string[] {
  const lines: string[] = []
  for (let line = buffer.next(as); line !== undefined; line = buffer.next(as))
    lines.push(line.kind === 'line' ? line.text : `[${line.fault}]`)
  return lines
}

function feed(input: string, as?: 'command' | 'response'): string[] {
  const buffer = new LineBuffer(limits)
  buffer.push(Buffer.from(input, 'latin1'))
  return drain(buffer, as)
}

const x = (n: number): string => 'x'.repeat(n)

const fed: [input: string, lines: string[]][] = [
  ['', []],
  ['NOOP', []],
  ['NOOP\r', []],
  ['NOOP\r\n', ['NOOP']],
  ['\r\n', ['']],
  ['EHLO a\r\nMAIL FROM:<>\r\nRC', ['EHLO a', 'MAIL FROM:<>']],
  ['NOOP \xe3\x81\x82\r\n', ['NOOP あ']],
  ['NOOP \xe3\x81\r\nQUIT\r\n', ['[not-utf8]', 'QUIT']],
  ['NO\0OP\r\nQUIT\r\n', ['[nul]', 'QUIT']],
  ['NO\rOP\r\nQUIT\r\n', ['[bare-cr]', 'QUIT']],
  ['NOOP\r\r\nQUIT\r\n', ['[bare-cr]', 'QUIT']],
  // What follows a bare LF on the same line never runs.
  ['EHLO a\nMAIL FROM:<a@b>\nRCPT TO:<c@d>\r\nQUIT\r\n', ['[bare-lf]', 'QUIT']],
  ['\nQUIT\r\nNOOP\r\n', ['[bare-lf]', 'NOOP']],
  ['\n\r\nNOOP\r\n', ['[bare-lf]', 'NOOP']],
  // 32 octets with CRLF fit; 33 do not.
  [`${x(30)}\r\n`, [x(30)]],
  [`${x(31)}\r\nQUIT\r\n`, ['[too-long]', 'QUIT']],
  [`${x(500)}\nQUIT\r\nNOOP\r\n`, ['[too-long]', 'NOOP']],
  [x(5000), ['[too-long]']],
  [`AUTH ${x(57)}\r\n`, [`AUTH ${x(57)}`]],
  [`auth ${x(57)}\r\n`, [`auth ${x(57)}`]],
  [`AUTH ${x(58)}\r\nQUIT\r\n`, ['[too-long]', 'QUIT']],
  [`AUTHX${x(57)}\r\nQUIT\r\n`, ['[too-long]', 'QUIT']],
]
for (const [input, lines] of fed) {
  test(`${JSON.stringify(input).slice(0, 50)} is ${JSON.stringify(lines).slice(0, 40)}, split anywhere`, () => {
    assert.deepEqual(feed(input), lines)
    for (let at = 1; at < input.length; at += 1) {
      const buffer = new LineBuffer(limits)
      buffer.push(Buffer.from(input.slice(0, at), 'latin1'))
      const first = drain(buffer)
      buffer.push(Buffer.from(input.slice(at), 'latin1'))
      assert.deepEqual([...first, ...drain(buffer)], lines)
    }
  })
}

test('the answer to an AUTH challenge may be as long as AUTH itself', () => {
  assert.deepEqual(feed(`${x(62)}\r\n`), ['[too-long]'])
  assert.deepEqual(feed(`${x(62)}\r\n`, 'response'), [x(62)])
  assert.deepEqual(feed(`${x(63)}\r\n`, 'response'), ['[too-long]'])
})

test('megabytes without a line ending are reported once and not kept', () => {
  const buffer = new LineBuffer()
  const chunk = Buffer.alloc(65_536, 'x')
  let faults = 0
  for (let i = 0; i < 160; i += 1) {
    buffer.push(chunk)
    faults += drain(buffer).length
    assert.equal(buffer.length, 0)
  }
  assert.equal(faults, 1)
  buffer.push(Buffer.from('\r\nQUIT\r\n'))
  assert.deepEqual(drain(buffer), ['QUIT'])
})

test('one octet at a time is read as one buffer is', () => {
  const input = fc.array(fc.constantFrom('NOOP', '\r\n', '\r', '\n', '\0', 'é', 'AUTH ', x(40), 'a'), {
    maxLength: 12,
  })
  fc.assert(
    fc.property(input, (pieces) => {
      const bytes = Buffer.from(pieces.join(''))
      const whole = new LineBuffer(limits)
      whole.push(bytes)
      const slow = new LineBuffer(limits)
      const lines: string[] = []
      for (const octet of bytes) {
        slow.push(Buffer.of(octet))
        lines.push(...drain(slow))
      }
      assert.deepEqual(lines, drain(whole))
      assert.equal(slow.length, whole.length)
    }),
    { numRuns: 500 },
  )
})

test('buffers pushed before anything is read are read in order', () => {
  const buffer = new LineBuffer()
  for (const octet of Buffer.from('NOOP\r\nQUIT\r\n')) buffer.push(Buffer.of(octet))
  assert.equal(buffer.length, 12)
  assert.deepEqual(drain(buffer), ['NOOP', 'QUIT'])
  assert(buffer.isEmpty)
})

test('the rest goes to a decoder and what it leaves comes back first', () => {
  const buffer = new LineBuffer()
  buffer.push(Buffer.from('DATA\r\nbody'))
  buffer.push(Buffer.from('\r\n.\r\nNO'))
  assert.deepEqual(buffer.next(), { kind: 'line', text: 'DATA' })
  const rest = buffer.takeRest()
  assert.equal(rest.toString(), 'body\r\n.\r\nNO')
  assert(buffer.isEmpty)
  assert.equal(buffer.next(), undefined)
  buffer.push(Buffer.from('OP\r\n'))
  buffer.putBack(rest.subarray(9))
  assert.deepEqual(drain(buffer), ['NOOP'])
})

test('a partial line that was already looked at is part of the rest', () => {
  const buffer = new LineBuffer()
  buffer.push(Buffer.from('QU'))
  assert.equal(buffer.next(), undefined)
  assert.equal(buffer.length, 2)
  buffer.push(Buffer.from('IT'))
  assert.equal(buffer.takeRest().toString(), 'QUIT')
  assert.equal(buffer.takeRest().length, 0)
})

test('whatever came in one segment with STARTTLS makes it not empty', () => {
  for (const [ahead, isEmpty] of [
    ['', true],
    ['R', false],
    ['RSET\r\n', false],
    ['\r\n', false],
  ] as const) {
    const buffer = new LineBuffer()
    buffer.push(Buffer.from(`STARTTLS\r\n${ahead}`))
    assert.deepEqual(buffer.next(), { kind: 'line', text: 'STARTTLS' })
    assert.equal(buffer.isEmpty, isEmpty)
  }
})

test('rest of a buffer read in one piece is not copied', () => {
  const buffer = new LineBuffer()
  const input = Buffer.from('DATA\r\nbody')
  buffer.push(input)
  buffer.next()
  assert.equal(buffer.takeRest().buffer, input.buffer)
})
