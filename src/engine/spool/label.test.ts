import assert from 'node:assert/strict'
import { test } from 'node:test'

import { labelFault, METADATA, TAGS } from './label.ts'

const many = (length: number): readonly string[] => Array.from({ length }, (_, n) => `tag ${n}`)
const named = (length: number): Record<string, string> =>
  Object.fromEntries(many(length).map((name) => [name, 'x']))

test('as much as the limits say is kept', () => {
  assert.equal(labelFault({}), undefined)
  assert.equal(labelFault({ tags: [...many(TAGS.count - 1), 'x'.repeat(TAGS.length)] }), undefined)
  assert.equal(labelFault({ metadata: { ...named(METADATA.count - 1), ['x'.repeat(100)]: '' } }), undefined)
  assert.equal(labelFault({ metadata: { a: 'x'.repeat(METADATA.octets - 8) } }), undefined)
})

for (const [what, labels, fault] of [
  ['eleven tags', { tags: many(TAGS.count + 1) }, /10 tags/],
  ['an empty tag', { tags: [''] }, /1 to 255/],
  ['a long tag', { tags: ['x'.repeat(TAGS.length + 1)] }, /1 to 255/],
  ['many names', { metadata: named(METADATA.count + 1) }, /100 names/],
  ['no name', { metadata: { '': 'x' } }, /1 to 100/],
  ['a long name', { metadata: { ['x'.repeat(METADATA.name + 1)]: '' } }, /1 to 100/],
  ['many octets', { metadata: { a: 'x'.repeat(METADATA.octets - 7) } }, /10000 octets/],
  ['many octets of few characters', { metadata: { a: '春'.repeat(4_000) } }, /10000 octets/],
] as const)
  test(`${what}: the sender is told`, () => {
    assert.match(labelFault(labels) ?? '', fault)
  })
