/** `npm run check`: types, lint, format, documents and unit tests, side by side. */

import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'

import { runSteps, tool } from './steps.ts'
import type { Step } from './steps.ts'
import { sum, told } from './summary.ts'
import type { Summary } from './summary.ts'
import { runTests } from './tests.ts'
import { dealt, UNIT } from './unit.ts'

const CORES = availableParallelism()

// Named one by one: the type-aware linter panics when it wanders into node_modules.
const CODE = ['src', 'scripts', 'test', 'bench', 'packaging'].filter(
  (folder) => globSync(`${folder}/**/*.ts`).length > 0,
)

/** The tools in Go end before there is anything worth collecting. */
const GO = { GOGC: 'off', GOMEMLIMIT: '1GiB' }

/** A second thread costs more than it saves where others want the core. What has not changed is not checked again. */
const TYPES = [
  '--checkers',
  '1',
  '--incremental',
  '--tsBuildInfoFile',
  'node_modules/.cache/types.tsbuildinfo',
]

const TOOLS: readonly Step[] = [
  tool('lint', ['node_modules/oxlint/bin/oxlint', '--deny-warnings', ...CODE], GO),
  tool('types', ['node_modules/typescript/bin/tsc', '-p', '.', ...TYPES], GO),
  tool('documents', ['scripts/check-documents.ts']),
  tool('format', ['node_modules/oxfmt/bin/oxfmt', '--check', ...CODE]),
]

export type Checked = { readonly ok: boolean; readonly summary: Summary }

/** Whether everything that `npm run check` looks at holds. */
export async function check(): Promise<Checked> {
  const summaries: Summary[] = []
  const groups = dealt(Math.min(CORES, 4))
  const tests = groups.map((paths, n): Step => ({
    name: `tests ${n + 1} of ${groups.length}`,
    run: async () => {
      const { ok, output, summary } = await runTests({ ...UNIT, paths }, false)
      summaries.push(summary)
      return { ok, output: ok ? output : `${output}  of: npm run unit -- ${paths.join(' ')}\n` }
    },
  }))
  // The tests wait now and then for a timer or a database: one more than there are cores keeps these busy.
  const ok = await runSteps([...tests, ...TOOLS], CORES + 1)
  return { ok, summary: sum(summaries) }
}

if (import.meta.main) {
  const began = performance.now()
  const { ok, summary } = await check()
  console.log(told(summary, performance.now() - began))
  process.exitCode = ok ? 0 : 1
}
