/** `npm run check`: types, lint, format, documents and unit tests, side by side: the quick look while working. */

import { availableParallelism } from 'node:os'

import { affected, digestsOf, passed } from './affected.ts'
import { codeFolders, GO, lint } from './lint.ts'
import { runSteps, tool } from './steps.ts'
import type { Step } from './steps.ts'
import { sum, told } from './summary.ts'
import type { Summary } from './summary.ts'
import { runTests } from './tests.ts'
import { dealt, SQLITE_ONLY, UNIT, unitTests } from './unit.ts'

const CORES = availableParallelism()

/** A second thread costs more than it saves where others want the core. What has not changed is not checked again. */
const TYPES = [
  '--checkers',
  '1',
  '--incremental',
  '--tsBuildInfoFile',
  'node_modules/.cache/types.tsbuildinfo',
]

const TOOLS: readonly Step[] = [
  tool('types', ['node_modules/typescript/bin/tsc', '-p', '.', ...TYPES], GO),
  tool('documents', ['scripts/check-documents.ts']),
  tool('format', ['node_modules/oxfmt/bin/oxfmt', '--check', ...codeFolders()]),
]

export type Checked = { readonly ok: boolean; readonly summary: Summary }

/**
 * Whether everything that `npm run check` looks at holds. Unless it is `everything`, the unit tests leave out PostgreSQL
 * and what they passed before, and the linter what has not changed. `npm test` leaves out nothing.
 */
export async function check({ everything }: { everything: boolean }): Promise<Checked> {
  const summaries: Summary[] = []
  const now = digestsOf(unitTests())
  const wanted = everything ? [...now.keys()] : affected(now)
  const groups = dealt(wanted, Math.min(CORES + 1, 5), everything)
  const tests = groups.map((paths, n): Step => ({
    name: `tests ${n + 1} of ${groups.length}`,
    run: async () => {
      const { ok, output, summary } = await runTests(
        { ...UNIT, paths, ...(!everything && { env: SQLITE_ONLY }) },
        false,
      )
      summaries.push(summary)
      if (ok) passed(paths, now)
      return { ok, output: ok ? output : `${output}  of: npm run unit -- ${paths.join(' ')}\n` }
    },
  }))
  // The tests wait now and then for a timer or a database: one more than there are cores keeps these busy.
  const ok = await runSteps([...tests, lint({ everything }), ...TOOLS], CORES + 2)
  return { ok, summary: sum(summaries) }
}

if (import.meta.main) {
  const began = performance.now()
  const { ok, summary } = await check({ everything: false })
  console.log('ℹ left to npm test: PostgreSQL; lint and tests of what has not changed since they were quiet')
  console.log(told(summary, performance.now() - began))
  process.exitCode = ok ? 0 : 1
}
