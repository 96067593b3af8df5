/** Webhooks: made, changed, stopped, tried, sent again. Of the key's own organization, and no other. */

import { Type } from 'typebox'
import type { Static } from 'typebox'

import { EVENT_KINDS } from '#engine/spool'
import { WebhookError } from '#product/webhook'
import type { Webhook, WebhookAttempt } from '#product/webhook'

import { DEFAULT_LIMIT, PAGE, pageOf } from './page.ts'
import type { Routes } from './parts.ts'
import { Problem } from './problem.ts'
import { isoTime, Line } from './text.ts'
import { needs } from './security.ts'

const CLOSED = { additionalProperties: false }
const Time = Type.String({ format: 'date-time' })
const Named = Type.Object({ id: Type.String({ maxLength: 40 }) })

const Url = Line({ minLength: 1, maxLength: 2000, description: 'Of https:, on any port.' })
const Kinds = Type.Array(Type.Enum(EVENT_KINDS), {
  maxItems: EVENT_KINDS.length,
  description: 'Empty: all.',
})
const Stream = Type.String({
  pattern: '^(?:[a-z0-9][a-z0-9-]{0,62}|\\*)$',
  description: '`*` is every stream, and what is of none.',
})
const Note = Line({ maxLength: 255 })

const Shown = Type.Object(
  {
    id: Type.String(),
    url: Type.String(),
    note: Type.String(),
    kinds: Kinds,
    stream: Stream,
    state: Type.Enum(['active', 'failing', 'paused']),
    since: Type.Optional(Type.String({ format: 'date-time', description: 'Of failing and paused.' })),
    failures: Type.Optional(Type.Integer({ description: 'One after the other.' })),
    next_attempt_at: Type.Optional(Time),
    why: Type.Optional(Type.String({ description: 'It is paused.' })),
    created_at: Time,
    old_secret_until: Type.Optional(Time),
  },
  { title: 'Webhook' },
)

const Issued = Type.Interface([Shown], {
  secret: Type.String({ description: 'Shown now and never again.' }),
})

const Attempt = Type.Object(
  {
    id: Type.String(),
    at: Time,
    duration_ms: Type.Integer(),
    what: Type.Enum(['events', 'ping']),
    request: Type.String({ description: 'The webhook-id of the request.' }),
    events: Type.Integer(),
    ok: Type.Boolean(),
    status: Type.Optional(Type.Integer()),
    excerpt: Type.String({ description: 'Of the answer, or why there was none.' }),
  },
  { title: 'WebhookAttempt' },
)

/** For how long the secret before signs as well when nothing is said, and at most, in seconds. */
const OVERLAP = 86_400
const LONGEST_OVERLAP = 30 * OVERLAP

export const webhookRoutes: Routes = (app, parts) => {
  listRoutes(app, parts)
  addRoute(app, parts)
  changeRoute(app, parts)
  removeRoute(app, parts)
  rotateRoute(app, parts)
  stateRoutes(app, parts)
  replayRoute(app, parts)
  testRoute(app, parts)
  attemptsRoute(app, parts)
}

const listRoutes: Routes = (app, { authenticate, webhooks }) => {
  app.route({
    method: 'GET',
    url: '/v1/webhooks',
    schema: {
      operationId: 'listWebhooks',
      summary: 'The webhooks, oldest first',
      tags: ['webhooks'],
      ...needs('webhooks:read'),
      response: { 200: Type.Object({ data: Type.Array(Shown) }) },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'webhooks:read')
      return { data: (await webhooks.list(organization)).map(shown) }
    },
  })
  app.route({
    method: 'GET',
    url: '/v1/webhooks/:id',
    schema: {
      operationId: 'showWebhook',
      summary: 'A webhook, and how it is doing',
      tags: ['webhooks'],
      ...needs('webhooks:read'),
      params: Named,
      response: { 200: Shown },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'webhooks:read')
      return shown(found(await webhooks.show(organization, request.params.id)))
    },
  })
}

