/** A control database of its own for a test, on either engine, that can be opened more than once. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { openControl } from '#platform/store'
import type { Control } from '#platform/store'

import { testDatabase } from './postgres.ts'

type Engine = 'sqlite' | 'postgres'

/** Both, unless the quick check leaves PostgreSQL to `npm test`: see `scripts/unit.ts`. */
export const ENGINES: readonly Engine[] =
  process.env['TEST_ENGINES'] === 'sqlite' ? ['sqlite'] : ['sqlite', 'postgres']

export type TestControl = AsyncDisposable & {
  /** A connection of its own, as another process or thread would have. Closed with the rest. */
  open(): Control
  /** Where SQLite has its files; empty for PostgreSQL. */
  readonly directory: string
}

export async function testControl(engine: Engine): Promise<TestControl> {
  const opened: Control[] = []
  const { location, remove } = engine === 'sqlite' ? await directory() : await serverDatabase()
  return {
    directory: location.engine === 'sqlite' ? location.directory : '',
    open() {
      const control = openControl(location, { now: () => 0 })
      opened.push(control)
      return control
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((control) => control.close()))
      await remove()
    },
  }
}

async function directory() {
  const path = await mkdtemp(join(tmpdir(), 'hikyaku-control-'))
  const location = { engine: 'sqlite', directory: path } as const
  return { location, remove: () => rm(path, { recursive: true }) }
}

async function serverDatabase() {
  const database = await testDatabase()
  return { location: { engine: 'postgres', url: database.url } as const, remove: () => database.drop() }
}
