/** Where shaping rules are: those of the product beside this program, the operator's beside the configuration. */

import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { readRules } from '#engine/rule'
import type { ReadRules, RuleFile } from '#engine/rule'
import type { Config } from '#platform/config'

const PRODUCT = fileURLToPath(new URL('../../shaping', import.meta.url))

/** Never throws: what cannot be read is among the problems. */
export function loadRules(config: Config): ReadRules {
  const problems: string[] = []
  const files = filesOf(config).flatMap(({ path, by }): RuleFile[] => {
    const name = by === 'product' ? `shaping/${basename(path)}` : path
    try {
      return [{ name, by, text: readFileSync(path, 'utf8') }]
    } catch (error) {
      problems.push(`${name}: cannot be read: ${error instanceof Error ? error.message : String(error)}`)
      return []
    }
  })
  const read = readRules(
    files,
    config.egress.sources.map(({ name }) => name),
  )
  if (read.ok && problems.length === 0) return read
  return { ok: false, problems: [...problems, ...(read.ok ? [] : read.problems)] }
}

/** Another text when any file is another: names, sizes and times of change. */
export function versionOfRules(config: Config): string {
  return filesOf(config)
    .map(({ path }) => {
      const found = statSync(path, { throwIfNoEntry: false })
      return `${path} ${found?.size} ${found?.mtimeMs}`
    })
    .join('\n')
}

type Found = { readonly path: string; readonly by: RuleFile['by'] }

function filesOf({ shaping }: Config): readonly Found[] {
  const own = shaping.directory
  return [
    ...(shaping.product ? rulesIn(PRODUCT, 'product') : []),
    // Who runs from a checkout has one directory for both.
    ...(isSame(own, PRODUCT) ? [] : rulesIn(own, 'operator')),
  ]
}

function rulesIn(directory: string, by: RuleFile['by']): readonly Found[] {
  let names: readonly string[]
  try {
    names = readdirSync(directory)
  } catch {
    return []
  }
  return names
    .filter((name) => name.endsWith('.toml') && !name.startsWith('.'))
    .toSorted()
    .map((name) => ({ path: join(directory, name), by }))
}

function isSame(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other)
  } catch {
    return false
  }
}