const addRoute: Routes = (app, { authenticate, webhooks }) => {
  app.route({
    method: 'POST',
    url: '/v1/webhooks',
    schema: {
      operationId: 'addWebhook',
      summary: 'Have a URL told what happens',
      tags: ['webhooks'],
      ...needs('webhooks:write'),
      body: Type.Object(
        {
          url: Url,
          kinds: Type.Optional(Kinds),
          stream: Type.Optional(Stream),
          note: Type.Optional(Note),
          since: Type.Optional(
            Type.String({
              format: 'date-time',
              description: 'Also what was written down since. Default: now.',
            }),
          ),
        },
        CLOSED,
      ),
      response: { 201: Issued },
    },
    async handler(request, reply) {
      const { organization } = await authenticate(request, 'webhooks:write')
      const { url, kinds = [], stream, note = '', since } = request.body
      const issued = await told(() =>
        webhooks.add({
          organization,
          url,
          kinds,
          note,
          ...(stream !== undefined && { stream }),
          ...(since !== undefined && { since: Date.parse(since) }),
        }),
      )
      return reply.status(201).send({ ...shown(issued.webhook), secret: issued.secret })
    },
  })
}

const changeRoute: Routes = (app, { authenticate, webhooks }) => {
  app.route({
    method: 'PATCH',
    url: '/v1/webhooks/:id',
    schema: {
      operationId: 'changeWebhook',
      summary: 'Change what is said, and leave the rest',
      tags: ['webhooks'],
      ...needs('webhooks:write'),
      params: Named,
      body: Type.Object(
        {
          url: Type.Optional(Url),
          kinds: Type.Optional(Kinds),
          stream: Type.Optional(Stream),
          note: Type.Optional(Note),
        },
        CLOSED,
      ),
      response: { 200: Shown },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'webhooks:write')
      return shown(found(await told(() => webhooks.change(organization, request.params.id, request.body))))
    },
  })
}

const removeRoute: Routes = (app, { authenticate, webhooks }) => {
  app.route({
    method: 'DELETE',
    url: '/v1/webhooks/:id',
    schema: {
      operationId: 'removeWebhook',
      summary: 'Remove a webhook and its attempts',
      tags: ['webhooks'],
      ...needs('webhooks:write'),
      params: Named,
      response: { 204: Type.Null() },
    },
    async handler(request, reply) {
      const { organization } = await authenticate(request, 'webhooks:write')
      if (!(await webhooks.remove(organization, request.params.id))) throw missing()
      return reply.status(204).send(null)
    },
  })
}

const rotateRoute: Routes = (app, { authenticate, webhooks }) => {
  app.route({
    method: 'POST',
    url: '/v1/webhooks/:id/rotate',
    schema: {
      operationId: 'rotateWebhook',
      summary: 'A new secret; the one until now signs as well for a while',
      tags: ['webhooks'],
      ...needs('webhooks:write'),
      params: Named,
      querystring: Type.Object(
        {
          overlap: Type.Optional(
            Type.Integer({ minimum: 0, maximum: LONGEST_OVERLAP, default: OVERLAP, description: 'Seconds.' }),
          ),
        },
        CLOSED,
      ),
      response: { 200: Issued },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'webhooks:write')
      const { overlap = OVERLAP } = request.query
      const issued = await webhooks.rotate(organization, request.params.id, overlap * 1000)
      if (issued === undefined) throw missing()
      return { ...shown(issued.webhook), secret: issued.secret }
    },
  })
}

const stateRoutes: Routes = (app, { authenticate, webhooks }) => {
  const states = {
    pause: 'Send nothing until it is resumed',
    resume: 'Go on where it stood, at once',
  } as const
  for (const state of ['pause', 'resume'] as const)
    app.route({
      method: 'POST',
      url: `/v1/webhooks/:id/${state}`,
      schema: {
        operationId: `${state}Webhook`,
        summary: states[state],
        tags: ['webhooks'],
        ...needs('webhooks:write'),
        params: Named,
        response: { 200: Shown },
      },
      async handler(request) {
        const { organization, id } = await authenticate(request, 'webhooks:write')
        const { id: webhook } = request.params
        return shown(
          found(
            state === 'pause'
              ? await webhooks.pause(organization, webhook, `API key ${id}`)
              : await webhooks.resume(organization, webhook),
          ),
        )
      },
    })
}

