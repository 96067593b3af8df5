/** What checks found, as lines: how bad, what, and below it what to do. */

import type { Finding, Level } from '#product/verification'

import type { Answer } from './command.ts'
import { count } from './print.ts'
import { harmless, width } from './text.ts'

/** The answer to a command that checks: it fails when there is a problem. */
export async function checked(value: unknown, title: string, findings: readonly Finding[]): Promise<Answer> {
  const column = findings.reduce((most, { check }) => Math.max(most, width(check)), 0)
  const lines = await Promise.all(findings.map((finding) => lineOf(finding, column)))
  const isBad = findings.some(({ level }) => level === 'problem')
  return { value, text: `${title}${lines.join('')}${sum(findings)}\n`, exit: isBad ? 'failed' : 'ok' }
}

/** The longest level. */
const LEVEL = 7

async function lineOf({ level, check, text, advice, publish }: Finding, column: number): Promise<string> {
  const indent = ' '.repeat(LEVEL + column + 4)
  const head = `${level.padEnd(LEVEL)}  ${check}${' '.repeat(column - width(check))}  ${harmless(text)}\n`
  const todo = advice === undefined ? '' : `${indent}${harmless(advice)}\n`
  if (publish === undefined) return head + todo
  // Only here: what it stands beside takes longer to load than most commands to run.
  const { zoneLine } = await import('#product/domain')
  return `${head}${todo}${indent}publish: ${zoneLine(publish)}\n`
}

function sum(findings: readonly Finding[]): string {
  const of = (wanted: Level): number => findings.filter(({ level }) => level === wanted).length
  const problems = count(of('problem'), 'problem', 'problems')
  const warnings = count(of('warning'), 'warning', 'warnings')
  const skipped = of('skipped') === 0 ? '' : `, ${of('skipped')} skipped`
  return of('problem') + of('warning') === 0
    ? `All is well${skipped}.`
    : `${problems}, ${warnings}${skipped}.`
}
