/** `npm run unit [-- paths and flags]`: the tests that stand beside the code. */

import { globSync, readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'

import { onlyTests } from './tests.ts'

export const UNIT = { paths: ['src/**/*.test.ts', 'scripts/**/*.test.ts'], each: 60_000, all: 300_000 }

/**
 * What an octet of a folder's tests costs, beside one of most folders that do input and output (measured): some have
 * nothing to wait for, some start programs or have their tests in files of other kinds. The first that fits counts.
 */
const COSTS: readonly (readonly [folder: string, cost: number])[] = [
  ['src/grammar/smtp', 1 / 2],
  ['src/grammar', 1 / 6],
  ['src/product', 1 / 6],
  ['src/engine/spool', 4],
  ['src/engine/shaping', 1 / 6],
  ['src/engine/routing', 1 / 3],
  ['src/engine/signing', 2],
  ['src/engine/queue', 3 / 2],
  ['src/door/cli', 3],
  ['src/platform/log', 3],
  ['scripts', 3],
]

const USES_POSTGRES = /\/test\/(?:postgres|control)\.ts'/

type Share = { readonly paths: readonly string[]; readonly cost: number }

/** All test files that stand beside the code. */
export function unitTests(): readonly string[] {
  return UNIT.paths.flatMap((path) => globSync(path))
}

/** For a run that leaves PostgreSQL out: what `dealt` leaves out are files, `test/control.ts` leaves out its half. */
export const SQLITE_ONLY = { TEST_ENGINES: 'sqlite' }

/**
 * These tests, dealt to processes: those that share a PostgreSQL server to one of their own, and the others to
 * `others` processes, room by room and about as much to each. Without `postgres`, the tests of PostgreSQL alone are
 * left out, and those of both engines are dealt as the others.
 */
export function dealt(
  tests: readonly string[],
  others: number,
  postgres: boolean,
): readonly (readonly string[])[] {
  const files = tests
    .filter((path) => postgres || basename(path) !== 'postgres.test.ts')
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
  const [withPostgres = [], without = []] = [true, false].map((uses) =>
    files.filter(({ text }) => (postgres && USES_POSTGRES.test(text)) === uses),
  )
  const rooms = [...Map.groupBy(without, ({ path }) => dirname(path))].map(([folder, inside]): Share => {
    const length = inside.reduce((sum, { text }) => sum + text.length, 0)
    const [, each = 1] = COSTS.find(([beginning]) => folder.startsWith(beginning)) ?? []
    return { paths: inside.map(({ path }) => path), cost: length * each }
  })
  const hands = Array.from({ length: others }, () => ({ paths: [] as string[], cost: 0 }))
  // Largest first: then those that come last even out what those before them left.
  for (const { paths, cost } of rooms.toSorted((a, b) => b.cost - a.cost)) {
    const least = hands.reduce((a, b) => (b.cost < a.cost ? b : a))
    least.paths.push(...paths)
    least.cost += cost
  }
  const shared = withPostgres.map(({ path }) => path)
  return [shared, ...hands.map(({ paths }) => paths)].filter((paths) => paths.length > 0)
}

if (import.meta.main) {
  const rest = process.argv.slice(2)
  const flags = rest.filter((word) => word.startsWith('-'))
  const paths = rest.filter((word) => !word.startsWith('-'))
  await onlyTests({ ...UNIT, flags, ...(paths.length > 0 && { paths }) })
}
