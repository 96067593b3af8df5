/**
 * The linter, on what has changed since it was last quiet. Its rules that need types look into other files too, so a
 * file that has not changed can become wrong by what it imports: `npm test` and a fresh clone lint everything.
 */

import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

import { run } from './child.ts'
import type { Result, Step } from './steps.ts'

// Named one by one: the type-aware linter panics when it wanders into node_modules.
const CODE = ['src', 'client', 'scripts', 'test', 'bench', 'packaging']

/** What the verdict on every file depends on. */
const RULES = ['.oxlintrc.json', 'package-lock.json', 'tsconfig.json']

const QUIET = 'node_modules/.cache/lint.json'

/** From here on, a list of files takes longer than all of them. */
const MANY = 200

/** Tools in Go end before there is anything worth collecting. */
export const GO = { GOGC: 'off', GOMEMLIMIT: '1GiB' }

/** The folders that hold code. */
export function codeFolders(): readonly string[] {
  return CODE.filter((folder) => globSync(`${folder}/**/*.ts`).length > 0)
}

export function lint({ everything }: { everything: boolean }): Step {
  return {
    name: everything ? 'lint' : 'lint of what changed',
    run: () => lintOnce(everything),
  }
}

async function lintOnce(everything: boolean): Promise<Result> {
  const now = digests()
  const before = everything ? {} : lastQuiet()
  const rulesChanged = RULES.some((path) => before[path] !== now[path])
  const changed = Object.keys(now).filter((path) => path.endsWith('.ts') && before[path] !== now[path])
  if (!rulesChanged && changed.length === 0) return { ok: true, output: '' }
  const what = rulesChanged || changed.length > MANY ? codeFolders() : changed
  const args = ['node_modules/oxlint/bin/oxlint', '--deny-warnings', ...what]
  const { code, output } = await run({ args, env: GO })
  if (code !== 0) return { ok: false, output }
  mkdirSync(dirname(QUIET), { recursive: true })
  writeFileSync(QUIET, JSON.stringify(now))
  return { ok: true, output: '' }
}

function digests(): Record<string, string> {
  const paths = [...RULES, ...CODE.flatMap((folder) => globSync(`${folder}/**/*.ts`))]
  return Object.fromEntries(
    paths.map((path) => [path, createHash('sha256').update(readFileSync(path)).digest('base64')]),
  )
}

function lastQuiet(): Record<string, string> {
  try {
    return JSON.parse(readFileSync(QUIET, 'utf8')) as Record<string, string>
  } catch {
    // Never linted here, or not written to its end: everything is to be looked at.
    return {}
  }
}