const replayRoute: Routes = (app, { authenticate, webhooks }) => {
  app.route({
    method: 'POST',
    url: '/v1/webhooks/:id/replay',
    schema: {
      operationId: 'replayWebhook',
      summary: 'Send again what was written down since a time, and then what follows',
      tags: ['webhooks'],
      ...needs('webhooks:write'),
      params: Named,
      body: Type.Object({ since: Time }, CLOSED),
      response: { 200: Shown },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'webhooks:write')
      const since = Date.parse(request.body.since)
      return shown(found(await webhooks.replay(organization, request.params.id, since)))
    },
  })
}

const testRoute: Routes = (app, { authenticate, webhooks }) => {
  app.route({
    method: 'POST',
    url: '/v1/webhooks/:id/test',
    schema: {
      operationId: 'testWebhook',
      summary: 'Send a ping, and tell what came of it',
      tags: ['webhooks'],
      ...needs('webhooks:write'),
      params: Named,
      response: { 200: Attempt },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'webhooks:write')
      const attempt = await webhooks.ping({ organization, id: request.params.id })
      if (attempt === undefined) throw missing()
      return attemptShown(attempt)
    },
  })
}

const attemptsRoute: Routes = (app, { authenticate, webhooks }) => {
  app.route({
    method: 'GET',
    url: '/v1/webhooks/:id/attempts',
    schema: {
      operationId: 'listWebhookAttempts',
      summary: 'What was sent and what came of it, newest first',
      tags: ['webhooks'],
      ...needs('webhooks:read'),
      params: Named,
      querystring: Type.Object({ ...PAGE }, CLOSED),
      response: { 200: pageOf(Attempt, 'WebhookAttempt') },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'webhooks:read')
      const { id } = found(await webhooks.show(organization, request.params.id))
      const { limit = DEFAULT_LIMIT, cursor } = request.query
      const before = cursor === undefined ? {} : { before: keyOf(cursor) }
      const rows = await webhooks.attempts({ organization, id, limit, ...before })
      const last = rows.at(-1)
      return {
        data: rows.map(attemptShown),
        next: last === undefined || rows.length < limit ? null : cursorOf(last),
      }
    },
  })
}

function found(webhook: Webhook | undefined): Webhook {
  if (webhook === undefined) throw missing()
  return webhook
}

function missing(): Problem {
  return new Problem('missing', 'There is no such webhook.')
}

async function told<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof WebhookError) throw new Problem('invalid', error.message)
    throw error
  }
}

function shown({ id, url, note, kinds, stream, state, ...times }: Webhook): Static<typeof Shown> {
  return {
    id,
    url,
    note,
    kinds: [...kinds],
    stream: stream ?? '*',
    state: state.at,
    ...(state.at !== 'active' && { since: isoTime(state.since) }),
    ...(state.at === 'failing' && { failures: state.failures, next_attempt_at: isoTime(state.next) }),
    ...(state.at === 'paused' && { why: state.why }),
    created_at: isoTime(times.createdAt),
    ...(times.oldSecretUntil !== undefined && { old_secret_until: isoTime(times.oldSecretUntil) }),
  }
}

function attemptShown({ at, duration, status, ...rest }: WebhookAttempt): Static<typeof Attempt> {
  return { ...rest, at: isoTime(at), duration_ms: duration, ...(status !== 0 && { status }) }
}

/** Opaque to clients. */
function cursorOf({ at, id }: WebhookAttempt): string {
  return Buffer.from(`${at}.${id}`).toString('base64url')
}

/** @throws {Problem} `invalid` */
function keyOf(cursor: string): Pick<WebhookAttempt, 'at' | 'id'> {
  const [, at, id] = /^(\d{1,15})\.([0-9a-z]{1,40})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (at === undefined || id === undefined)
    throw new Problem('invalid', 'The cursor is none that a page has given.')
  return { at: Number(at), id }
}
