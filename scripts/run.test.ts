import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'

const ROOT = resolve(import.meta.dirname, '..')

test('a verb that does not exist is told what there is, with the exit code of a wrong usage', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts/run.mjs'), 'dance'], {
    encoding: 'utf8',
  })
  assert.equal(status, 64)
  assert.match(stderr, /^hikyaku: expected one of start, test, check, .*, not dance\n$/)
})

test('the command line runs under the pinned Node through a link and from anywhere, and its exit code is passed on', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'run-'))
  try {
    await symlink(join(ROOT, 'bin/hikyaku'), join(folder, 'hikyaku'))
    const { status, stderr } = spawnSync(process.execPath, [join(folder, 'hikyaku'), 'no-such-command'], {
      cwd: folder,
      encoding: 'utf8',
    })
    assert.notEqual(status, 0)
    assert.match(stderr, /no-such-command/)
  } finally {
    await rm(folder, { recursive: true })
  }
})
