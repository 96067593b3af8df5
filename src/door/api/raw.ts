/** `POST /v1/messages/mime`: a message made elsewhere, with its envelope; taken as the SMTP door takes one. RFC 5322 */

import { Type } from 'typebox'
import type { Static } from 'typebox'

import { distinct, mailbox } from './address.ts'
import { IDEMPOTENCY, markAgain, onceOf } from './idempotency.ts'
import { labelsOf } from './label.ts'
import type { Given } from './label.ts'
import { Envelope, MessageAccepted, RawRequest } from './message-schema.ts'
import type { Routes } from './parts.ts'
import { invalidAt, Problem } from './problem.ts'
import { accepted, handOver, holdUntilOf } from './submission.ts'
import { needs } from './security.ts'

/** Of a message as it is, the envelope is in the query; of JSON it is in the JSON, and the query says nothing. */
const Query = Type.Partial(Envelope, { additionalProperties: false })

export const rawRoutes: Routes = (app, parts) => {
  const { now, authenticate } = parts
  app.route({
    method: 'POST',
    url: '/v1/messages/mime',
    schema: {
      operationId: 'sendRawMessage',
      summary: 'Send a message that is made already',
      description: [
        'As message/rfc822 with the envelope in the query, or all of it in JSON.',
        'Bcc is removed, and so are X-Hikyaku-Tag and X-Hikyaku-Metadata, which are read.',
        IDEMPOTENCY,
      ].join(' '),
      tags: ['messages'],
      ...needs('messages:send'),
      querystring: Query,
      body: {
        content: {
          'application/json': { schema: RawRequest },
          'message/rfc822': { schema: Type.Unsafe<Buffer>({ description: 'RFC 5322' }) },
        },
      },
      response: { 202: MessageAccepted },
    },
    async handler(request, reply) {
      const key = await authenticate(request, 'messages:send')
      const once = onceOf(request)
      const { envelope, content, labels } = partsOf(request.query, request.body)
      const from = mailbox(envelope.from, '#/from')
      const to = recipients(envelope.to)
      const { stream, send_at: sendAt } = envelope
      const holdUntil = sendAt === undefined ? undefined : holdUntilOf(Date.parse(sendAt), now(), '#/send_at')
      const kept = await handOver(parts, request, {
        key,
        stream,
        from,
        to,
        content,
        ...(holdUntil !== undefined && { holdUntil }),
        ...labelsOf(labels),
        ...(once && { once }),
      })
      if (kept.again) markAgain(reply)
      return reply.status(202).send(accepted(kept, to))
    },
  })
}

type Raw = { readonly envelope: Static<typeof Envelope>; readonly content: Buffer; readonly labels: Given }

/** @throws {Problem} `invalid` */
function partsOf(query: Static<typeof Query>, body: unknown): Raw {
  if (Buffer.isBuffer(body)) {
    const { from, to, ...rest } = query
    if (from === undefined || to === undefined)
      throw invalidAt('#', 'from and to of the envelope belong into the query')
    return { envelope: { ...rest, from, to }, content: body, labels: {} }
  }
  if (body === undefined) throw new Problem('malformed', 'There is no message: the request has no body.')
  if (Object.keys(query).length > 0) throw invalidAt('#', 'with JSON the envelope belongs into the JSON')
  const { content, tags, metadata, tracking, ...envelope } = body as Static<typeof RawRequest>
  return { envelope, content: Buffer.from(content, 'base64'), labels: { tags, metadata, tracking } }
}

function recipients(to: Static<typeof Envelope>['to']): ReturnType<typeof distinct> {
  if (typeof to === 'string') return [mailbox(to, '#/to')]
  return distinct(to.map((each, n) => mailbox(each, `#/to/${n}`)))
}
