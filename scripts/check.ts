/** `npm run check`: types, lint, format and documents side by side, then the unit tests. */

import { globSync } from 'node:fs'

import type { Step } from './steps.ts'
import { runSteps, runTests } from './steps.ts'
import { UNIT } from './unit.ts'

// Named one by one: the type-aware linter panics when it wanders into node_modules.
const CODE = ['src', 'scripts', 'test', 'bench', 'packaging'].filter(
  (folder) => globSync(`${folder}/**/*.ts`).length > 0,
)

const STATIC: readonly Step[] = [
  { name: 'lint', args: ['node_modules/oxlint/bin/oxlint', '--deny-warnings', ...CODE] },
  { name: 'types', args: ['node_modules/typescript/bin/tsc', '-p', '.'] },
  { name: 'documents', args: ['scripts/check-documents.ts'] },
  { name: 'format', args: ['node_modules/oxfmt/bin/oxfmt', '--check', ...CODE] },
]

/** Whether everything that `npm run check` looks at holds. Tests run only over code that passes the rest. */
export async function check(): Promise<boolean> {
  return (await runSteps(STATIC)) && (await runTests(UNIT))
}

if (import.meta.main) process.exitCode = (await check()) ? 0 : 1
