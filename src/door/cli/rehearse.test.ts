/** Plans from files: whatever list it is, the first address of each line counts. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Rehearsed } from '#engine/rehearsal'

import { pretendNode, runPretend } from './pretend-node.ts'

async function run(file: string): ReturnType<typeof runPretend> {
  const { operations } = await pretendNode()
  const readFile = (): Promise<Buffer> => Promise.resolve(Buffer.from(file))
  return runPretend(['--json', 'rehearse', '--file', 'x'], operations, { readFile })
}

async function rehearsed(file: string): Promise<Rehearsed> {
  const { code, out } = await run(file)
  assert.equal(code, 0, out)
  return JSON.parse(out) as Rehearsed
}

function counts({ parts }: Rehearsed): ReadonlyMap<string, number> {
  return new Map(parts.map(({ name, messages }) => [name, messages]))
}

test('a head line, quotes, names and empty lines are borne; domains are the same in upper and lower case', async () => {
  const list = [
    'name,address,note',
    'A,a@Example.COM,"b@other.example"',
    '"B, C" <b@example.com>',
    '',
    '"c@example.net","x"\r',
    'd@example.net',
  ].join('\n')
  const found = await rehearsed(list)
  assert.deepEqual(
    counts(found),
    new Map([
      ['example.com', 2],
      ['example.net', 2],
    ]),
  )
  assert.equal(found.messages, 4)
})

test('a list of a million recipients is counted whole', async () => {
  const lines = Array.from({ length: 1_000 }, (_, n) => `user${n}@${n % 4 === 0 ? 'a' : 'b'}.example`)
  const found = await rehearsed(`${lines.join('\n')}\n`.repeat(1_000))
  assert.equal(found.messages, 1_000_000)
  assert.deepEqual(
    counts(found),
    new Map([
      ['b.example', 750_000],
      ['a.example', 250_000],
    ]),
  )
})

test('a list without any address is no plan', async () => {
  const { code, out } = await run('name\nnobody\n')
  assert.equal(code, 64)
  assert.match(out, /there is no recipient in it/)
})
