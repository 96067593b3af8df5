/** The contract of migrations, for both engines. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import { migrate } from './migration.ts'
import type { Database, Migration } from './migration.ts'

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

/** What migrations promise on any engine. `open` gives an empty database of its own. */
export function migrationContract(
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
