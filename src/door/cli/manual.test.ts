import assert from 'node:assert/strict'
import { test } from 'node:test'

import { manual } from './manual.ts'
import { pretendNode, runPretend } from './pretend-node.ts'

test('every command says what it is for, and has an example of itself', () => {
  for (const { name, is, rows, examples } of manual()) {
    assert.notEqual(is, '', name)
    for (const row of rows) assert.notEqual(row.is, '', `${name} ${row.written}`)
    assert.ok(examples.length > 0, `${name} has no example`)
    assert.ok(name === 'hikyaku' || examples.every((line) => line.startsWith(name)), name)
  }
})

const MESSAGE = 'From: a@example.org\n\nx\n'
const REPORT =
  '{"date-range":{"start-datetime":"2026-11-21T00:00:00Z","end-datetime":"2026-11-21T23:59:59Z"},"policies":[]}'
const CSV = 'email\na@example.org\n'

function contentOf(path: string): string {
  if (path.endsWith('.csv')) return CSV
  return path.endsWith('.json') ? REPORT : MESSAGE
}

for (const { name, examples } of manual()) {
  for (const example of examples) {
    test(`the example of ${name} can be typed: ${example}`, async () => {
      const { operations } = await pretendNode()
      // What follows a bar or an arrow is the shell's.
      const [line = ''] = example.split(/ [|>] /)
      const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '')
      const { code, err } = await runPretend(words.slice(1), operations, {
        readFile: (path) => Promise.resolve(Buffer.from(contentOf(path))),
        checkConfig: () => Promise.resolve({ path: undefined, problems: [], warnings: [] }),
      })
      // 66: what the example names does not exist here; that it was asked for is all there is to see.
      assert.ok(code === 0 || code === 66, `${code} ${err}`)
    })
  }
}
