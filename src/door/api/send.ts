/** `POST /v1/messages`: one message made of its parts, accepted when it is kept. */

import { composed } from './composition.ts'
import { messageOfForm } from './form.ts'
import { IDEMPOTENCY, markAgain, onceOf } from './idempotency.ts'
import { labelsOf } from './label.ts'
import { MessageAccepted, MessageRequest } from './message-schema.ts'
import type { Routes } from './parts.ts'
import { accepted, handOver, holdUntilOf } from './submission.ts'
import { needs } from './security.ts'
import { wholeOf } from './template-use.ts'

export const sendRoutes: Routes = (app, parts) => {
  const { now, unique, authenticate, bodyLimit, templates } = parts
  app.route({
    method: 'POST',
    url: '/v1/messages',
    schema: {
      operationId: 'sendMessage',
      summary: 'Send a message',
      description: [
        'As multipart/form-data: the part `message` is the JSON; each part `attachments` is a file of that name;',
        'each part `inline` one that the HTML shows where it says `cid:` and its name.',
        IDEMPOTENCY,
      ].join(' '),
      tags: ['messages'],
      ...needs('messages:send'),
      consumes: ['application/json', 'multipart/form-data'],
      body: MessageRequest,
      response: { 202: MessageAccepted },
    },
    // Before the schema is looked at, which holds for both forms.
    async preValidation(request) {
      if (request.isMultipart()) Object.assign(request, { body: await messageOfForm(request, bodyLimit) })
    },
    async handler(request, reply) {
      const key = await authenticate(request, 'messages:send')
      const once = onceOf(request)
      const { body } = request
      const whole = await wholeOf(templates, key.organization, body, now())
      const { from, recipients, content } = composed(whole, { now: now(), unique: unique() })
      const holdUntil =
        body.send_at === undefined ? undefined : holdUntilOf(Date.parse(body.send_at), now(), '#/send_at')
      const kept = await handOver(parts, request, {
        key,
        stream: body.stream,
        from,
        to: recipients,
        content,
        ...(holdUntil !== undefined && { holdUntil }),
        ...labelsOf(body),
        ...(once && { once }),
      })
      if (kept.again) markAgain(reply)
      return reply.status(202).send(accepted(kept, recipients))
    },
  })
}
