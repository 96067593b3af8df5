import assert from 'node:assert/strict'
import { test } from 'node:test'

import { pretendNode, runPretend } from './pretend-node.ts'
import type { Ran } from './pretend-node.ts'

async function run(csv: string, ...args: string[]): Promise<{ ran: Ran; listed: string }> {
  const { operations } = await pretendNode()
  const host = { readFile: () => Promise.resolve(Buffer.from(csv)) }
  const ran = await runPretend(['suppression', 'import', 'file.csv', ...args], operations, host)
  const { out } = await runPretend(['suppression', 'export'], operations)
  return { ran, listed: out }
}

test('a file of SendGrid comes along with its reasons and times', async () => {
  const csv = '\uFEFFstatus,reason,email,created\r\n5.1.1,"550 unknown, sorry",A@example.net,1700000000\r\n'
  const { ran, listed } = await run(csv, '--reason', 'bounce')
  assert.equal(ran.code, 0, ran.err)
  assert.match(
    listed,
    /^a@example\.net,\*,bounce,,2023-11-14T22:13:20\.000Z,,,"5\.1\.1; 550 unknown, sorry"$/m,
  )
})

test('nothing is written when a line is wrong, and the line is named', async () => {
  const { ran, listed } = await run('email\na@example.net\nnobody\n')
  assert.equal(ran.code, 64)
  assert.match(ran.err, /line 3: no address/)
  assert.doesNotMatch(listed, /a@example/)
})

test('a dry run says how many, and writes nothing', async () => {
  const { ran, listed } = await run('address\na@example.net\n', '--dry-run')
  assert.match(ran.out, /^1 recipients would be suppressed/)
  assert.doesNotMatch(listed, /a@example/)
})

test('what a spreadsheet would run as a formula is text', async () => {
  const { listed } = await run('address,evidence\na@example.net,"=cmd|calc"\n')
  assert.match(listed, /'=cmd\|calc$/m)
})

test('what is not CSV is refused in words', async () => {
  const { ran } = await run('email\n"a@example.net\n')
  assert.equal(ran.code, 64)
  assert.match(ran.err, /not CSV/)
})
