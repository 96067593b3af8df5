/** `npm test`: the check, then the scenarios, so that the last lines are the summary of the scenarios. */

import { check } from './check.ts'
import { runTests } from './steps.ts'

const SCENARIOS = { paths: ['test/**/*.test.ts'], each: 120_000, all: 600_000 }

const ok = (await check()) && (await runTests(SCENARIOS))
process.exitCode = ok ? 0 : 1
