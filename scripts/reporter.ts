/** A reporter for `node --test` that names what failed, what was slow and what was skipped, then what the runner counted. */

import { relative } from 'node:path'
import { inspect } from 'node:util'
import type { TestEvent } from 'node:test/reporters'

/** Milliseconds from which a test that passed is worth a line. */
const SLOW = 1000

const COUNT = /^(?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /

/** Milliseconds after the last test in which everything must have closed. */
const LEFT_OPEN = 5000

// oxlint-disable-next-line import/no-default-export -- the runner loads a reporter by its default export
export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    if (event.type === 'test:diagnostic') yield remark(event.data)
    if (event.type === 'test:stdout' || event.type === 'test:stderr') yield event.data.message
    if (event.type === 'test:fail') yield failed(event.data)
    if (event.type === 'test:pass') yield passed(event.data)
    if (event.type === 'test:interrupted') yield interrupted(event.data)
    if (event.type === 'test:summary') {
      process.send?.(event.data.counts)
      endSoon()
    }
  }
}

type Data<Type extends TestEvent['type']> = Extract<TestEvent, { type: Type }>['data']

/** Whoever is listening adds the counts up with those of other processes, and tells them last. */
function remark({ nesting, message }: Data<'test:diagnostic'>): string {
  const isCount = process.send !== undefined && COUNT.test(message)
  return nesting > 0 || isCount ? '' : `# ${message}\n`
}

function passed({ name, file, line, skip, details }: Data<'test:pass'>): string {
  const place = where(file, line)
  if (skip !== undefined && skip !== false) return `﹣ ${name} (${place}) skipped: ${skip}\n`
  return details.duration_ms < SLOW ? '' : `✔ ${name} (${place}) ${Math.round(details.duration_ms)} ms\n`
}

function failed({ name, file, line, details, todo }: Data<'test:fail'>): string {
  if (todo !== undefined && todo !== false) return `﹣ ${name} (${where(file, line)}) to do\n`
  const { cause } = details.error
  const why = short(typeof cause === 'string' ? cause : inspect(cause))
  return `✖ ${name} (${where(file, line)})\n${why.replace(/^/gm, '    ')}\n`
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
