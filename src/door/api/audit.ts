/** The audit log of the organization: who changed what, when and from where. */

import { Readable } from 'node:stream'

import { Type } from 'typebox'
import type { Static } from 'typebox'

import type { Audit, AuditQuery, Entry } from '#product/audit'

import { csvCell } from './csv-cell.ts'
import { DEFAULT_LIMIT, PAGE, pageOf } from './page.ts'
import type { Routes } from './parts.ts'
import { CLOSED, Time } from './person-schema.ts'
import { isoTime, Line } from './text.ts'
import { needs } from './security.ts'

const Shown = Type.Object(
  {
    id: Type.String(),
    at: Time,
    actor: Type.String({ description: 'A user’s address, an API key, or the operator of the machine.' }),
    address: Type.String({ description: 'That it was done from; `local` on the machine itself.' }),
    action: Type.String(),
    subject: Type.String(),
    before: Type.Optional(Type.Unknown()),
    after: Type.Optional(Type.Unknown({ description: 'What was asked for, without secrets.' })),
  },
  { title: 'AuditEntry' },
)

const FILTER = {
  actor: Type.Optional(Line({ maxLength: 320 })),
  action: Type.Optional(Line({ maxLength: 100 })),
  from: Type.Optional(Time),
  to: Type.Optional(Type.String({ ...Time, description: 'Not included.' })),
}

export const auditRoutes: Routes = (app, parts) => {
  listRoute(app, parts)
  exportRoute(app, parts)
}

const listRoute: Routes = (app, { authenticate, audit }) => {
  app.route({
    method: 'GET',
    url: '/v1/audit',
    schema: {
      operationId: 'listAudit',
      summary: 'What was changed, by whom and from where, the newest first',
      tags: ['audit'],
      ...needs('audit:read'),
      querystring: Type.Object({ ...PAGE, ...FILTER }, CLOSED),
      response: { 200: pageOf(Shown, 'AuditEntry') },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'audit:read')
      const { limit = DEFAULT_LIMIT, cursor, ...filter } = request.query
      const rows = await audit.list({
        ...queryOf(organization, filter),
        limit,
        ...(cursor !== undefined && { before: cursor }),
      })
      const last = rows.at(-1)
      return {
        data: rows.map(shown),
        next: last === undefined || rows.length < limit ? null : last.id,
      }
    },
  })
}

const exportRoute: Routes = (app, { authenticate, audit }) => {
  app.route({
    method: 'GET',
    url: '/v1/audit.csv',
    schema: {
      operationId: 'exportAudit',
      summary: 'The same as a file for spreadsheets, whole',
      tags: ['audit'],
      ...needs('audit:read'),
      querystring: Type.Object(FILTER, CLOSED),
    },
    async handler(request, reply) {
      const { organization } = await authenticate(request, 'audit:read')
      return reply
        .header('content-disposition', 'attachment; filename="audit.csv"')
        .type('text/csv; charset=utf-8')
        .send(Readable.from(lines(audit, queryOf(organization, request.query))))
    },
  })
}

type Filter = { readonly [K in keyof typeof FILTER]?: string }

function queryOf(organization: string, { actor, action, from, to }: Filter): Omit<AuditQuery, 'limit'> {
  return {
    organization,
    ...(actor !== undefined && { actor }),
    ...(action !== undefined && { action }),
    ...(from !== undefined && { from: Date.parse(from) }),
    ...(to !== undefined && { to: Date.parse(to) }),
  }
}

function shown({ id, at, actor, address, action, subject, before, after }: Entry): Static<typeof Shown> {
  return {
    id,
    at: isoTime(at),
    actor,
    address,
    action,
    subject,
    ...(before !== undefined && { before: JSON.parse(before) as unknown }),
    ...(after !== undefined && { after: JSON.parse(after) as unknown }),
  }
}

/** Rows of one reading: the whole log is never in memory. */
const READING = 1000

/** RFC 4180 §2, with the mark by which spreadsheets know UTF-8. */
async function* lines(audit: Audit, query: Omit<AuditQuery, 'limit'>): AsyncGenerator<string> {
  yield '\uFEFFid,at,actor,address,action,subject,before,after\r\n'
  let before: string | undefined
  do {
    const rows = await audit.list({ ...query, limit: READING, ...(before !== undefined && { before }) })
    yield rows.map(lineOf).join('')
    before = rows.length < READING ? undefined : rows.at(-1)?.id
  } while (before !== undefined)
}

function lineOf({ id, at, actor, address, action, subject, before = '', after = '' }: Entry): string {
  return `${[id, isoTime(at), actor, address, action, subject, before, after].map(csvCell).join(',')}\r\n`
}
