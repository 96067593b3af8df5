/** From a request to a form letter: its template read, its sender checked, and each recipient with what is theirs. */

import { DATA_LIMIT } from '#engine/spool'
import { formatMailbox } from '#grammar/address'
import type { Mailbox } from '#grammar/address'
import { unfitting } from '#grammar/composition'
import type { Author, CharsetName } from '#grammar/composition'
import { CAMPAIGN_FIELD, campaignOf, METADATA_FIELD, parseHeader, TAG_FIELD } from '#grammar/message'
import { encodeData, encodeLetter } from '#product/template'
import type { FormLetter, Template, TemplateFault, TemplateSource, Variables } from '#product/template'
import { Compile } from 'typebox/compile'

import { author } from './address.ts'
import { LetterRecipient } from './batch-schema.ts'
import type { LetterRequest } from './batch-schema.ts'
import { attachment, authors, fieldsOf } from './composition.ts'
import type { Circumstances } from './composition.ts'
import { invalidAt, Problem } from './problem.ts'
import type { Place } from './problem.ts'
import { compiledOf } from './template-use.ts'
import { placesOf } from './validation.ts'

/** One recipient, read. Pointers begin at the recipient. */
export type Addressed =
  | { readonly ok: true; readonly email: string; readonly data: string }
  | { readonly ok: false; readonly email?: string; readonly place: Place }

export type LetterToMany = {
  readonly from: Mailbox
  readonly subject: string
  readonly campaign?: string
  /** As it is kept. */
  readonly content: Buffer
  /** `recipient` is any JSON. Never throws. */
  addressed(recipient: unknown): Addressed
}

/** Octets of a letter with its files. */
export const LETTER_LIMIT = 10 * 1024 * 1024

/** `source`: what is filled in, its own or one by name. @throws {Problem} `invalid`, `too-large` */
export function letterToMany(
  request: LetterRequest,
  source: TemplateSource,
  { now, unique }: Circumstances,
): LetterToMany {
  const from = author(request.from, '#/from')
  fieldsOf(request.headers ?? {})
  const { fields, campaign } = split(Object.entries(source.headers ?? {}))
  const template: TemplateSource = { ...source, headers: Object.fromEntries(fields) }
  const compiled = compiledOf(template)
  const charset = charsetOf(request, template)
  const letter: FormLetter = {
    from,
    replyTo: authors(request.reply_to, '#/reply_to'),
    template,
    attachments: (request.attachments ?? []).map(attachment),
    charset,
    date: now,
    boundary: unique,
  }
  const content = encodeLetter(letter)
  if (content.length > LETTER_LIMIT)
    throw new Problem(
      'too-large',
      `A letter to many has ${LETTER_LIMIT} octets at most, its files among them.`,
    )
  const terms: Terms = {
    template: compiled,
    charset,
    isStrict: request.charset_fallback !== 'utf-8',
    date: now,
  }
  return {
    from: from.mailbox,
    subject: template.subject,
    content,
    ...(campaign !== undefined && { campaign }),
    addressed: (recipient) => addressed(terms, recipient),
  }
}

type Field = readonly [name: string, value: string]

function split(all: readonly Field[]): { readonly fields: readonly Field[]; readonly campaign?: string } {
  for (const [name] of all)
    if (SAID_OTHERWISE.has(name.toLowerCase()))
      throw invalidAt(`#/headers/${name}`, 'is said by tags and metadata')
  const header = parseHeader(
    Buffer.from(`${all.map((field) => field.join(': ')).join('\r\n')}\r\n\r\n`),
    HEADER,
  )
  const campaign = header.ok ? campaignOf(header.header) : undefined
  return {
    fields: all.filter(([name]) => name.toLowerCase() !== CAMPAIGN_FIELD),
    ...(campaign !== undefined && { campaign }),
  }
}

/** Of a message that is made already they are told to us alone; a letter has places for them. */
const SAID_OTHERWISE: ReadonlySet<string> = new Set([TAG_FIELD, METADATA_FIELD])

/** More than the schema lets through. */
const HEADER = { bytes: 1024 * 1024, fields: 1000 }

/** Of the words that are the same for all; what variables bring is looked at with the recipient. */
function charsetOf(
  { charset, charset_fallback: fallback }: LetterRequest,
  template: TemplateSource,
): CharsetName {
  if (charset !== 'iso-2022-jp') return 'utf-8'
  for (const name of ['subject', 'text', 'html'] as const) {
    const strange = unfitting(template[name] ?? '')
    if (strange.length === 0) continue
    if (fallback === 'utf-8') return 'utf-8'
    throw invalidAt(`#/${name}`, `iso-2022-jp has no ${strange.join(' ')}`)
  }
  return 'iso-2022-jp'
}

type Terms = {
  readonly template: Template
  readonly charset: CharsetName
  /** What the charset has not is refused. */
  readonly isStrict: boolean
  readonly date: number
}

const RECIPIENT = Compile(LetterRecipient)

function addressed(terms: Terms, given: unknown): Addressed {
  if (!RECIPIENT.Check(given)) {
    const [place] = placesOf(RECIPIENT.Errors(given))
    return { ok: false, place: place ?? at('#', 'is no recipient') }
  }
  const to = authorAt(given.to)
  if ('pointer' in to) return { ok: false, place: to }
  const email = formatMailbox(to.mailbox)
  const data = dataOf(terms, to, given.variables ?? {})
  return typeof data === 'string' ? { ok: true, email, data } : { ok: false, email, place: data }
}

function authorAt(to: LetterRecipient['to']): Author | Place {
  try {
    return author(to, '#/to')
  } catch (error) {
    const [place] = error instanceof Problem ? error.places : []
    if (place === undefined) throw error
    return place
  }
}

/** As it is kept, or why it cannot be. */
function dataOf(terms: Terms, { name, mailbox }: Author, variables: Variables): string | Place {
  const fault = faultOf(terms, mailbox, variables)
  if (fault !== undefined) return fault
  const strange = terms.charset === 'utf-8' ? [] : unfitting(JSON.stringify([name, variables]))
  if (strange.length > 0 && terms.isStrict)
    return at('#/variables', `iso-2022-jp has no ${strange.join(' ')}`)
  const data = encodeData({
    ...(name !== '' && { name }),
    ...(strange.length > 0 && { charset: 'utf-8' }),
    variables,
  })
  return Buffer.byteLength(data) > DATA_LIMIT ? at('#/variables', `more than ${DATA_LIMIT} octets`) : data
}

function at(pointer: string, detail: string): Place {
  return { pointer, detail }
}

function faultOf({ template, date }: Terms, { local }: Mailbox, variables: Variables): Place | undefined {
  // All of one message is sent as such mail is, or none of it: the others could not be sent to most hosts. RFC 6531 §3.4
  if (/[^ -~]/.test(local)) return at('#/to', 'such an address needs a message of its own')
  const [fault] = template.faultsOfFields(variables, date)
  return fault && at('#/variables', told(fault))
}

function told({ place, why }: TemplateFault): string {
  return `${place.slice(1)}: ${why}`
}
