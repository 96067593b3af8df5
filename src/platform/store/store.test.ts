import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'

import { testDirectory } from '../../../test/directory.ts'
import { testDatabase } from '../../../test/postgres.ts'
import { lockDataDirectory } from './lock.ts'
import { migrate } from './migration.ts'
import type { Database, Migration } from './migration.ts'
import { openPostgres } from './postgres.ts'
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

const ONE: Migration = { name: 'one', sqlite: 'create table t (a int)', postgres: 'create table t (a int)' }
const TWO: Migration = {
  name: 'two',
  sqlite: 'alter table t add column b int; insert into t values (1, 2)',
  postgres: 'alter table t add column b int; insert into t values (1, 2)',
}
const HALF: Migration = {
  name: 'half',
  sqlite: 'insert into t values (3, 4); insert into nowhere values (1)',
  postgres: 'insert into t values (3, 4); insert into nowhere values (1)',
}

async function rows(database: Database): Promise<unknown[]> {
  const sql = 'select a, b from t'
  if (database.engine === 'sqlite')
    return database.db
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }))
  return (await database.pool.query(sql)).rows
}

function migrationContract(
  engine: string,
  open: () => Promise<{ database: Database; end: () => Promise<void> }>,
): void {
  suite(`migrations on ${engine}`, () => {
    test('each is applied once, in order', async () => {
      const { database, end } = await open()
      await migrate(database, 'mail', [ONE], () => 1)
      await migrate(database, 'mail', [ONE, TWO], () => 2)
      await migrate(database, 'mail', [ONE, TWO], () => 3)
      assert.deepEqual(await rows(database), [{ a: 1, b: 2 }])
      await end()
    })

    test('one that fails leaves nothing, and is tried again', async () => {
      const { database, end } = await open()
      await assert.rejects(migrate(database, 'mail', [ONE, TWO, HALF], () => 1))
      assert.deepEqual(await rows(database), [{ a: 1, b: 2 }])
      const whole = {
        ...HALF,
        sqlite: 'insert into t values (3, 4)',
        postgres: 'insert into t values (3, 4)',
      }
      await migrate(database, 'mail', [ONE, TWO, whole], () => 2)
      assert.equal((await rows(database)).length, 2)
      await end()
    })

    test('a newer schema is refused, and components do not mix', async () => {
      const { database, end } = await open()
      await migrate(database, 'mail', [ONE, TWO], () => 1)
      await assert.rejects(
        migrate(database, 'mail', [ONE], () => 2),
        { name: 'StoreError', code: 'newer' },
      )
      await migrate(database, 'other', [], () => 3)
      await end()
    })
  })
}

migrationContract('SQLite', async () => {
  const directory = testDirectory('store-')
  const db = openSqlite(join(directory, 'x.db'))
  const end = async (): Promise<void> => {
    db.close()
    rmSync(directory, { recursive: true })
  }
  return { database: { engine: 'sqlite', db }, end }
})

migrationContract('PostgreSQL', async () => {
  const schema = await testDatabase()
  const pool = openPostgres(schema.url, { name: 'test' })
  const end = async (): Promise<void> => {
    await pool.end()
    await schema.drop()
  }
  return { database: { engine: 'postgres', pool }, end }
})
