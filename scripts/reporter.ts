/** A reporter for `node --test` that names what failed, what was slow and what was skipped, then the runner's summary. */

import { relative } from 'node:path'
import { inspect } from 'node:util'
import type { TestEvent } from 'node:test/reporters'

/** Milliseconds from which a test that passed is worth a line. */
const SLOW = 1000

// oxlint-disable-next-line import/no-default-export -- the runner loads a reporter by its default export
export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    if (event.type === 'test:diagnostic' && event.data.nesting === 0) yield `# ${event.data.message}\n`
    if (event.type === 'test:stdout' || event.type === 'test:stderr') yield event.data.message
    if (event.type === 'test:fail') yield failed(event.data)
    if (event.type === 'test:pass') yield passed(event.data)
  }
}

type Data<Type extends TestEvent['type']> = Extract<TestEvent, { type: Type }>['data']

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

/** A difference between two long values says all it has to say at its beginning. */
function short(text: string): string {
  const lines = text.split('\n')
  const kept = lines.slice(0, 60).map((line) => (line.length > 300 ? `${line.slice(0, 300)}…` : line))
  return [...kept, ...(lines.length > 60 ? [`… ${lines.length - 60} more lines`] : [])].join('\n')
}

function where(file: string | undefined, line: number | undefined): string {
  return file === undefined ? 'no file' : `${relative(process.cwd(), file)}:${line}`
}
