/** SendGrid's `POST /v3/mail/send`, so that who moves here changes the base URL and the key. `docs/recipes/sendgrid.md` */

import type { FastifyReply, FastifyRequest } from 'fastify'

import { compose } from '#grammar/composition'

import type { Routes, RouteParts } from './parts.ts'
import type { Principal } from './principal.ts'
import { Problem, toldOf } from './problem.ts'
import type { ProblemCode } from './problem.ts'
import { sendGridLetters } from './sendgrid-letter.ts'
import type { SendGridLetter } from './sendgrid-letter.ts'
import { SendGridRequest } from './sendgrid-schema.ts'
import { handOver } from './submission.ts'
import { needs } from './security.ts'

export const sendGridRoutes: Routes = (app, parts) => {
  app.setErrorHandler((error, request, reply) => failed(toldOf(parts.log, error, request), reply))
  app.route({
    method: 'POST',
    url: '/v3/mail/send',
    schema: {
      operationId: 'sendGridMailSend',
      summary: 'Send messages in the words of SendGrid',
      tags: ['façades'],
      ...needs('messages:send'),
      body: SendGridRequest,
    },
    async handler(request, reply) {
      const key = await parts.authenticate(request, 'messages:send')
      const letters = sendGridLetters(request.body, () => ({ now: parts.now(), unique: parts.unique() }))
      // Their sandbox: what would be taken is known now, and nothing is sent.
      if (request.body.mail_settings?.sandbox_mode?.enable === true) return reply.status(200).send()
      const first = await sendAll(parts, request, { key, letters })
      return reply.status(202).header('x-message-id', first).send()
    },
  })
}

/** So many at once, that one commit keeps many of them, and no more are in memory. */
const AT_ONCE = 25

type Sending = { readonly key: Principal; readonly letters: readonly SendGridLetter[] }

/** The id of the first message. Those to suppressed recipients are dropped, unless there are no others. */
async function sendAll(parts: RouteParts, request: FastifyRequest, sending: Sending): Promise<string> {
  const { key, letters } = sending
  const ids: string[] = []
  for (let start = 0; start < letters.length; start += AT_ONCE) {
    const batch = letters.slice(start, start + AT_ONCE)
    const ends = await Promise.allSettled(batch.map((letter) => sendOne(parts, request, { key, letter })))
    ids.push(...ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : [])))
    const failures = ends.flatMap((end, n) =>
      end.status === 'fulfilled' || isSuppressed(end.reason)
        ? []
        : [{ n: start + n, cause: end.reason as unknown }],
    )
    const [failure] = failures
    if (failure === undefined) continue
    if (ids.length === 0) throw failure.cause
    throw partly(request, parts, failure.cause, [
      ...failures.map(({ n }) => n),
      ...after(start + AT_ONCE, letters),
    ])
  }
  const [id] = ids
  if (id === undefined) throw new Problem('suppressed', 'Every recipient is suppressed.')
  return id
}

function isSuppressed(error: unknown): boolean {
  return error instanceof Problem && error.code === 'suppressed'
}

function after(start: number, letters: readonly unknown[]): readonly number[] {
  return Array.from({ length: Math.max(0, letters.length - start) }, (_, n) => start + n)
}

/** The others are kept: only these are to be sent again. */
function partly(
  request: FastifyRequest,
  { log }: RouteParts,
  cause: unknown,
  missing: readonly number[],
): Problem {
  const { message, retryAfter } = toldOf(log, cause, request)
  const detail = `Not accepted, all that have no error here are: ${message}`
  return new Problem('unavailable', detail, {
    places: missing.map((n) => ({ pointer: `#/personalizations/${n}`, detail })),
    ...(retryAfter !== undefined && { retryAfter }),
  })
}

async function sendOne(
  parts: RouteParts,
  request: FastifyRequest,
  { key, letter }: { readonly key: Principal; readonly letter: SendGridLetter },
): Promise<string> {
  const { from, recipients: to, composition, holdUntil, labels } = letter
  const kept = await handOver(parts, request, {
    key,
    stream: undefined,
    from,
    to,
    content: compose(composition),
    ...(labels && { labels }),
    ...(holdUntil !== undefined && { holdUntil }),
  })
  return kept.id
}

/** Theirs tell mistakes with 400. */
const STATUS: Partial<Record<ProblemCode, number>> = { invalid: 400, suppressed: 400 }

const WORDS: Partial<Record<ProblemCode, string>> = {
  unauthenticated: 'The provided authorization grant is invalid, expired, or revoked',
}

/** `#/personalizations/0/to` is `personalizations.0.to` there. */
function fieldOf(pointer: string): string | null {
  const path = pointer.replace(/^#\/?/, '').replaceAll('/', '.')
  return path === '' ? null : path
}

function failed(problem: Problem, reply: FastifyReply): FastifyReply {
  const { code, places, status, message, retryAfter } = problem
  if (retryAfter !== undefined) void reply.header('retry-after', retryAfter)
  const field = code === 'domain-not-yours' ? 'from' : null
  const errors =
    places.length > 0
      ? places.map(({ pointer, detail }) => ({ message: detail, field: fieldOf(pointer), help: null }))
      : [{ message: WORDS[code] ?? message, field, help: null }]
  return reply.status(STATUS[code] ?? status).send({ errors })
}
