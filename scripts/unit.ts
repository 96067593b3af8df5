/** `npm run unit [-- paths and flags]`: the tests that stand beside the code. */

import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { onlyTests } from './tests.ts'

export const UNIT = { paths: ['src/**/*.test.ts', 'scripts/**/*.test.ts'], each: 20_000, all: 120_000 }

/** What has no input and output is tested at an eighth of the cost of what has, by the octets of the tests (measured). */
const PURE = join('src', 'grammar')
const PURE_COST = 1 / 8

type Room = { readonly paths: string; readonly cost: number; readonly usesPostgres: boolean }

/**
 * All unit tests by the folder, dealt to processes: those that share a PostgreSQL server to one of their own, and the
 * others to `others` processes, about as much to each.
 */
export function dealt(others: number): readonly (readonly string[])[] {
  const hands = Array.from({ length: others }, () => ({ cost: 0, paths: [] as string[] }))
  const withPostgres: string[] = []
  for (const { paths, cost, usesPostgres } of rooms()) {
    if (usesPostgres) withPostgres.push(paths)
    else {
      const least = hands.reduce((a, b) => (b.cost < a.cost ? b : a))
      least.cost += cost
      least.paths.push(paths)
    }
  }
  return [withPostgres, ...hands.map((hand) => hand.paths)].filter((paths) => paths.length > 0)
}

/** Largest first: then those that come last even out what those before them left. */
function rooms(): readonly Room[] {
  const files = UNIT.paths.flatMap((path) => globSync(path))
  const found = Map.groupBy(files, (file) => dirname(file))
  return [...found]
    .map(([folder, inside]) => {
      const text = inside.map((file) => readFileSync(file, 'utf8')).join('')
      const cost = text.length * (folder.startsWith(PURE) ? PURE_COST : 1)
      return {
        paths: join(folder, '*.test.ts'),
        cost,
        usesPostgres: /\/test\/(?:postgres|control)\.ts'/.test(text),
      }
    })
    .toSorted((a, b) => b.cost - a.cost || (a.paths < b.paths ? -1 : 1))
}

if (import.meta.main) {
  const rest = process.argv.slice(2)
  const flags = rest.filter((word) => word.startsWith('-'))
  const paths = rest.filter((word) => !word.startsWith('-'))
  await onlyTests({ ...UNIT, flags, ...(paths.length > 0 && { paths }) })
}
