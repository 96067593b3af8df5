/**
 * One letter to any number of recipients: a line of JSON with the letter, and one for each recipient. They are kept as
 * one message each ten thousand, as they come; what became of each is answered as lines. Nothing more is read while that
 * many are being kept, nor when the client has left too many answers unread.
 */

import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'

import type { FastifyReply, FastifyRequest } from 'fastify'
import { Compile } from 'typebox/compile'

import { BATCH, LetterRequest } from './batch-schema.ts'
import type { RecipientFate } from './batch-schema.ts'
import { batchOf, DATA } from './batch-keeping.ts'
import type { Batch } from './batch-keeping.ts'
import type { Addressed } from './form-letter.ts'
import { keyOf } from './idempotency.ts'
import type { Once } from './idempotency.ts'
import { parseJson } from './json.ts'
import { linesOf } from './lines.ts'
import type { RouteParts } from './parts.ts'
import type { Principal } from './principal.ts'
import { Problem, toldOf } from './problem.ts'
import { placesOf } from './validation.ts'

export const STREAM_TYPE = 'application/x-ndjson'

/** Octets of the line of a recipient: its data is less. */
const LINE = 64 * 1024

/** Answers that may wait to be read, of ten thousand recipients each: some 10 MB. */
const UNREAD = 16

/** @throws {Problem} when there is something wrong with the letter; later mistakes are answered in their place */
export async function streamed(
  parts: RouteParts,
  request: FastifyRequest,
  reply: FastifyReply,
  key: Principal,
): Promise<FastifyReply> {
  // Whoever is told that it ends here must be able to hear it: the connection stays.
  const body = (request.body as Readable).iterator({
    destroyOnReturn: false,
  }) as AsyncIterableIterator<Buffer>
  let isLetter = true
  const lines = singly(linesOf(body, () => (isLetter ? parts.bodyLimit : LINE)))
  const first = await lines.next()
  if (first.done === true) throw new Problem('malformed', 'There is no letter: the request has no line.')
  isLetter = false
  const letter = letterOf(first.value)
  const batch = await batchOf(parts, request, { key, letter })
  const once = keyOf(request)
  const answers = answered(parts, request, lines, {
    batch,
    once: once === undefined ? undefined : blocks(once, first.value),
  })
  return reply
    .status(200)
    .type(STREAM_TYPE)
    .send(Readable.from(answers, { highWaterMark: UNREAD }))
}

/** @throws {Problem} */
function letterOf(line: string): LetterRequest {
  const letter = parseJson(line)
  if (LETTER.Check(letter)) return letter
  throw new Problem('invalid', 'See errors for what is wrong, and where.', {
    places: placesOf(LETTER.Errors(letter)),
  })
}

const LETTER = Compile(LetterRequest)

/** The key of each message that a stream becomes: asked again, those that were kept are passed over. */
type Blocks = (lines: readonly string[]) => Once

/** A client cannot make such a key itself: theirs are printable. */
const DIVIDER = '\x1f'

function blocks(key: string, letter: string): Blocks {
  let count = 0
  return (lines) => {
    const hash = createHash('sha256').update(letter)
    for (const line of lines) hash.update('\n').update(line)
    return { key: `${key}${DIVIDER}${count++}`, digest: hash.digest('base64url') }
  }
}

type Letters = { readonly batch: Batch; readonly once: Blocks | undefined }

/** Recipients that will be one message. */
type Block = {
  /** Of the first of them; the letter is line 1. */
  readonly first: number
  readonly lines: string[]
  readonly all: Addressed[]
  data: number
}

type Tally = { queued: number; suppressed: number; invalid: number }

async function* answered(
  parts: RouteParts,
  request: FastifyRequest,
  lines: AsyncIterable<string>,
  letters: Letters,
): AsyncGenerator<string> {
  const tally: Tally = { queued: 0, suppressed: 0, invalid: 0 }
  let block = blockFrom(2)
  try {
    for await (const line of lines) {
      put(block, line, letters.batch)
      if (block.lines.length < BATCH && block.data < DATA) continue
      yield await kept(block, letters, tally)
      block = blockFrom(block.first + block.lines.length)
    }
    if (block.lines.length > 0) yield await kept(block, letters, tally)
    yield `${JSON.stringify({ status: 'done', ...tally })}\n`
  } catch (error) {
    if (request.raw.destroyed && !request.raw.complete) return
    const problem = toldOf(parts.log, error, request).body(request.id)
    yield `${JSON.stringify({ line: block.first, status: 'stopped', problem })}\n`
    // What is still coming is of no use, but who sends it is to hear why.
    request.raw.resume()
  }
}

function blockFrom(first: number): Block {
  return { first, lines: [], all: [], data: 0 }
}

function put(block: Block, line: string, { letter }: Batch): void {
  const one = addressed(line, letter)
  block.lines.push(line)
  block.all.push(one)
  if (one.ok) block.data += one.data.length
}

function addressed(line: string, letter: Batch['letter']): Addressed {
  try {
    return letter.addressed(parseJson(line))
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return { ok: false, place: { pointer: '#', detail: error.message } }
  }
}

async function kept({ first, lines, all }: Block, { batch, once }: Letters, tally: Tally): Promise<string> {
  const { fates } = await batch.keep(all, once?.(lines))
  for (const { status } of fates) tally[status] += 1
  return fates.map((fate, n) => told(first + n, fate)).join('')
}

/** Who is queued is told by the line alone: there may be millions of them. */
function told(line: number, { status, delivery, ...more }: RecipientFate): string {
  if (status === 'queued') return `{"line":${line},"status":"queued","delivery":"${delivery}"}\n`
  return `${JSON.stringify({ line, status, ...more })}\n`
}

async function* singly(many: AsyncIterable<readonly string[]>): AsyncGenerator<string> {
  for await (const lines of many) yield* lines
}
