/**
 * A message as a template: Liquid in its subject, its bodies and its fields, parsed once, filled in for one recipient at
 * a time. Without files, clock or network, and bounded in what it may write. Not MIME: form-letter.ts makes that of it.
 */

import { Liquid } from 'liquidjs'

import { AT, writerOf } from './writer.ts'
import type { Variables, Write } from './writer.ts'

export type { Variables } from './writer.ts'

/** What is kept of one: plain JSON. */
export type TemplateSource = {
  readonly subject: string
  readonly text?: string
  readonly html?: string
  readonly headers?: Readonly<Record<string, string>>
}

export type Filled = {
  readonly subject: string
  readonly text?: string
  readonly html?: string
  readonly fields: readonly (readonly [name: string, value: string])[]
}

/** `place`: a JSON pointer within the template. */
export type TemplateFault = { readonly place: string; readonly why: string }

export type TemplateResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly TemplateFault[] }

export type Template = {
  /**
   * What the variables have not is empty; `at`, in milliseconds since the epoch, is `now` for filters of dates.
   * @throws {Error} when it takes too long, which another time it need not
   */
  fillIn(variables: Variables, at: number): TemplateResult<Filled>
  /** What is wrong with its header section for these variables, and nothing of what bodies become: much quicker. */
  faultsOfFields(variables: Variables, at: number): readonly TemplateFault[]
}

/**
 * Characters of a template, and of what it may become; steps of memory as Liquid counts them, so that a range or a
 * repeated filter ends; milliseconds of one piece as the last resort.
 */
export const TEMPLATE_LIMITS = { source: 1_000_000, output: 2_000_000, memory: 200_000, time: 1_000 } as const

/** Characters of a field's value. RFC 5322 §2.1.1 */
const LINE = 998

/** Tags that read other files, of which there are none. */
const NO_FILES = ['include', 'render', 'layout', 'block'] as const

/** Filters for which `now` is a time: here that of the message, so that it says the same however often it is made. */
const CLOCKED = [
  'date',
  'date_to_xmlschema',
  'date_to_rfc822',
  'date_to_string',
  'date_to_long_string',
] as const

type Filter = Liquid['filters'][string]
type FilterHandler = Extract<Filter, (...args: never[]) => unknown>

function clocked(filter: Filter | undefined): FilterHandler {
  const handler = typeof filter === 'function' ? filter : filter?.handler
  if (handler === undefined) throw new TypeError('liquidjs has no such filter any more')
  return function (value, ...args) {
    const isNow = value === 'now' || value === 'today'
    const { [AT]: at } = this.context.globals as { readonly [AT]?: number }
    return handler.call(this, isNow && at !== undefined ? new Date(at) : value, ...args)
  }
}

/** @param escape of `html`: what data brings is shown as it is and never obeyed, unless the template says `raw` */
function engine(escape: boolean): Liquid {
  const liquid = new Liquid({
    templates: {},
    cache: false,
    ownPropertyOnly: true,
    strictFilters: true,
    parseLimit: TEMPLATE_LIMITS.source,
    memoryLimit: TEMPLATE_LIMITS.memory,
    renderLimit: TEMPLATE_LIMITS.time,
    ...(escape && { outputEscape: 'escape' }),
  })
  for (const name of CLOCKED) liquid.registerFilter(name, clocked(liquid.filters[name]))
  delete liquid.filters['sample']
  for (const tag of NO_FILES)
    liquid.registerTag(tag, {
      parse() {
        throw new Error(`{% ${tag} %}: there are no other files`)
      },
      render: () => '',
    })
  return liquid
}

const PLAIN = engine(false)
const HTML = engine(true)

/** One place of a template: `write` gives what it becomes. */
type Piece = { readonly place: string; readonly write: Write }

type Pieces = {
  readonly subject: Piece
  readonly text: Piece | undefined
  readonly html: Piece | undefined
  readonly fields: readonly (readonly [name: string, piece: Piece])[]
}

export function compileTemplate(source: TemplateSource): TemplateResult<Template> {
  const faults: TemplateFault[] = []
  const piece = (place: string, text: string, escapes = false): Piece => {
    try {
      return {
        place,
        write: writerOf(text, { liquid: escapes ? HTML : PLAIN, escapes, time: TEMPLATE_LIMITS.time }),
      }
    } catch (error) {
      faults.push({ place, why: wordsOf(error) })
      return { place, write: () => '' }
    }
  }
  const { subject, text, html, headers = {} } = source
  const pieces: Pieces = {
    subject: piece('/subject', subject),
    text: text === undefined ? undefined : piece('/text', text),
    html: html === undefined ? undefined : piece('/html', html, true),
    fields: Object.entries(headers).map(([name, value]) => [name, piece(`/headers/${pointed(name)}`, value)]),
  }
  if (faults.length > 0) return { ok: false, faults }
  return {
    ok: true,
    value: { fillIn: (variables, at) => fill(pieces, variables, at), faultsOfFields: faultsOf(pieces) },
  }
}

function fill(pieces: Pieces, variables: Variables, at: number): TemplateResult<Filled> {
  const given = { variables, at }
  const faults: TemplateFault[] = []
  let room: number = TEMPLATE_LIMITS.output
  const written = (piece: Piece, isLine: boolean): string => {
    const text = isLine ? line(piece, given, faults) : body(piece, given, faults)
    room -= text.length
    if (room < 0) faults.push({ place: piece.place, why: 'it becomes too long' })
    return text
  }
  const filled: Filled = {
    subject: written(pieces.subject, true),
    ...(pieces.text && { text: written(pieces.text, false) }),
    ...(pieces.html && { html: written(pieces.html, false) }),
    fields: pieces.fields.map(([name, piece]) => [name, written(piece, true)]),
  }
  return faults.length > 0 ? { ok: false, faults: faults.slice(0, 1) } : { ok: true, value: filled }
}

function faultsOf(pieces: Pieces): Template['faultsOfFields'] {
  const lines = [pieces.subject, ...pieces.fields.map(([, piece]) => piece)]
  return (variables, at) => {
    const faults: TemplateFault[] = []
    for (const piece of lines) line(piece, { variables, at }, faults)
    return faults
  }
}

// A line break in data would be a field of its own; no other control character has a meaning there. RFC 5322 §2.2
// oxlint-disable-next-line no-control-regex
const NO_LINE = /[\0-\x08\x0a-\x1f\x7f]/

type Given = { readonly variables: Variables; readonly at: number }

function line(piece: Piece, given: Given, faults: TemplateFault[]): string {
  const text = body(piece, given, faults)
  if (NO_LINE.test(text))
    faults.push({ place: piece.place, why: 'a line break or control character in what must be one line' })
  else if (text.length > LINE) faults.push({ place: piece.place, why: `more than ${LINE} characters` })
  return text
}

function body({ place, write }: Piece, { variables, at }: Given, faults: TemplateFault[]): string {
  try {
    return write(variables, at)
  } catch (error) {
    if (isTimeOut(error)) throw error
    faults.push({ place, why: wordsOf(error) })
    return ''
  }
}

/** A busy machine can be the cause of it: of all limits this alone says nothing of the template. */
function isTimeOut(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('template render limit exceeded')
}

/** RFC 6901 §3 */
function pointed(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** The first line says it; the rest is the template again. */
function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]?.slice(0, 200) ?? ''
}
