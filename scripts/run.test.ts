import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
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

/** A tree with the launcher and nothing installed; `link` is bin/hikyaku by two links, in a directory with a space. */
async function bareTree(): Promise<AsyncDisposable & { readonly root: string; readonly link: string }> {
  const root = await mkdtemp(join(tmpdir(), 'launcher-'))
  for (const file of ['bin/hikyaku', 'scripts/pinned-node.mjs', 'package.json']) {
    await mkdir(dirname(join(root, file)), { recursive: true })
    await copyFile(join(ROOT, file), join(root, file))
  }
  const folder = join(root, 'on the path')
  const link = join(folder, 'hikyaku')
  await mkdir(folder)
  await symlink('../bin/hikyaku', join(folder, 'there'))
  await symlink('there', link)
  return { root, link, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) }
}

test('a shell becomes the pinned Node: same process, same arguments, no other Node needed', async (t) => {
  if (process.platform === 'win32') return t.skip('there `node bin/hikyaku` is the way in')
  await using tree = await bareTree()
  const bin = join(tree.root, 'node_modules/.bin')
  await mkdir(bin, { recursive: true })
  const tell = '#!/bin/sh\necho "$$ $MALLOC_ARENA_MAX"\nprintf "%s\\n" "$NODE_COMPILE_CACHE" "$@"\nexit 7\n'
  await writeFile(join(bin, 'node'), tell, { mode: 0o755 })
  const env = { PATH: '/usr/bin:/bin', CDPATH: '/' }
  const ran = spawnSync(tree.link, ['--to', 'a b', '', '$HOME *'], { cwd: '/', env, encoding: 'utf8' })
  const root = await realpath(tree.root)
  assert.deepEqual(ran.stdout.split('\n'), [
    `${ran.pid} 2`,
    join(root, 'node_modules/.cache/node-compile'),
    join(root, 'src/main/cli.ts'),
    '--to',
    'a b',
    '',
    '$HOME *',
    '',
  ])
  assert.equal(ran.status, 7)
})

test('where nothing is installed, any Node says what to do', async () => {
  await using tree = await bareTree()
  const { status, stderr } = spawnSync(process.execPath, [tree.link, '--version'], { encoding: 'utf8' })
  assert.match(stderr, /^hikyaku: not installed yet; run `npm ci --ignore-scripts` in .*launcher-/)
  assert.equal(status, 69)
})
