import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { testDirectory } from '../../../test/directory.ts'
import { lockDataDirectory } from './lock.ts'
import { migrationContract } from './migration.contract.ts'
import { openSqlite } from './sqlite.ts'
import { parseStoreUrl, withoutPassword } from './url.ts'

test('store.url names an engine and where its files are', () => {
  for (const [url, expected] of [
    ['sqlite:', { engine: 'sqlite', directory: '/data' }],
    ['sqlite:sub', { engine: 'sqlite', directory: '/data/sub' }],
    ['sqlite:/else', { engine: 'sqlite', directory: '/else' }],
    ['postgres://h/db', { engine: 'postgres', url: 'postgres://h/db' }],
    ['postgresql://h/db', { engine: 'postgres', url: 'postgresql://h/db' }],
  ] as const) {
    assert.deepEqual(parseStoreUrl(url, '/data'), expected)
  }
  for (const url of ['', 'sqlite', 'mysql://x', 'postgres:x']) {
    assert.throws(() => parseStoreUrl(url, '/data'), { name: 'StoreError', code: 'url' }, url)
  }
})

test('a password in a URL is not shown', () => {
  assert.equal(withoutPassword('postgres://u:p@ss:w@host:5432/db'), 'postgres://u:***@host:5432/db')
  assert.equal(withoutPassword('postgres://host:5432/db'), 'postgres://host:5432/db')
  assert.equal(withoutPassword('nonsense'), 'nonsense')
})

test('a data directory has one owner, is private, and is free again when the owner has gone in any way', () => {
  const parent = testDirectory('lock-')
  const directory = join(parent, 'data')
  const lock = lockDataDirectory(directory)
  assert.equal(statSync(directory).mode & 0o777, 0o700)
  const taken = {
    name: 'StoreError',
    code: 'locked',
    message: `${directory} is in use by process ${process.pid}`,
  }
  assert.throws(() => lockDataDirectory(directory), taken)
  const script = `import { lockDataDirectory } from ${JSON.stringify(new URL('lock.ts', import.meta.url).href)}
    try { lockDataDirectory(${JSON.stringify(directory)}) } catch (error) { console.log(error.code) ; process.exit() }
    process.kill(process.pid, 'SIGKILL')`
  const other = (): { stdout: string; signal: string | null } =>
    spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.equal(other().stdout, 'locked\n')
  lock[Symbol.dispose]()
  assert.equal(other().signal, 'SIGKILL')
  lockDataDirectory(directory)[Symbol.dispose]()
  assert.equal(existsSync(join(directory, 'pid')), false)
  rmSync(parent, { recursive: true })
})

test('a SQLite commit is on the disk: the log is synced before it returns', () => {
  const directory = testDirectory('store-')
  const db = openSqlite(join(directory, 'new', 'x.db'))
  assert.deepEqual({ ...db.prepare('pragma synchronous').get() }, { synchronous: 2 })
  assert.deepEqual({ ...db.prepare('pragma journal_mode').get() }, { journal_mode: 'wal' })
  assert.equal(statSync(join(directory, 'new')).mode & 0o777, 0o700)
  db.close()
  rmSync(directory, { recursive: true })
})

migrationContract('SQLite', async () => {
  const directory = testDirectory('store-')
  const db = openSqlite(join(directory, 'x.db'))
  const end = async (): Promise<void> => {
    db.close()
    rmSync(directory, { recursive: true })
  }
  return { database: { engine: 'sqlite', db }, end }
})
