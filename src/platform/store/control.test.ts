/** What holds for a control database on either engine. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'

import { sql } from 'kysely'
import type { Kysely } from 'kysely'

import { ENGINES, testControl } from '../../../test/control.ts'
import type { TestControl } from '../../../test/control.ts'

import { StoreError, violationOf } from './index.ts'
import type { Migration } from './index.ts'

type Tables = {
  parent: { name: string; n: number }
  child: { parent: string }
}

const SQL = `
  create table parent (name text primary key, n bigint not null);
  create table child (parent text not null references parent (name))`
const MIGRATIONS: readonly Migration[] = [{ name: 'both', sqlite: SQL, postgres: SQL }]

for (const engine of ENGINES) {
  suite(`control database on ${engine}`, () => {
    let control: TestControl
    let db: Kysely<Tables>
    before(async () => {
      control = await testControl(engine)
      db = await control.open().tables<Tables>('test', MIGRATIONS)
    })
    after(() => control[Symbol.asyncDispose]())

    const read = (name: string) =>
      db.selectFrom('parent').select('n').where('name', '=', name).executeTakeFirst()

    test('milliseconds come back as numbers', async () => {
      const n = Date.UTC(2026, 10, 22)
      await db.insertInto('parent').values({ name: 'milliseconds', n }).execute()
      assert.equal((await read('milliseconds'))?.n, n)
    })

    test('what one connection commits the next query of another sees', async () => {
      const other = await control.open().tables<Tables>('test', MIGRATIONS)
      assert.equal(await read('seen'), undefined)
      await other.insertInto('parent').values({ name: 'seen', n: 1 }).execute()
      assert.equal((await read('seen'))?.n, 1)
      const { numUpdatedRows } = await other
        .updateTable('parent')
        .set({ n: 2 })
        .where('name', '=', 'seen')
        .executeTakeFirstOrThrow()
      assert.equal(numUpdatedRows, 1n)
      assert.equal((await read('seen'))?.n, 2)
    })

    test('a transaction that fails leaves nothing', async () => {
      const failing = db.transaction().execute(async (transaction) => {
        await transaction.insertInto('parent').values({ name: 'half', n: 1 }).execute()
        throw new Error('enough')
      })
      await assert.rejects(failing, /enough/)
      assert.equal(await read('half'), undefined)
    })

    test('transactions of two connections that read before they write both go through', async () => {
      const other = await control.open().tables<Tables>('test', MIGRATIONS)
      await db.insertInto('parent').values({ name: 'sum', n: 0 }).execute()
      const add = (on: Kysely<Tables>) =>
        on.transaction().execute(async (transaction) => {
          await transaction.selectFrom('parent').selectAll().execute()
          await transaction
            .updateTable('parent')
            .set((is) => ({ n: is('n', '+', 1) }))
            .where('name', '=', 'sum')
            .execute()
        })
      await add(db)
      await add(other)
      await add(db)
      assert.equal((await read('sum'))?.n, 3)
    })

    test('a broken rule is told apart from other failures', async () => {
      await db.insertInto('parent').values({ name: 'twice', n: 1 }).execute()
      const unique = () => db.insertInto('parent').values({ name: 'twice', n: 1 }).execute()
      const reference = () => db.insertInto('child').values({ parent: 'nobody' }).execute()
      const other = () => sql`select nothing`.execute(db)
      for (const [fails, violation] of [
        [unique, 'unique'],
        [reference, 'reference'],
        [other, undefined],
      ] as const) {
        await assert.rejects(fails, (error) => {
          assert.equal(violationOf(error), violation)
          return true
        })
      }
    })

    test('a schema newer than the program is refused', async () => {
      await assert.rejects(
        control.open().tables('test', []),
        (error) => error instanceof StoreError && error.code === 'newer',
      )
    })
  })
}
