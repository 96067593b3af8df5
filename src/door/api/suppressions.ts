/** Recipients that must not be tried: listed, added, removed. Of the key's own organization, and no other. */

import { Type } from 'typebox'
import type { Static } from 'typebox'

import { OperationError } from '#product/operation'
import { EVERY_STREAM } from '#product/suppression'
import type { Suppression, SuppressionKey } from '#product/suppression'

import { DEFAULT_LIMIT, PAGE, pageOf } from './page.ts'
import type { Routes } from './parts.ts'
import { Problem } from './problem.ts'
import { isoTime, Line } from './text.ts'
import { needs } from './security.ts'

const CLOSED = { additionalProperties: false }
export const Reason = Type.Enum(['bounce', 'soft-bounces', 'complaint', 'unsubscribe', 'manual', 'import'])
export const Stream = Type.String({
  pattern: '^(?:[a-z0-9][a-z0-9-]{0,62}|\\*)$',
  description: '`*` is every stream.',
})
const Time = Type.String({ format: 'date-time' })

export const ShownSuppression = Type.Object(
  {
    recipient: Type.String(),
    stream: Stream,
    reason: Reason,
    class: Type.Optional(Type.String()),
    evidence: Type.String({ description: 'What shows it: the reply, the complaint, or words.' }),
    delivery: Type.Optional(Type.String()),
    created_at: Time,
    expires_at: Type.Optional(Time),
    removed_at: Type.Optional(Time),
    removed_why: Type.Optional(Type.String()),
  },
  { title: 'Suppression' },
)

const New = Type.Object(
  {
    recipient: Line({ minLength: 3, maxLength: 320 }),
    stream: Type.Optional(Stream),
    reason: Type.Optional(Reason),
    evidence: Type.Optional(Line({ maxLength: 1000 })),
    expires_at: Type.Optional(Time),
  },
  CLOSED,
)

/** As many as one call may add. */
const BATCH = 1000

export const suppressionRoutes: Routes = (app, parts) => {
  listRoute(app, parts)
  addRoute(app, parts)
  removeRoute(app, parts)
}

const listRoute: Routes = (app, { authenticate, operations }) => {
  app.route({
    method: 'GET',
    url: '/v1/suppressions',
    schema: {
      operationId: 'listSuppressions',
      summary: 'Recipients that must not be tried, newest first',
      tags: ['suppressions'],
      ...needs('suppressions:read'),
      querystring: Type.Object(
        {
          ...PAGE,
          recipient: Type.Optional(Line({ maxLength: 320, description: 'Addresses that contain this.' })),
          stream: Type.Optional(Stream),
          reason: Type.Optional(Reason),
          all: Type.Optional(Type.Boolean({ description: 'Also those that hold no longer.' })),
        },
        CLOSED,
      ),
      response: { 200: pageOf(ShownSuppression, 'Suppression') },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'suppressions:read')
      const { limit = DEFAULT_LIMIT, cursor, recipient, stream, reason, all } = request.query
      const rows = await operations.suppressions({
        organization,
        limit,
        ...(cursor !== undefined && { after: afterOf(cursor) }),
        ...(recipient !== undefined && { match: recipient }),
        ...(stream !== undefined && { stream }),
        ...(reason !== undefined && { reason }),
        ...(all !== undefined && { all }),
      })
      const last = rows.at(-1)
      return {
        data: rows.map(shownSuppression),
        next: last === undefined || rows.length < limit ? null : cursorOf(last),
      }
    },
  })
}

const addRoute: Routes = (app, { authenticate, operations }) => {
  app.route({
    method: 'POST',
    url: '/v1/suppressions',
    schema: {
      operationId: 'addSuppressions',
      summary: 'Keep mail from recipients, all of them or none',
      tags: ['suppressions'],
      ...needs('suppressions:write'),
      body: Type.Object({ suppressions: Type.Array(New, { minItems: 1, maxItems: BATCH }) }, CLOSED),
      response: { 201: Type.Object({ data: Type.Array(ShownSuppression) }) },
    },
    async handler(request, reply) {
      const { organization, id } = await authenticate(request, 'suppressions:write')
      const rows = request.body.suppressions.map((one) => ({
        organization,
        stream: one.stream ?? EVERY_STREAM,
        address: one.recipient,
        reason: one.reason ?? 'manual',
        evidence: one.evidence ?? `API key ${id}`,
        ...(one.expires_at !== undefined && { expiresAt: Date.parse(one.expires_at) }),
      }))
      const made = await toldOfSuppressions(() => operations.suppressionAdd({ rows }))
      return reply.status(201).send({ data: made.map(shownSuppression) })
    },
  })
}

const removeRoute: Routes = (app, { authenticate, operations }) => {
  app.route({
    method: 'DELETE',
    url: '/v1/suppressions/:recipient',
    schema: {
      operationId: 'removeSuppression',
      summary: 'Let mail go to a recipient again',
      tags: ['suppressions'],
      ...needs('suppressions:write'),
      params: Type.Object({ recipient: Line({ minLength: 3, maxLength: 320 }) }),
      querystring: Type.Object(
        {
          stream: Type.Optional(Stream),
          why: Line({ minLength: 1, maxLength: 255, description: 'What people will read who ask why.' }),
        },
        CLOSED,
      ),
      response: { 200: Type.Object({ data: Type.Array(ShownSuppression) }) },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'suppressions:write')
      const { recipient } = request.params
      const { stream, why } = request.query
      const removed = await toldOfSuppressions(() =>
        operations.suppressionRemove({
          organization,
          address: recipient,
          why,
          ...(stream !== undefined && { stream }),
        }),
      )
      if (removed.length === 0) throw new Problem('missing', `${recipient} is not suppressed.`)
      return { data: removed.map(shownSuppression) }
    },
  })
}

/** What people did wrong is theirs to hear. */
export async function toldOfSuppressions<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof OperationError && error.code === 'invalid')
      throw new Problem('invalid', error.message)
    throw error
  }
}

export function shownSuppression(row: Suppression): Static<typeof ShownSuppression> {
  return {
    recipient: row.address,
    stream: row.stream,
    reason: row.reason,
    ...(row.class !== undefined && { class: row.class }),
    evidence: row.evidence,
    ...(row.delivery !== undefined && { delivery: row.delivery }),
    created_at: isoTime(row.createdAt),
    ...(row.expiresAt !== undefined && { expires_at: isoTime(row.expiresAt) }),
    ...(row.removedAt !== undefined && { removed_at: isoTime(row.removedAt) }),
    ...(row.removedWhy !== undefined && { removed_why: row.removedWhy }),
  }
}

/** Opaque to clients. */
function cursorOf({ createdAt, address, stream }: SuppressionKey): string {
  return Buffer.from(JSON.stringify([createdAt, address, stream])).toString('base64url')
}

/** @throws {Problem} `invalid` */
function afterOf(cursor: string): SuppressionKey {
  const [createdAt, address, stream] = listIn(cursor)
  if (typeof createdAt !== 'number' || typeof address !== 'string' || typeof stream !== 'string')
    throw new Problem('invalid', 'The cursor is none that a page has given.')
  return { createdAt, address, stream }
}

function listIn(cursor: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}
