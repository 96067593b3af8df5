/** `npm run unit [-- paths and flags]`: the tests that stand beside the code. */

import { runTests } from './steps.ts'

export const UNIT = { paths: ['src/**/*.test.ts', 'scripts/**/*.test.ts'], each: 20_000, all: 120_000 }

if (import.meta.main) {
  const rest = process.argv.slice(2)
  const flags = rest.filter((word) => word.startsWith('-'))
  const paths = rest.filter((word) => !word.startsWith('-'))
  const ok = await runTests({ ...UNIT, flags, ...(paths.length > 0 && { paths }) })
  process.exitCode = ok ? 0 : 1
}
