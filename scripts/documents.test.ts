import assert from 'node:assert/strict'
import { test } from 'node:test'

import { checkErrors } from './check-errors.ts'
import { checkEvents } from './check-events.ts'
import { checkLinks } from './check-links.ts'
import { checkMap, writeMap } from './check-map.ts'
import { checkRfc } from './check-rfc.ts'
import type { Tree } from './tree.ts'
import { rowsOf } from './tree.ts'

const MAP_HEAD = '| room | inside | outside | what it is |\n| --- | --- | --- | --- |\n'

function tree(files: Readonly<Record<string, string>>): Tree {
  return new Map(Object.entries(files))
}

function mapped(rows: string, files: Readonly<Record<string, string>>): Tree {
  return tree({ 'docs/architecture.md': `# Map\n\n${MAP_HEAD}${rows}\nAfter.\n`, ...files })
}

const SPOOL = "import { x } from '#grammar/address'\nimport { open } from 'node:fs/promises'\n"
const TWO_ROOMS = {
  'src/grammar/address/index.ts': 'export const x = 1\n',
  'src/engine/spool/index.ts': "export { y } from './spool.ts'\n",
  'src/engine/spool/spool.ts': SPOOL,
}
const TWO_ROWS =
  '| `grammar/address` | – | – | paths |\n| `engine/spool` | grammar/address | node:fs/promises | messages |\n'

test('a map that says what the imports say is right', () => {
  assert.deepEqual(checkMap(mapped(TWO_ROWS, TWO_ROOMS)), [])
})

test('the map made from the imports keeps what people wrote', () => {
  const stale = '| `grammar/address` | – | node:net | paths |\n| `engine/gone` | – | – | – |\n'
  const written = writeMap(mapped(stale, TWO_ROOMS))
  assert.match(
    written,
    /\| `grammar\/address` \| – \| – \| paths \|\n\| `engine\/spool` \| grammar\/address \| node:fs\/promises \|  \|\n\nAfter/,
  )
})

const WRONG_MAPS: readonly (readonly [
  why: string,
  rows: string,
  files: Readonly<Record<string, string>>,
  said: RegExp,
])[] = [
  ['a folder without a row', TWO_ROWS, { 'src/door/mx/index.ts': '' }, /^src\/door\/mx is not on the map$/],
  [
    'a row without a folder',
    `${TWO_ROWS}| \`door/mx\` | – | – | in |\n`,
    {},
    /^map: there is no src\/door\/mx$/,
  ],
  ['a row without words', TWO_ROWS.replace('paths', ''), {}, /^map: what is grammar\/address\?$/],
  [
    'an import that is not listed',
    TWO_ROWS,
    { 'src/grammar/address/index.ts': "import 'node:net'\n" },
    /does not let grammar\/address import node:net$/,
  ],
  [
    'a type that is not listed',
    TWO_ROWS,
    { 'src/grammar/address/index.ts': "import type {\n  A,\n} from 'pg'\n" },
    /does not let grammar\/address import pg$/,
  ],
  [
    'a later import',
    TWO_ROWS,
    { 'src/grammar/address/index.ts': "const a = await import('pg')\n" },
    /import pg$/,
  ],
  [
    'an arrow that is not used',
    TWO_ROWS.replace('| – | – |', '| – | node:net |'),
    {},
    /^map: grammar\/address → node:net is listed but not used$/,
  ],
  [
    'reaching past a front door',
    TWO_ROWS,
    { 'src/grammar/address/index.ts': "import { s } from '../../engine/spool/spool.ts'\n" },
    /reaches into src\/engine\/spool; import '#engine\/spool'$/,
  ],
  [
    'a thread that reaches past one',
    TWO_ROWS,
    { 'src/grammar/address/index.ts': "new URL('../../engine/spool/spool.ts', import.meta.url)\n" },
    /reaches into src\/engine\/spool/,
  ],
  [
    'floors out of order',
    TWO_ROWS.split('\n').toReversed().join('\n').trim() + '\n',
    {},
    /^map: grammar\/address stands above a higher floor$/,
  ],
  ['a file that is in no room', TWO_ROWS, { 'src/engine/loose.ts': '' }, /^src\/engine is not on the map$/],
]

for (const [why, rows, files, said] of WRONG_MAPS) {
  test(`the map check finds ${why}`, () => {
    const found = checkMap(mapped(rows, { ...TWO_ROOMS, ...files }))
    assert.ok(
      found.some((problem) => said.test(problem)),
      found.join('\n'),
    )
  })
}

test('arrows upward, to a later row and from door to door are refused even when listed', () => {
  const rooms = {
    'src/grammar/a/index.ts': "import '#engine/b'\n",
    'src/engine/b/index.ts': '',
    'src/door/c/index.ts': '',
    'src/door/d/index.ts': "import '#door/c'\n",
  }
  const rows =
    '| `grammar/a` | engine/b | – | a |\n| `engine/b` | – | – | b |\n| `door/c` | – | – | c |\n| `door/d` | door/c | – | d |\n'
  assert.deepEqual(checkMap(mapped(rows, rooms)), [
    'map: grammar/a → engine/b points upward',
    'map: door/d → door/c: doors do not import each other',
  ])
})

