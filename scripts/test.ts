/** `npm test`: the check of everything, then the scenarios; the last lines are one summary of the tests of both. */

import { check } from './check.ts'
import { sum, told } from './summary.ts'
import { runTests } from './tests.ts'

const SCENARIOS = { paths: ['test/**/*.test.ts'], each: 120_000, all: 600_000 }

const began = performance.now()
const checked = await check({ everything: true })
const scenarios = checked.ok ? await runTests(SCENARIOS) : undefined
console.log(
  told(
    sum([checked, ...(scenarios ? [scenarios] : [])].map(({ summary }) => summary)),
    performance.now() - began,
  ),
)
process.exitCode = scenarios?.ok === true ? 0 : 1
