import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { planRepair, repaired, repairer, repairPlanner } from './downgrade.ts'
import type { Repair, Target } from './downgrade.ts'
import { parseHeader } from './header.ts'
import { inspect } from './mime.ts'

const limits = { depth: 10, parts: 50, headerBytes: 4000 }

function plan(message: string, target: Target = '7bit'): Repair {
  return planRepair(Buffer.from(message), target, limits)
}

function made(message: string, target: Target = '7bit'): string {
  const repair = plan(message, target)
  assert(repair.kind === 'possible', repair.kind)
  return repaired(Buffer.from(message), repair.edits).toString()
}

const TEXT =
  'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n'

test('8-bit text becomes quoted-printable where little of it is 8-bit', () => {
  assert.equal(
    made(`${TEXT}Subject: a\r\n\r\nA café = good.\r\n`),
    'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nSubject: a\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nA caf=C3=A9 =3D good.\r\n',
  )
})

test('8-bit text becomes base64 where most of it is', () => {
  const [head, body = ''] = made(`${TEXT}\r\n請求書をお送りします。\r\n`).split('\r\n\r\n')
  assert.match(head ?? '', /\r\nContent-Transfer-Encoding: base64$/)
  assert.equal(Buffer.from(body, 'base64').toString(), '請求書をお送りします。\r\n')
})

test('text that says nothing of itself is told to be UTF-8, or of a charset not known. RFC 1428', () => {
  assert.match(
    made('Subject: a\r\n\r\né and more of it\r\n'),
    /MIME-Version: 1.0\r\nContent-Type: text\/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A9 and/,
  )
  const latin1 = Buffer.from('Subject: a\r\n\r\n\u00e9 and more of it\r\n', 'latin1')
  const repair = planRepair(latin1, '7bit', limits)
  assert(repair.kind === 'possible')
  assert.match(repaired(latin1, repair.edits).toString(), /charset=unknown-8bit\r\n/)
})

const NESTED = [
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=o',
  'Content-Transfer-Encoding: 8bit',
  '',
  'preamble',
  '--o',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: 8bit',
  '',
  'one é, and a lot of plain text',
  '--o',
  'Content-Type: application/pdf',
  'Content-Transfer-Encoding: base64',
  '',
  'w6k=',
  '--o',
  'Content-Type: message/rfc822',
  'Content-Transfer-Encoding: 8bit',
  '',
  'Subject: inner',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: 8bit',
  '',
  'two é, and a lot of plain text',
  '--o--',
  'epilogue',
  '',
].join('\r\n')

test('containers are relabelled, leaves encoded, what is encoded left alone, messages within done too', () => {
  const right = NESTED.replaceAll(' é,', ' =C3=A9,')
    .replace('boundary=o\r\nContent-Transfer-Encoding: 8bit', 'boundary=o\r\nContent-Transfer-Encoding: 7bit')
    .replace('rfc822\r\nContent-Transfer-Encoding: 8bit', 'rfc822\r\nContent-Transfer-Encoding: 7bit')
    .replaceAll(
      'utf-8\r\nContent-Transfer-Encoding: 8bit',
      'utf-8\r\nContent-Transfer-Encoding: quoted-printable',
    )
  assert.equal(made(NESTED), right)
  assert.equal(plan(right).kind, 'none')
})

test('what fits is left as it is', () => {
  for (const message of [
    '',
    'Subject: a\r\n\r\nb\r\n',
    NESTED.replaceAll('é', 'e').replaceAll('8bit', '7bit'),
  ])
    assert.deepEqual(plan(message), { kind: 'none' })
  assert.deepEqual(plan(NESTED, '8bit'), { kind: 'none' })
})

test('what fits is left as it is even where it is too deep to be understood', () => {
  assert.deepEqual(plan(`${'Content-Type: message/rfc822\r\n\r\n'.repeat(12)}e`), { kind: 'none' })
})

test('a binary part becomes lines for a peer without BINARYMIME. RFC 3030 §3', () => {
  const binary =
    'MIME-Version: 1.0\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n\0\r\n\n\r\xff'
  const [head, body = ''] = made(binary, '8bit').split('\r\n\r\n')
  assert.match(head ?? '', /base64$/)
  assert.equal(Buffer.from(body, 'base64').toString(), '\0\r\n\n\r\xff')
  assert.match(made(`${TEXT.replace('8bit', 'binary')}\r\né\r\n`, '8bit'), /Encoding: 8bit\r\n\r\né/)
})

test('lines too long are made shorter, base64 and quoted-printable too', () => {
  const long = 'word '.repeat(300)
  assert.match(made(`${TEXT}\r\n${long}\r\n`, '8bit'), /Encoding: quoted-printable\r\n\r\nword /)
  const base64 = Buffer.from(long).toString('base64')
  const wrapped = made(`${TEXT.replace('8bit', 'base64')}\r\n${base64}\r\n`, '8bit')
  assert.match(wrapped, /Encoding: base64\r\n\r\n/)
  assert.equal(Buffer.from(wrapped.split('\r\n\r\n')[1] ?? '', 'base64').toString(), long)
  assert.match(
    made(`${TEXT.replace('8bit', 'Quoted-Printable')}\r\n${'=41'.repeat(400)}\r\n`, '8bit'),
    /=41=\r\n=41/,
  )
})

