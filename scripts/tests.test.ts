import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { NONE, sum, told } from './summary.ts'
import { runTests } from './tests.ts'
import type { Tested } from './tests.ts'

const ONE = `import { test } from 'node:test'\ntest('the first', () => {})\n`

/** Runs files of these contents, apart from ours. */
async function tested(...contents: readonly string[]): Promise<Tested> {
  const folder = await mkdtemp(join(tmpdir(), 'tests-'))
  try {
    for (const [n, text] of contents.entries()) await writeFile(join(folder, `${n}.test.ts`), text)
    return await runTests({ paths: [folder], each: 10_000, all: 20_000 }, false)
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('a test that fails and a file that throws after its first test are both told and counted', async () => {
  const { ok, output, summary } = await tested(
    ONE,
    `${ONE}test('the second', () => { throw new Error('wrong') })\n`,
    `${ONE}throw new Error('unread')\n`,
    `${ONE}test('the second', () => {\n`,
  )
  assert.equal(ok, false)
  assert.match(output, /✖ the second \(.*1\.test\.ts:3\)\n    Error: wrong/)
  assert.match(output, /✖ .*2\.test\.ts\n    Error: unread/)
  assert.match(output, /✖ .*3\.test\.ts.*\n[^]*SyntaxError/)
  assert.deepEqual({ ...summary }, { ...summary, tests: 6, passed: 3, failed: 3 })
})

test('a process that ends before its tests have is a failure, whatever its code', async () => {
  const { ok, output, summary } = await tested(`${ONE}process.exit(0)\n`)
  assert.equal(ok, false)
  assert.match(output, /✖ the tests ended with code 0 before they were counted/)
  assert.equal(summary.failed, 1)
})

test('counts of several processes are added up, and told in the words of the runner', () => {
  const total = sum([
    { ...NONE, tests: 3, passed: 2, failed: 1 },
    { ...NONE, tests: 2, passed: 1, skipped: 1 },
  ])
  const lines = ['tests 5', 'suites 0', 'pass 3', 'fail 1', 'cancelled 0', 'skipped 1', 'todo 0']
  assert.equal(told(total, 12.5), [...lines, 'duration_ms 12.5'].map((line) => `# ${line}`).join('\n'))
})
