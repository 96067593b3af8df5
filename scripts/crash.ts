/** `npm run crash`: only the tests that kill processes, with all the time they want. */

import { runTests } from './steps.ts'

const ok = await runTests({ paths: ['test/crash/**/*.test.ts'], each: 600_000, all: 3_600_000 })
process.exitCode = ok ? 0 : 1
