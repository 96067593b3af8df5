/** `POST /v1/messages/batch`: one letter to many. As JSON, kept as one message; or as a stream of lines, see batch-stream.ts. */

import { setImmediate } from 'node:timers/promises'

import { BatchAccepted, BatchRequest } from './batch-schema.ts'
import type { RecipientFate } from './batch-schema.ts'
import { batchOf, DATA } from './batch-keeping.ts'
import { STREAM_TYPE, streamed } from './batch-stream.ts'
import type { Addressed, LetterToMany } from './form-letter.ts'
import { IDEMPOTENCY, markAgain, onceOf } from './idempotency.ts'
import type { App, Routes } from './parts.ts'
import { Problem } from './problem.ts'
import { needs } from './security.ts'

/** Recipients that are read before other requests have their turn: some 5 ms. */
const SLICE = 500

export const batchRoutes: Routes = (app, parts) => {
  streamBodies(app)
  app.route({
    method: 'POST',
    url: '/v1/messages/batch',
    schema: {
      operationId: 'sendBatch',
      summary: 'Send one letter to many',
      description: [
        'Each recipient is sent the template as their variables fill it in, when it is their turn.',
        `For more than so many, send ${STREAM_TYPE}: a line with the letter, and a line for each recipient;`,
        'what became of each comes back as lines, while the request is under way.',
        IDEMPOTENCY,
      ].join(' '),
      tags: ['messages'],
      ...needs('messages:send'),
      body: {
        content: { 'application/json': { schema: BatchRequest }, [STREAM_TYPE]: { schema: {} } },
      },
      response: { 202: BatchAccepted },
    },
    async handler(request, reply) {
      const key = await parts.authenticate(request, 'messages:send')
      if (request.headers['content-type']?.startsWith(STREAM_TYPE) === true)
        return await streamed(parts, request, reply, key)
      const { recipients, ...letter } = request.body as BatchRequest
      const once = onceOf(request)
      const batch = await batchOf(parts, request, { key, letter })
      const all = await addressedAll(batch.letter, recipients)
      if (dataOf(all) > DATA)
        throw new Problem(
          'too-large',
          `One call has ${DATA} octets of variables at most; a stream has no end.`,
        )
      const kept = await batch.keep(all, once)
      if (kept.again) markAgain(reply)
      const fates = kept.fates.map((fate, n) => placed(fate, `#/recipients/${n}`))
      return reply.status(202).send({ ...(kept.id !== undefined && { id: kept.id }), recipients: fates })
    },
  })
}

/** Lines are read as they are wanted. */
function streamBodies(app: App): void {
  app.addContentTypeParser(STREAM_TYPE, (_request, payload, done) => done(null, payload))
}

/** A pointer that begins at a recipient, from where the recipient is. */
function placed(fate: RecipientFate, at: string): RecipientFate {
  return fate.pointer === undefined ? fate : { ...fate, pointer: at + fate.pointer.slice(1) }
}

async function addressedAll(
  letter: LetterToMany,
  recipients: readonly unknown[],
): Promise<readonly Addressed[]> {
  const all: Addressed[] = []
  for (const recipient of recipients) {
    all.push(letter.addressed(recipient))
    if (all.length % SLICE === 0) await setImmediate()
  }
  return all
}

function dataOf(all: readonly Addressed[]): number {
  return all.reduce((sum, one) => sum + (one.ok ? one.data.length : 0), 0)
}