const PART = (header: string, body: string): string =>
  `Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n${header}\r\n\r\n${body}\r\n--o--\r\n`

const impossible: [title: string, message: string, target: Target, enhanced: string][] = [
  ['8-bit header sections', 'Subject: é\r\n\r\na', '7bit', '5.6.9'],
  [
    '8-bit header sections of parts',
    PART('Content-Disposition: attachment; filename="é"', 'a'),
    '7bit',
    '5.6.9',
  ],
  [
    'signed parts',
    `Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n${PART('X: y', 'é')}\r\n--s--`,
    '7bit',
    '5.6.3',
  ],
  ['delivery status', PART('Content-Type: message/delivery-status', 'é'), '7bit', '5.6.3'],
  ['encodings not known', PART('Content-Transfer-Encoding: x-uuencode', 'é'), '7bit', '5.6.3'],
  ['8-bit preambles', PART('X: y', 'z').replace('--o', 'é\r\n--o'), '7bit', '5.6.3'],
  ['8-bit epilogues', `${PART('X: y', 'z')}é`, '7bit', '5.6.3'],
  [
    'bare LF behind a boundary',
    PART('X: y', 'é').replace('=o\r\n\r\n--o', '=o\r\n\r\n--o\n'),
    '7bit',
    '5.6.3',
  ],
  [
    'bare CR behind a boundary',
    PART('X: y', 'é').replace('=o\r\n\r\n--o', '=o\r\n\r\n--o\r'),
    '8bit',
    '5.6.3',
  ],
  ['multiparts without boundary', 'Content-Type: multipart/mixed\r\n\r\né', '7bit', '5.6.3'],
  ['long header lines', `X: ${'y'.repeat(999)}\r\n\r\n`, '8bit', '5.6.3'],
  ['header sections with lines that are no fields', PART('X: y\r\nno field', 'é'), '7bit', '5.6.3'],
  [
    'too many messages within messages',
    `${'Content-Type: message/rfc822\r\n\r\n'.repeat(12)}é`,
    '7bit',
    '5.6.3',
  ],
]
for (const [title, message, target, enhanced] of impossible) {
  test(`what cannot be converted: ${title}`, () => {
    const repair = plan(message, target)
    assert(repair.kind === 'impossible', repair.kind)
    assert.equal(repair.enhanced, enhanced)
    assert(repair.why.length > 10)
  })
}

const piece = fc.constantFrom(
  'é',
  'a',
  '\r\n',
  '=',
  ' ',
  '\0',
  '\n',
  '--o',
  '--o--',
  '\r\n--o\r\n',
  '\r\n--o\n\r\n',
  '\r\n--o \r\r\n',
  '\r\n--i\r\n',
  '\r\n--o--\r\n',
  '\r\n\r\n',
  'Content-Type: multipart/mixed; boundary=i\r\n',
  'Content-Type: message/rfc822\r\n',
  'Content-Transfer-Encoding: 8bit\r\n',
  'Content-Transfer-Encoding: base64\r\n',
  'é'.repeat(600),
  'a'.repeat(1000),
)

test('whatever the message, what is made of it fits, and does so however it is cut', () => {
  const messages = fc
    .array(piece, { maxLength: 25 })
    .map((pieces) => `Content-Type: multipart/mixed; boundary=o\r\n\r\n${pieces.join('')}`)
  const targets = fc.constantFrom<Target>('7bit', '8bit')
  fc.assert(
    fc.property(messages, targets, fc.integer({ min: 1, max: 500 }), (message, target, size) => {
      const bytes = Buffer.from(message)
      const planner = repairPlanner(target, limits)
      for (let at = 0; at < bytes.length; at += size) planner.write(bytes.subarray(at, at + size))
      const repair = planner.end()
      assert.deepEqual(repair, plan(message, target))
      if (repair.kind !== 'possible') return
      const encoder = repairer(repair.edits)
      const out: Buffer[] = []
      for (let at = 0; at < bytes.length; at += size) out.push(encoder.write(bytes.subarray(at, at + size)))
      const result = Buffer.concat([...out, encoder.end()])
      assert(result.equals(repaired(bytes, repair.edits)))
      const header = parseHeader(result, { bytes: 100_000, fields: 100 })
      assert(header.ok)
      const structure = inspect(header.header, limits)
      assert(!structure.longLine && !structure.nul)
      assert(target === '8bit' || !structure.eightBit)
      assert.doesNotMatch(result.toString('latin1'), /\r(?!\n)|(?<!\r)\n/)
      assert.equal(planRepair(result, target, limits).kind, 'none')
    }),
    { numRuns: 300 },
  )
})