test('a grammar that waits, looks at the clock or at the world is found', () => {
  const code =
    "import { open } from 'node:fs'\nimport { Buffer } from 'node:buffer'\n// await is only a word here\nconst a = Date.now()\nawait a\n"
  const rows = '| `grammar/a` | – | node:buffer, node:fs | a |\n'
  assert.deepEqual(checkMap(mapped(rows, { 'src/grammar/a/index.ts': code })), [
    'src/grammar/a/index.ts: a grammar is pure; it has Date.now(',
    'src/grammar/a/index.ts: a grammar is pure; it has await',
    'src/grammar/a/index.ts: a grammar is pure; it has node:fs',
  ])
})

test('tests and what only they use may import what they like', () => {
  const files = {
    ...TWO_ROOMS,
    'src/grammar/address/address.test.ts': "import { f } from './fixture.ts'\nimport 'node:net'\n",
    'src/grammar/address/fixture.ts': "import 'node:dgram'\n",
  }
  assert.deepEqual(checkMap(mapped(TWO_ROWS, files)), [])
})

test('RFCs are held both ways, and to one form of citation', () => {
  const index =
    '| RFC | done | title |\n| --- | --- | --- |\n| 5321 | partly | SMTP |\n| 3461 | yes | DSN |\n| 1870 | no | SIZE |\n| 9 | soon | x |\n'
  const code = '// RFC 5321 §4.2\n// RFC 1870 §3\n// RFC 2034 §4\n// RFC5322, RFC 5321 section 4\n'
  assert.deepEqual(checkRfc(tree({ 'docs/rfc.md': index, 'src/grammar/smtp/x.ts': code })), [
    'src/grammar/smtp/x.ts:3: RFC 2034 is not in docs/rfc.md',
    'src/grammar/smtp/x.ts:4: cite as RFC 5321 §4.2',
    'docs/rfc.md: RFC 3461 is marked yes, but no line cites it',
    'docs/rfc.md: RFC 1870 is marked no, but src/grammar/smtp/x.ts:2 cites it',
    'docs/rfc.md: RFC 9 is soon, not yes, partly or no',
  ])
})

test('errors and their codes are held both ways', () => {
  const code = `
export class SpoolError extends Error {
  override readonly name = 'SpoolError'
  readonly code: 'missing' | 'full'
}
type Why =
  | 'closed'
  | 'unknown'

export class ThreadError extends Error {
  readonly code: Why
}
export class TooLarge extends Error {
}
const EXIT = {
  ok: 0,
  /** Of a table. */
  usage: 64,
} as const
class CliError extends Error {
  readonly code: Exclude<keyof typeof EXIT, 'ok'>
}
`
  const index =
    '| error | code | when |\n| --- | --- | --- |\n| `SpoolError` | `missing` | x |\n| `ThreadError` | `closed` | x |\n| `ThreadError` | `open` | x |\n| `TooLarge` | – | x |\n'
  assert.deepEqual(checkErrors(tree({ 'docs/errors.md': index, 'src/engine/spool/index.ts': code })), [
    'src/engine/spool/index.ts: SpoolError full is not in docs/errors.md',
    'src/engine/spool/index.ts: ThreadError unknown is not in docs/errors.md',
    'src/engine/spool/index.ts: CliError usage is not in docs/errors.md',
    'docs/errors.md: no code declares ThreadError open',
  ])
})

test('events and their levels are held both ways, and are words in the code', () => {
  const code = "log.info('a.b', {})\nthis.#log.warn(\n  'c.d',\n)\noptions.log.error(name)\n"
  const index = '| event | level | when |\n| --- | --- | --- |\n| `a.b` | info, debug | x |\n'
  assert.deepEqual(checkEvents(tree({ 'docs/events.md': index, 'src/engine/queue/index.ts': code })), [
    "src/engine/queue/index.ts: log.error(name…): the event is not a literal such as 'delivery.bounced'",
    'src/engine/queue/index.ts: c.d (warn) is not in docs/events.md',
    'docs/events.md: no code logs a.b (debug)',
  ])
})

test('links lead to files and headings that are there', () => {
  const files = {
    'README.md':
      '[a](docs/a.md#what-it-is) [b](docs/b.md) [c](https://example.com/) [d](docs/a.md#gone) [e](LICENSE)',
    'docs/a.md': '# A\n\n## What it is?\n\n[up](../README.md) [here](#a)',
  }
  assert.deepEqual(
    checkLinks(tree(files), (path) => path === 'LICENSE'),
    [
      'README.md: docs/b.md leads nowhere',
      'README.md: docs/a.md#d: there is no such heading'.replace('#d', '#gone'),
    ],
  )
})

test('rows of a table are cells without backquotes, and a bar can be escaped', () => {
  assert.deepEqual(rowsOf('| a | b |\n| --- | --- |\n| `x` | `y \\| z` |\n'), [['x', 'y | z']])
})
