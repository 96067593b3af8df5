/** `POST /v1/messages`: one message, accepted when it is kept. */

import type { Static } from 'typebox'

import { formatMailbox } from '#grammar/address'
import type { Mailbox } from '#grammar/address'

import { composed } from './composition.ts'
import { IDEMPOTENCY, markAgain, onceOf } from './idempotency.ts'
import { MessageAccepted, MessageRequest } from './message-schema.ts'
import { Problem } from './problem.ts'
import type { Routes } from './parts.ts'
import type { Submitted } from './submission.ts'

const YEAR = 366 * 24 * 3600 * 1000

/** Seconds until a client may ask again while nothing is taken in. */
const RETRY_AFTER = 30

export const sendRoutes: Routes = (app, { submit, now, unique, log, authenticate }) => {
  app.route({
    method: 'POST',
    url: '/v1/messages',
    schema: {
      operationId: 'sendMessage',
      summary: 'Send a message',
      description: IDEMPOTENCY,
      tags: ['messages'],
      body: MessageRequest,
      response: { 202: MessageAccepted },
    },
    async handler(request, reply) {
      const key = await authenticate(request, 'messages:send')
      const once = onceOf(request)
      const { body } = request
      const { from, recipients, content } = composed(body, { now: now(), unique: unique() })
      const holdUntil = dueOf(body.send_at, now())
      const submitted = await submit({
        key,
        stream: body.stream ?? key.stream,
        from,
        to: recipients,
        content,
        address: request.ip,
        protocol: request.protocol.toUpperCase(),
        ...(holdUntil !== undefined && { holdUntil }),
        ...(once && { once }),
      })
      if (!submitted.ok) throw refusalOf(submitted)
      const { id, skipped } = submitted
      const accepted = { id, recipients: recipients.map((to) => fate(to, skipped)) }
      if (submitted.again) {
        markAgain(reply)
        return reply.status(202).send(accepted)
      }
      log.info('message.accepted', {
        message: id,
        listener: 'api',
        client: request.ip,
        credential: key.id,
        from: formatMailbox(from),
        recipients: recipients.length - skipped.length,
        size: content.length,
        protocol: request.protocol.toUpperCase(),
      })
      return reply.status(202).send(accepted)
    },
  })
}

type Fate = Static<typeof MessageAccepted>['recipients'][number]

function fate(recipient: Mailbox, skipped: readonly { to: string; why: string }[]): Fate {
  const email = formatMailbox(recipient)
  const found = skipped.find(({ to }) => to === email)
  return found === undefined
    ? { email, status: 'queued' }
    : { email, status: 'suppressed', detail: found.why }
}

function dueOf(sendAt: string | undefined, now: number): number | undefined {
  if (sendAt === undefined) return undefined
  const due = Date.parse(sendAt)
  if (Number.isNaN(due) || due > now + YEAR)
    throw new Problem('invalid', 'See errors for what is wrong, and where.', {
      places: [{ pointer: '#/send_at', detail: 'expected a time within a year from now' }],
    })
  return due > now ? due : undefined
}

function refusalOf({ why, text }: Extract<Submitted, { ok: false }>): Problem {
  switch (why) {
    case 'domain':
      return new Problem('domain-not-yours', text)
    case 'reused':
      return new Problem('key-reused', text)
    case 'suppressed':
      return new Problem('suppressed', text)
    case 'unavailable':
      return new Problem('unavailable', text, { retryAfter: RETRY_AFTER })
    case 'address':
    case 'content':
      return new Problem('invalid', text)
  }
}
