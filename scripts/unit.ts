/** `npm run unit [-- paths and flags]`: the tests that stand beside the code. */

import { globSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'

import { onlyTests } from './tests.ts'

export const UNIT = { paths: ['src/**/*.test.ts', 'scripts/**/*.test.ts'], each: 20_000, all: 120_000 }

type Room = { readonly folder: string; readonly octets: number; readonly usesPostgres: boolean }

/**
 * The folders of all unit tests, dealt to processes: those that share a PostgreSQL server to one of their own, and the
 * others to `others` processes, about as much to each.
 */
export function dealt(others: number): readonly (readonly string[])[] {
  const hands = Array.from({ length: others }, () => ({ octets: 0, folders: [] as string[] }))
  const withPostgres: string[] = []
  for (const { folder, octets, usesPostgres } of rooms()) {
    if (usesPostgres) withPostgres.push(folder)
    else {
      const least = hands.reduce((a, b) => (b.octets < a.octets ? b : a))
      least.octets += octets
      least.folders.push(folder)
    }
  }
  return [withPostgres, ...hands.map(({ folders }) => folders)].filter((folders) => folders.length > 0)
}

/** Largest first: then those that come last even out what those before them left. */
function rooms(): readonly Room[] {
  const files = UNIT.paths.flatMap((path) => globSync(path))
  const found = Map.groupBy(files, (file) => dirname(file))
  return [...found]
    .map(([folder, inside]) => {
      const text = inside.map((file) => readFileSync(file, 'utf8')).join('')
      return { folder, octets: text.length, usesPostgres: /\/test\/(?:postgres|control)\.ts'/.test(text) }
    })
    .toSorted((a, b) => b.octets - a.octets || (a.folder < b.folder ? -1 : 1))
}

if (import.meta.main) {
  const rest = process.argv.slice(2)
  const flags = rest.filter((word) => word.startsWith('-'))
  const paths = rest.filter((word) => !word.startsWith('-'))
  await onlyTests({ ...UNIT, flags, ...(paths.length > 0 && { paths }) })
}
