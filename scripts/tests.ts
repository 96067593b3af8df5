/** Runs `node --test`: one process for all files it is given, in random order. */

import { statSync } from 'node:fs'

import { run } from './child.ts'
import { CRASHED, told } from './summary.ts'
import type { Summary } from './summary.ts'

export type TestRun = {
  /** Files, folders or globs. */
  readonly paths: readonly string[]
  /** Flags for the runner itself, e.g. `--test-name-pattern`. */
  readonly flags?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Milliseconds for one test, and for all of them: a run that hangs is killed and fails. */
  readonly each: number
  readonly all: number
}

export type Tested = { readonly ok: boolean; readonly output: string; readonly summary: Summary }

/** Without `live` the output is not shown but returned. */
export async function runTests(tests: TestRun, live = true): Promise<Tested> {
  const { paths, flags = [], env, each, all } = tests
  const args = ['--test', '--test-isolation=none', '--test-randomize', `--test-timeout=${each}`]
  args.push('--test-reporter=./scripts/reporter.ts', ...flags, ...paths.map(asGlob))
  let summary: Summary | undefined
  const { code, output } = await run({
    args,
    live,
    ...(env && { env }),
    within: all,
    told: (message) => {
      summary = message as Summary
    },
  })
  const why = summary ? '' : `✖ the tests ended with code ${code} before they were counted\n`
  if (live && why) console.log(why.trimEnd())
  return { ok: code === 0 && summary !== undefined, output: output + why, summary: summary ?? CRASHED }
}

/** Runs tests and ends as the runner does: with its summary, and with a code. */
export async function onlyTests(tests: TestRun): Promise<void> {
  const began = performance.now()
  const { ok, summary } = await runTests(tests)
  console.log(told(summary, performance.now() - began))
  process.exitCode = ok ? 0 : 1
}

function asGlob(path: string): string {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  return isFolder ? `${path.replace(/\/$/, '')}/**/*.test.ts` : path
}
