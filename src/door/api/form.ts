/** A message as a form: its JSON in one part, its files in others, as they are. RFC 7578 */

import type { Multipart } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'

import { ATTACHMENTS, MEDIA_TYPE } from './message-schema.ts'
import { parseJson } from './json.ts'
import { invalidAt, Problem } from './problem.ts'

/** Parts that are no files: the JSON is the only one, and a few more are told by name. */
const FIELDS = 20

const TYPE = new RegExp(MEDIA_TYPE)
const NAME = /^[^\r\n\0]{1,255}$/

export type FormFile = {
  /** Of the part. */
  readonly field: string
  readonly name: string
  readonly type: string
  readonly content: Buffer
}

export type FormOf = {
  /** Octets in all. */
  readonly limit: number
  /** The part that holds the JSON, and those that are files; there are no others. */
  readonly json: string
  readonly files: readonly string[]
}

export type Form = { readonly json: unknown; readonly files: readonly FormFile[] }

/** The JSON is not yet held to its schema. @throws {Problem} `malformed`, `invalid`, `too-large` */
export async function partsOfForm(request: FastifyRequest, form: FormOf): Promise<Form> {
  const { limit } = form
  const files: FormFile[] = []
  let json: unknown
  let room = limit
  const limits = {
    fieldSize: limit,
    fields: FIELDS,
    fileSize: limit,
    files: ATTACHMENTS + 1,
    headerPairs: 20,
  }
  try {
    for await (const part of request.parts({ limits })) {
      const content = await contentOf(part)
      room -= content.length
      if (room < 0) throw new Problem('too-large', `A form has ${limit} octets at most.`)
      if (part.fieldname !== form.json) files.push(fileOf(part, form, content))
      else if (json === undefined) json = parseJson(content.toString())
      else throw invalidAt('#', `the part ${form.json} is there twice`)
    }
  } catch (error) {
    throw error instanceof Problem || hasStatus(error) ? error : malformed(error)
  }
  if (typeof json !== 'object' || json === null) throw invalidAt('#', `the part ${form.json} is missing`)
  return { json, files }
}

/** What the request would be as JSON. @throws {Problem} as `partsOfForm` does */
export async function messageOfForm(request: FastifyRequest, limit: number): Promise<unknown> {
  const form = { limit, json: 'message', files: ['attachments', 'inline'] }
  const { json, files } = await partsOfForm(request, form)
  if (files.length === 0) return json
  // One place for files: which of two lists a mistake is in, nobody could tell.
  if (Object.hasOwn(Object(json), 'attachments'))
    throw invalidAt('#/attachments', 'is for requests that are no forms')
  const attachments = files.map(({ field, name, type, content }) => ({
    name,
    type,
    content: content.toString('base64'),
    ...(field === 'inline' && { content_id: name }),
  }))
  return { ...Object(json), attachments }
}

async function contentOf(part: Multipart): Promise<Buffer> {
  if (part.type === 'file') return await part.toBuffer()
  if (part.valueTruncated) throw new Problem('too-large', `The part ${part.fieldname} is too large.`)
  // A part that calls itself JSON has been read as such.
  return Buffer.from(typeof part.value === 'string' ? part.value : JSON.stringify(part.value))
}

function fileOf(part: Multipart, { files }: FormOf, content: Buffer): FormFile {
  const { fieldname: field } = part
  if (part.type !== 'file' || !files.includes(field)) throw invalidAt('#', `there is no such part: ${field}`)
  const { filename: name, mimetype: type } = part
  if (!NAME.test(name) || !TYPE.test(type))
    throw invalidAt('#', `the file of ${field} has no name or no type: ${name}, ${type}`)
  return { field, name, type, content }
}

function hasStatus(error: unknown): boolean {
  return error instanceof Error && 'statusCode' in error
}

function malformed(error: unknown): Problem {
  const why = error instanceof Error ? error.message : String(error)
  return new Problem('malformed', `The form cannot be read: ${why}`)
}
