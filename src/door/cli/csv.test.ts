import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parse } from 'csv-parse/sync'
import fc from 'fast-check'

import { character } from '../../../test/character.ts'
import { csv, isoTime } from './csv.ts'
import { harmless } from './text.ts'

test('a parser gives back every value that was written', () => {
  const plain = fc
    .string({ unit: character })
    .filter((text) => harmless(text) === text && !/^[=+\-@ ]/.test(text))
  fc.assert(
    fc.property(fc.array(fc.tuple(plain, plain), { minLength: 1 }), (rows) => {
      const text = csv(rows, [
        ['first', ([first]) => first],
        ['second', ([, second]) => second],
      ])
      const expected = [['first', 'second'], ...rows]
      assert.deepEqual(parse(text, { record_delimiter: '\n' }), expected)
    }),
  )
})

test('nothing that a stranger wrote is computed by a spreadsheet', () => {
  const said = ['=HYPERLINK("http://192.0.2.1")', '+1', '-1', '@x', '\tx']
  const [, ...cells] = csv(said, [['reply', (text) => text]]).split('\n')
  assert.deepEqual(cells.slice(0, -1), [`"'=HYPERLINK(""http://192.0.2.1"")"`, "'+1", "'-1", "'@x", "' x"])
})

test('no value steers a terminal, or ends its line', () => {
  assert.equal(csv(['a\u001b[31mb\u009b0m\r\nc'], [['reply', (text) => text]]), 'reply\na [31mb 0m  c\n')
})

test('numbers stay numbers, what is absent is empty, and times are those of ISO 8601', () => {
  const text = csv(
    [-5],
    [
      ['number', (row) => row],
      ['absent', () => undefined],
      ['flag', () => true],
      ['time', () => isoTime(0)],
      ['never', () => isoTime(undefined)],
    ],
  )
  assert.equal(text, 'number,absent,flag,time,never\n-5,,true,1970-01-01T00:00:00.000Z,\n')
})
