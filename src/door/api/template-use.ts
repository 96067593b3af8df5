/** Templates by name, as requests that send name them: found, and filled in where one message goes to all the same. */

import { compileTemplate } from '#product/template'
import type {
  Template,
  TemplateFault,
  TemplateSource,
  Templates,
  Variables as Given,
} from '#product/template'

import type { WholeRequest } from './composition.ts'
import type { MessageRequest } from './message-schema.ts'
import { invalidAt, Problem } from './problem.ts'

/** What a request says itself, or has of a template. */
type Said = {
  readonly template?: string | undefined
  readonly subject?: string | undefined
  readonly text?: string | undefined
  readonly html?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

type Keeping = Pick<Templates, 'show'>

/**
 * What a request to many sends: its own template, or the one that it names, with its headers beside those.
 * @throws {Problem} `invalid` when there is neither, or both, or no template of the name
 */
export async function sourceOf(
  templates: Keeping,
  organization: string,
  said: Said,
): Promise<TemplateSource> {
  const { template: name, subject, text, html, headers = {} } = said
  if (name !== undefined) {
    const source = await keptOf(templates, organization, name, said)
    return { ...source, headers: beside(source.headers, headers) }
  }
  if (subject === undefined) throw invalidAt('#', 'subject: missing')
  if (text === undefined && html === undefined) throw invalidAt('#/text', 'there is neither text nor html')
  return { subject, ...(text !== undefined && { text }), ...(html !== undefined && { html }), headers }
}

/** A request to all of whom the same goes, with what its template becomes. @throws {Problem} `invalid` */
export async function wholeOf(
  templates: Keeping,
  organization: string,
  request: MessageRequest,
  now: number,
): Promise<WholeRequest> {
  const { template: name, variables, subject, ...rest } = request
  if (name !== undefined) {
    const source = await keptOf(templates, organization, name, request)
    const { headers, ...filled } = filledIn(source, variables ?? {}, now)
    return { ...rest, ...filled, headers: beside(headers, rest.headers) }
  }
  if (variables !== undefined) throw invalidAt('#/variables', 'there is no template to fill in')
  if (subject === undefined) throw invalidAt('#', 'subject: missing')
  return { ...rest, subject }
}

async function keptOf(
  templates: Keeping,
  organization: string,
  name: string,
  said: Said,
): Promise<TemplateSource> {
  for (const own of ['subject', 'text', 'html'] as const)
    if (said[own] !== undefined) throw invalidAt(`#/${own}`, 'is said by the template')
  const kept = await templates.show(organization, name)
  if (kept === undefined) throw invalidAt('#/template', `there is no template ${name}`)
  return kept.source
}

type Headers = Readonly<Record<string, string>>

/** Where both have a field of one name, that of the request. RFC 5322 §1.2.2 */
function beside(kept: Headers = {}, own: Headers = {}): Headers {
  const said = new Set(Object.keys(own).map((name) => name.toLowerCase()))
  return Object.fromEntries([
    ...Object.entries(kept).filter(([name]) => !said.has(name.toLowerCase())),
    ...Object.entries(own),
  ])
}

/** @throws {Problem} `invalid` */
export function compiledOf(source: TemplateSource): Template {
  const compiled = compileTemplate(source)
  if (compiled.ok) return compiled.value
  throw faultsAt('#', compiled.faults)
}

/** Places of a template, as those of a request. `at` with more than `#` in it is the place of all of them. */
export function faultsAt(at: string, faults: readonly TemplateFault[]): Problem {
  const places = faults.map(({ place, why }) =>
    at === '#' ? { pointer: `#${place}`, detail: why } : { pointer: at, detail: `${place.slice(1)}: ${why}` },
  )
  return new Problem('invalid', 'See errors for what is wrong, and where.', { places })
}

type Filled = {
  readonly subject: string
  readonly text?: string
  readonly html?: string
  readonly headers: Readonly<Record<string, string>>
}

/** @throws {Problem} `invalid` */
function filledIn(source: TemplateSource, variables: Given, now: number): Filled {
  const filled = compiledOf(source).fillIn(variables, now)
  if (!filled.ok) throw faultsAt('#/variables', filled.faults)
  const { fields, ...rest } = filled.value
  return { ...rest, headers: Object.fromEntries(fields) }
}
