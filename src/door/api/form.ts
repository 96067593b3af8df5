/** A message as a form: its JSON in one part, its files in others, as they are. RFC 7578 */

import type { Multipart } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'

import { ATTACHMENTS } from './message-schema.ts'
import { parseJson } from './json.ts'
import { invalidAt, Problem } from './problem.ts'

/** Parts that are no files: `message` is the only one, and a few more are told by name. */
const FIELDS = 20

/** What the request would be as JSON; not yet held to its schema. @throws {Problem} `malformed`, `invalid`, `too-large` */
export async function messageOfForm(request: FastifyRequest, limit: number): Promise<unknown> {
  const files: object[] = []
  let message: unknown
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
      if (part.fieldname !== 'message') files.push(fileOf(part, content))
      else if (message === undefined) message = parseJson(content.toString())
      else throw invalidAt('#', 'the part message is there twice')
    }
  } catch (error) {
    throw error instanceof Problem || hasStatus(error) ? error : malformed(error)
  }
  return withFiles(message, files)
}

async function contentOf(part: Multipart): Promise<Buffer> {
  if (part.type === 'file') return await part.toBuffer()
  if (part.valueTruncated) throw new Problem('too-large', `The part ${part.fieldname} is too large.`)
  // A part that calls itself JSON has been read as such.
  return Buffer.from(typeof part.value === 'string' ? part.value : JSON.stringify(part.value))
}

function fileOf(part: Multipart, content: Buffer): object {
  const { fieldname } = part
  if (part.type !== 'file' || (fieldname !== 'attachments' && fieldname !== 'inline'))
    throw invalidAt('#', `there is no such part: ${fieldname}`)
  return {
    name: part.filename,
    type: part.mimetype,
    content: content.toString('base64'),
    ...(fieldname === 'inline' && { content_id: part.filename }),
  }
}

function withFiles(message: unknown, files: readonly object[]): unknown {
  if (typeof message !== 'object' || message === null) throw invalidAt('#', 'the part message is missing')
  if (files.length === 0) return message
  // One place for files: which of two lists a mistake is in, nobody could tell.
  if ('attachments' in message) throw invalidAt('#/attachments', 'is for requests that are no forms')
  return { ...message, attachments: files }
}

function hasStatus(error: unknown): boolean {
  return error instanceof Error && 'statusCode' in error
}

function malformed(error: unknown): Problem {
  const why = error instanceof Error ? error.message : String(error)
  return new Problem('malformed', `The form cannot be read: ${why}`)
}
