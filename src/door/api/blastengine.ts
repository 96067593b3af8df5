/** Blastengine's REST API, so that who moves here changes the base URL and the key. `docs/recipes/blastengine.md` */

import type { FastifyReply, FastifyRequest } from 'fastify'

import type { MessageView } from '#engine/spool'
import { fromInteger, parseMessageId, toInteger } from '#grammar/message-id'
import type { BulkDelivery } from '#product/bulk-delivery'

import { blastengineBulkRoutes } from './blastengine-bulk.ts'
import { bulkShown, deliveryShown, requestOf } from './blastengine-letter.ts'
import type { BlastengineFile } from './blastengine-letter.ts'
import { DeliveryId, Transaction } from './blastengine-schema.ts'
import { composed } from './composition.ts'
import { partsOfForm } from './form.ts'
import { parseJson } from './json.ts'
import type { RouteParts, Routes } from './parts.ts'
import { Problem, toldOf } from './problem.ts'
import { handOver } from './submission.ts'
import { needs } from './security.ts'

/** Files of a form, until its JSON has been held to the schema. */
const FILES = new WeakMap<FastifyRequest, readonly BlastengineFile[]>()

export const blastengineRoutes: Routes = (app, parts) => {
  const { authenticate, now, unique, bodyLimit } = parts
  app.setErrorHandler((error, request, reply) => failed(toldOf(parts.log, error, request), reply))
  app.setNotFoundHandler((request, reply) =>
    failed(new Problem('missing', `There is nothing at ${request.method} ${request.url}.`), reply),
  )
  // Their libraries say that nothing is JSON.
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    async (_: FastifyRequest, body: string) => (body === '' ? {} : parseJson(body)),
  )
  blastengineBulkRoutes(app, parts)
  app.route({
    method: 'POST',
    url: '/deliveries/transaction',
    schema: {
      operationId: 'blastengineTransaction',
      summary: 'Send a message in the words of Blastengine',
      description: 'As multipart/form-data: `data` is the JSON, each `file` a file.',
      tags: ['façades'],
      ...needs('messages:send'),
      consumes: ['application/json', 'multipart/form-data'],
      body: Transaction,
    },
    async preValidation(request) {
      if (!request.isMultipart()) return
      const { json, files } = await partsOfForm(request, { limit: bodyLimit, json: 'data', files: ['file'] })
      FILES.set(request, files)
      Object.assign(request, { body: json })
    },
    async handler(request, reply) {
      const key = await authenticate(request, 'messages:send')
      const message = requestOf(request.body, FILES.get(request) ?? [])
      const { from, recipients: to, content } = composed(message, { now: now(), unique: unique() })
      const { id } = await handOver(parts, request, { key, stream: undefined, from, to, content })
      return reply.status(201).send({ delivery_id: numberOf(id) })
    },
  })
  deliveryRoute(app, parts)
}

const deliveryRoute: Routes = (app, parts) => {
  const { authenticate, operations, now } = parts
  app.route({
    method: 'GET',
    url: '/deliveries/:id',
    schema: {
      operationId: 'blastengineDelivery',
      summary: 'What became of a message, in the words of Blastengine',
      tags: ['façades'],
      ...needs('messages:read'),
      params: DeliveryId,
    },
    async handler(request, reply) {
      const { organization } = await authenticate(request, 'messages:read')
      const { id } = request.params
      const prepared = await parts.bulk.find(organization, id)
      if (prepared !== undefined)
        return reply.send(bulkShown(prepared, await messagesOf(parts, prepared), now()))
      const found = await operations.message({ id: fromInteger(id) })
      if (found === null || found.message.organization !== organization)
        throw new Problem('missing', `There is no delivery ${id}.`)
      return reply.send(deliveryShown(found))
    },
  })
}

/** So many are asked for together. */
const ASKED = 50

async function messagesOf(
  { operations }: RouteParts,
  { recipients }: BulkDelivery,
): Promise<readonly MessageView[]> {
  const ids = recipients.flatMap(({ message }) => parseMessageId(message ?? '') ?? [])
  const views: MessageView[] = []
  for (let start = 0; start < ids.length; start += ASKED) {
    const some = await Promise.all(ids.slice(start, start + ASKED).map((id) => operations.message({ id })))
    views.push(...some.filter((view) => view !== null))
  }
  return views
}

/** Theirs are numbers. Ours are numbers in another dress. */
function numberOf(id: string): number {
  const parsed = parseMessageId(id)
  if (parsed === undefined) throw new TypeError(`${id} is no message id`)
  return toInteger(parsed)
}

/** Places in our request, as theirs calls them. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['text', 'text_part'],
  ['html', 'html_part'],
])

/** `{"error_messages": {"subject": ["…"]}}`; what is of no field is under `main`. */
function failed({ code, status, message, places, retryAfter }: Problem, reply: FastifyReply): FastifyReply {
  if (retryAfter !== undefined) void reply.header('retry-after', retryAfter)
  const told = places.length > 0 ? places : [{ pointer: '#', detail: message }]
  const messages = new Map<string, string[]>()
  for (const { pointer, detail } of told) {
    const path = pointer.replace(/^#\/?/, '').replaceAll('/', '.') || 'main'
    const name = NAMES.get(path) ?? path
    messages.set(name, [...(messages.get(name) ?? []), detail])
  }
  // Theirs tell mistakes with 400.
  const theirs = code === 'invalid' || code === 'suppressed' ? 400 : status
  return reply.status(theirs).send({ error_messages: Object.fromEntries(messages) })
}
