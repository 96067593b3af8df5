/** A reporter for `node --test` that names what failed, what was slow and what was skipped, then what the runner counted. */

import { globSync } from 'node:fs'
import { relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import type { TestEvent } from 'node:test/reporters'

/** Milliseconds from which a test that passed is worth a line. */
const SLOW = 1000

const COUNT = /^(?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /

/** Milliseconds after the last test in which everything must have closed. */
const LEFT_OPEN = 5000

// oxlint-disable-next-line import/no-default-export -- the runner loads a reporter by its default export
export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const told = new Set<string>()
  for await (const event of source) {
    if (event.type === 'test:diagnostic') yield remark(event.data)
    if (event.type === 'test:stdout' || event.type === 'test:stderr') yield event.data.message
    if (event.type === 'test:fail') told.add(event.data.name)
    if (event.type === 'test:fail') yield failed(event.data)
    if (event.type === 'test:pass') yield passed(event.data)
    if (event.type === 'test:interrupted') yield interrupted(event.data)
    if (event.type === 'test:summary') {
      const broken = (await brokenFiles()).filter(({ file }) => !told.has(file))
      for (const { file, error } of broken) yield `✖ ${file}\n${indented(error)}\n`
      if (broken.length > 0) process.exitCode = 1
      tell(event.data.counts, broken.length)
      endSoon()
    }
  }
}

/**
 * The test files that threw while they were read. Of one that had declared a test by then the runner says nothing
 * (Node 26.10, without isolation), and the tests after it would be missed by nobody. A module is evaluated once: asked
 * for again, it throws the same again.
 */
async function brokenFiles(): Promise<readonly { readonly file: string; readonly error: unknown }[]> {
  const files = process.argv.slice(1).flatMap((path) => globSync(path))
  const read = await Promise.allSettled(files.map((file) => import(pathToFileURL(file).href)))
  return read.flatMap((result, n) =>
    result.status === 'rejected' ? [{ file: files[n] ?? '', error: result.reason as unknown }] : [],
  )
}

/** Whoever started this adds the counts to those of other processes. */
function tell(counts: Data<'test:summary'>['counts'], broken: number): void {
  // Its type says nothing of `failed`, which is there.
  const thrown = 'failed' in counts ? Number(counts.failed) : 0
  process.send?.({ ...counts, tests: counts.tests + broken, failed: thrown + broken })
}

type Data<Type extends TestEvent['type']> = Extract<TestEvent, { type: Type }>['data']

function remark({ nesting, message }: Data<'test:diagnostic'>): string {
  const isToldLater = process.send !== undefined && COUNT.test(message)
  return nesting > 0 || isToldLater ? '' : `# ${message}\n`
}

function passed({ name, file, line, skip, details }: Data<'test:pass'>): string {
  const place = where(file, line)
  if (skip !== undefined && skip !== false) return `﹣ ${name} (${place}) skipped: ${skip}\n`
  return details.duration_ms < SLOW ? '' : `✔ ${name} (${place}) ${Math.round(details.duration_ms)} ms\n`
}

function failed({ name, file, line, details, todo }: Data<'test:fail'>): string {
  if (todo !== undefined && todo !== false) return `﹣ ${name} (${where(file, line)}) to do\n`
  // A file that could not be read has an error of its own; that of a test is wrapped.
  return `✖ ${name} (${where(file, line)})\n${indented(details.error.cause ?? details.error)}\n`
}

function indented(error: unknown): string {
  return short(typeof error === 'string' ? error : inspect(error)).replace(/^/gm, '    ')
}

/** They did not end within their time. Without tests under way, something they opened keeps the process alive. */
function interrupted({ tests }: Data<'test:interrupted'>): string {
  const names = tests.map(({ name, file, line }) => `    ${name} (${where(file, line)})`)
  const open = [...new Set(process.getActiveResourcesInfo())].join(', ')
  return `✖ interrupted; under way were:\n${names.join('\n') || '    no tests'}\n    open: ${open}\n`
}

/** All tests have ended: what is still open now was left by one of them, and would keep the process for ever. */
function endSoon(): void {
  const patience = setTimeout(() => {
    const open = process.getActiveResourcesInfo().filter((kind) => kind !== 'Timeout' && kind !== 'Immediate')
    console.error(`tests: something was left open: ${open.join(', ') || 'a timer'}`)
    process.exit(1)
  }, LEFT_OPEN)
  patience.unref()
}

/** A difference between two long values says all it has to say at its beginning. */
function short(text: string): string {
  const lines = text.split('\n')
  const kept = lines.slice(0, 60).map((line) => (line.length > 300 ? `${line.slice(0, 300)}…` : line))
  return [...kept, ...(lines.length > 60 ? [`… ${lines.length - 60} more lines`] : [])].join('\n')
}

function where(file: string | undefined, line: number | undefined): string {
  return file === undefined ? 'no file' : `${relative(process.cwd(), file)}:${line}`
}
