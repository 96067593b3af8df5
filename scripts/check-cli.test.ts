import assert from 'node:assert/strict'
import { test } from 'node:test'

import { checkCli, writeCli } from './check-cli.ts'

const MARKS = '<!-- made by `npm run documents -- --write` -->\n<!-- end -->\n'

test('a document that differs from the help is found, and made anew it does not', () => {
  const old = new Map([['docs/cli.md', `# The command line\n\n${MARKS}`]])
  assert.match(checkCli(old).join('\n'), /^docs\/cli\.md: differs from the program's help/)
  const made = writeCli(old)
  assert.deepEqual(checkCli(new Map([['docs/cli.md', made]])), [])
  assert.match(made, /^## `hikyaku message list`$/m)
  assert.match(made, /^\| `--state <states>` \| In these states, .*\. \|$/m)
})
