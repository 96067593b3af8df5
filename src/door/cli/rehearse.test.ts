/** Plans from files: whatever list it is, the first address of each line counts. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { RehearsalPlan } from './host.ts'
import { pretendNode, runPretend } from './pretend-node.ts'
import { pretendRules } from './pretend-rules.ts'

type Shares = RehearsalPlan['shares']

async function run(
  file: string,
): Promise<{ readonly code: number; readonly out: string; readonly shares: Shares }> {
  const { operations } = await pretendNode()
  const readFile = (): Promise<Buffer> => Promise.resolve(Buffer.from(file))
  let shares: Shares = []
  const rehearse: typeof pretendRules.rehearse = (options, plan) => {
    shares = plan.shares
    return pretendRules.rehearse(options, {
      ...plan,
      shares: plan.shares.map((one) => ({ ...one, count: 1 })),
    })
  }
  const { code, out } = await runPretend(['--json', 'rehearse', '--file', 'x'], operations, {
    readFile,
    rehearse,
  })
  return { code, out, shares }
}

async function counted(file: string): Promise<ReadonlyMap<string, number>> {
  const { code, out, shares } = await run(file)
  assert.equal(code, 0, out)
  return new Map(shares.map(({ domain, count }) => [domain, count]))
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
  assert.deepEqual(
    await counted(list),
    new Map([
      ['example.com', 2],
      ['example.net', 2],
    ]),
  )
})

test('a list of a million recipients is counted whole', async () => {
  const lines = Array.from({ length: 1_000 }, (_, n) => `user${n}@${n % 4 === 0 ? 'a' : 'b'}.example`)
  assert.deepEqual(
    await counted(`${lines.join('\n')}\n`.repeat(1_000)),
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
