import assert from 'node:assert/strict'
import { test } from 'node:test'

import { leavesOf } from './leaves.ts'

const LIMITS = { depth: 10, parts: 100, headerBytes: 10_000 }

const MESSAGE = [
  'From: a@example.com',
  'Content-Type: multipart/mixed; boundary=outer',
  '',
  '--outer',
  'Content-Type: multipart/report; boundary="inner"',
  '',
  '--inner',
  'Content-Type: application/data',
  'Content-Transfer-Encoding: BASE64',
  '',
  'aGVs',
  'bG8=',
  '--inner',
  'Content-Type: text/plain',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  'a=3Db =',
  'c',
  '--inner--',
  '--outer',
  'Content-Type: application/data',
  '',
  'as it is',
  '--outer--',
  '',
].join('\r\n')

function leaves(message: string, type: string, limits = LIMITS): readonly string[] {
  return leavesOf(Buffer.from(message), limits, (one) => one === type).map(({ content }) =>
    content.toString(),
  )
}

test('parts are found at any depth and decoded', () => {
  assert.deepEqual(leaves(MESSAGE, 'application/data'), ['hello', 'as it is'])
  assert.deepEqual(leaves(MESSAGE, 'text/plain'), ['a=b c'])
  assert.deepEqual(leaves(MESSAGE, 'image/png'), [])
})

test('a message without parts is its own', () => {
  assert.deepEqual(leaves('Content-Type: application/data\r\n\r\nwhole\r\n', 'application/data'), [
    'whole\r\n',
  ])
})

test('beyond the limits nothing is found, and nothing breaks', () => {
  assert.deepEqual(leaves(MESSAGE, 'application/data', { ...LIMITS, depth: 1 }), [])
})
