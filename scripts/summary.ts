/** What `node --test` counts, added up over its processes and told in its own words. */

const COUNTED = ['tests', 'suites', 'passed', 'failed', 'cancelled', 'skipped', 'todo'] as const

export type Summary = Readonly<Record<(typeof COUNTED)[number], number>>

export const NONE: Summary = { tests: 0, suites: 0, passed: 0, failed: 0, cancelled: 0, skipped: 0, todo: 0 }

/** Of a process that ended without counting: one test, which failed. */
export const CRASHED: Summary = { ...NONE, tests: 1, failed: 1 }

export function sum(summaries: readonly Summary[]): Summary {
  const total = { ...NONE } as Record<keyof Summary, number>
  for (const summary of summaries) for (const key of COUNTED) total[key] += summary[key]
  return total
}

/** The lines with which the runner ends, whatever its reporter. */
export function told(summary: Summary, milliseconds: number): string {
  const { tests, suites, passed, failed, cancelled, skipped, todo } = summary
  const lines = {
    tests,
    suites,
    pass: passed,
    fail: failed,
    cancelled,
    skipped,
    todo,
    duration_ms: milliseconds,
  }
  return Object.entries(lines)
    .map(([name, value]) => `# ${name} ${value}`)
    .join('\n')
}
