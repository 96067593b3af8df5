import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseHeader } from './header.ts'
import { labelsOf } from './label.ts'

function said(text: string): { tags: readonly string[]; metadata: unknown } {
  const read = parseHeader(Buffer.from(`${text}\r\n`), { bytes: 100_000, fields: 100 })
  assert(read.ok)
  const { tags, metadata } = labelsOf(read.header)
  return { tags, metadata: metadata && Object.fromEntries(metadata) }
}

for (const [text, tags, metadata] of [
  ['Subject: x\r\n', [], {}],
  ['X-Hikyaku-Tag: welcome\r\nx-hikyaku-tag:  a, b \r\nX-HIKYAKU-TAG: welcome\r\n', ['welcome', 'a, b'], {}],
  ['X-Hikyaku-Tag: =?utf-8?B?5pil?=\r\nX-Hikyaku-Tag:\r\n', ['春'], {}],
  ['X-Hikyaku-Metadata: order=1234\r\nX-Hikyaku-Metadata: who = a=b \r\n', [], { order: '1234', who: 'a=b' }],
  ['X-Hikyaku-Metadata: a=1\r\nX-Hikyaku-Tag: t\r\nX-Hikyaku-Metadata: a=2\r\n', ['t'], { a: '2' }],
  ['X-Hikyaku-Metadata: a=\r\n long\r\n', [], { a: 'long' }],
  ['X-Hikyaku-Metadata: order\r\n', [], undefined],
  ['X-Hikyaku-Metadata: =1234\r\n', [], undefined],
] as const)
  test(`${JSON.stringify(text.slice(0, 60))} says ${JSON.stringify({ tags, metadata })}`, () => {
    assert.deepEqual(said(text), { tags, metadata })
  })

test('a field longer than any limit is not made to fit one', () => {
  assert.ok((said(`X-Hikyaku-Tag: ${'x'.repeat(20_000)}\r\n`).tags[0]?.length ?? 0) > 255)
})
