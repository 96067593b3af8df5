import assert from 'node:assert/strict'
import { test } from 'node:test'

import { programName, quoted } from './program-name.ts'

const PROGRAM = '/home/jane/hikyaku/bin/hikyaku'

/** Files and what is behind them. */
const FILES = new Map([
  [PROGRAM, PROGRAM],
  ['/usr/local/bin/hikyaku', PROGRAM],
  ['/opt/other/bin/hikyaku', '/opt/other/bin/hikyaku'],
])

function name(directory: string, path = '/usr/bin:/bin', program = PROGRAM): string {
  return programName({ program, directory, path, real: (file) => FILES.get(file) })
}

const cases: [why: string, got: string, wanted: string][] = [
  ['in the source tree, relative', name('/home/jane/hikyaku'), 'bin/hikyaku'],
  ['beside it, not a name that only PATH could find', name('/home/jane/hikyaku/bin'), './hikyaku'],
  ['in a folder of the tree, relative', name('/home/jane/hikyaku/docs/decisions'), '../../bin/hikyaku'],
  ['above the tree, relative', name('/home/jane'), 'hikyaku/bin/hikyaku'],
  ['far away, absolute', name('/var/lib/mail/x'), PROGRAM],
  ['on PATH, by its name', name('/tmp', '/usr/bin:/usr/local/bin'), 'hikyaku'],
  [
    'on PATH behind another of that name, by its path',
    name('/srv/a/b/c', '/opt/other/bin:/usr/local/bin'),
    PROGRAM,
  ],
  ['installed by a package, by its name', name('/tmp', '', '/usr/lib/hikyaku/bin/hikyaku'), 'hikyaku'],
]
for (const [why, got, wanted] of cases) {
  test(`the program is called ${wanted} from where it stands: ${why}`, () => {
    assert.equal(got, wanted)
  })
}

test('what a shell would take apart is quoted', () => {
  assert.equal(quoted('../bin/hikyaku'), '../bin/hikyaku')
  assert.equal(quoted("/home/o'hara/my mail"), String.raw`'/home/o'\''hara/my mail'`)
})
