/**
 * A form letter: the content of one message of which every recipient is sent their own. What is kept of it, what is kept
 * of a recipient, and how one is made of both: always the same octets of the same.
 */

import { formatMailbox } from '#grammar/address'
import type { Mailbox } from '#grammar/address'
import { composer } from '#grammar/composition'
import type { Attachment, Author, CharsetName, Common } from '#grammar/composition'

import { compileTemplate } from './template.ts'
import type { TemplateFault, TemplateResult, TemplateSource, Variables } from './template.ts'

export type FormLetter = {
  readonly from: Author
  readonly replyTo: readonly Author[]
  readonly template: TemplateSource
  readonly attachments: readonly (Omit<Attachment, 'content'> & { readonly content: Buffer })[]
  readonly charset: CharsetName
  /** Milliseconds since the epoch. */
  readonly date: number
  /** As in a composition; nobody who is named in a variable can have known it. */
  readonly boundary: string
}

/** What is one recipient's own. */
export type RecipientData = {
  /** In the To field, before the address. */
  readonly name?: string
  /** Where the letter's charset has not what the variables have. */
  readonly charset?: CharsetName
  readonly variables: Variables
}

export function encodeLetter({ attachments, ...letter }: FormLetter): Buffer {
  const files = attachments.map((file) => ({ ...file, content: file.content.toString('base64') }))
  return Buffer.from(JSON.stringify({ ...letter, attachments: files }))
}

/** @throws {SyntaxError} when it is damaged */
export function decodeLetter(bytes: Uint8Array): FormLetter {
  const kept = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()) as Kept
  const attachments = kept.attachments.map((file) => ({
    ...file,
    content: Buffer.from(file.content, 'base64'),
  }))
  return { ...kept, attachments }
}

type Kept = Omit<FormLetter, 'attachments'> & {
  readonly attachments: readonly (Omit<Attachment, 'content'> & { readonly content: string })[]
}

export function encodeData({ name, charset, variables }: RecipientData): string {
  return JSON.stringify({ name, charset, variables })
}

/** @throws {SyntaxError} when it is damaged */
export function decodeData(text: string): RecipientData {
  return JSON.parse(text) as RecipientData
}

export type Addressee = {
  readonly to: Mailbox
  readonly data: RecipientData
  /** Of this recipient's own message, with its angle brackets. */
  readonly messageId: string
}

/** A letter that is ready to be written to one recipient after another: what it is made of is read and made once. */
export type Press = {
  /** In pieces, of which those that are the same for all are shared. @throws as `Template.fillIn` does */
  write(addressee: Addressee): TemplateResult<readonly Buffer[]>
}

export function press({ template, from, replyTo, attachments, charset, date, boundary }: FormLetter): Press {
  const compiled = compileTemplate(template)
  if (!compiled.ok) return { write: () => compiled }
  const common: Common = { from, replyTo, attachments, charset, date, boundary }
  const composers = new Map([[charset, composer(common)]])
  return {
    write({ to, data, messageId }) {
      const filled = compiled.value.fillIn(data.variables, date)
      if (!filled.ok) return filled
      const as = data.charset ?? charset
      const compose = composers.getOrInsertComputed(as, () => composer({ ...common, charset: as }))
      const author = { name: data.name ?? '', mailbox: to }
      return { ok: true, value: compose({ ...filled.value, to: [author], cc: [], messageId }) }
    },
  }
}

/** What a bounce says, and the log. */
export function faultText(to: Mailbox, faults: readonly TemplateFault[]): string {
  const told = faults.map(({ place, why }) => `${place}: ${why}`).join('; ')
  return `the template cannot be filled in for ${formatMailbox(to)}: ${told}`
}
