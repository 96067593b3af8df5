/** Mail for the postmaster, and TLS with receivers: reports sent, policies, hosts whose TLS is broken. For operators. */

import { Type } from 'typebox'

import { operatorRoute, rowsOf } from './operator-route.ts'
import type { Routes } from './parts.ts'
import { CLOSED, Time } from './person-schema.ts'
import { Line } from './text.ts'

const Named = Type.Object({ id: Line({ minLength: 1, maxLength: 255 }) })
const Limited = Type.Object(
  { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })) },
  CLOSED,
)

const MAIL = {
  id: Type.String(),
  received_at: Time,
  client: Type.String(),
  sender: Type.String(),
  recipient: Type.String(),
  author: Type.String(),
  subject: Type.String(),
  size: Type.Integer(),
}
const KeptMail = Type.Object(MAIL, { title: 'KeptMail' })

const REPORT = {
  id: Type.String(),
  day: Type.String({ description: 'Such as 2026-11-22, in UTC.' }),
  domain: Type.String(),
  state: Type.Enum(['waiting', 'sent', 'failed']),
  due: Time,
  successes: Type.Integer(),
  failures: Type.Integer(),
}

export const operatorMailRoutes: Routes = (app, parts) => {
  postmasterRoutes(app, parts)
  tlsReportRoutes(app, parts)
  tlsRoutes(app, parts)
}

const postmasterRoutes: Routes = (app, parts) => {
  const { operations } = parts
  operatorRoute(app, parts, {
    method: 'GET',
    url: '/postmaster-mail',
    operationId: 'operatorPostmasterMails',
    summary: 'Mail for the postmaster that nobody else gets, the newest first',
    querystring: Type.Object(
      {
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
        before: Type.Optional(Line({ maxLength: 255, description: 'Only those before the one of this id.' })),
      },
      CLOSED,
    ),
    answer: rowsOf(KeptMail),
    act: async ({ query: { limit = 100, ...rest } }) => ({
      data: await operations.postmasterMails({ limit, ...rest }),
    }),
  })
  operatorRoute(app, parts, {
    method: 'GET',
    url: '/postmaster-mail/:id',
    operationId: 'operatorPostmasterMail',
    summary: 'One of them, with its content in base64',
    params: Named,
    answer: Type.Object({ ...MAIL, content: Type.String() }),
    act: ({ params }) => operations.postmasterMail(params),
  })
  operatorRoute(app, parts, {
    method: 'DELETE',
    url: '/postmaster-mail/:id',
    operationId: 'operatorRemovePostmasterMail',
    summary: 'Remove one of them',
    params: Named,
    answer: KeptMail,
    act: async ({ params: { id } }) => (await operations.postmasterRemove({ ids: [id] }))[0],
  })
}

const tlsReportRoutes: Routes = (app, parts) => {
  const { operations } = parts
  operatorRoute(app, parts, {
    method: 'GET',
    url: '/tls-reports',
    operationId: 'operatorTlsReports',
    summary: 'Reports about TLS that this node makes for others (RFC 8460), the newest first',
    querystring: Limited,
    answer: rowsOf(Type.Object(REPORT, { title: 'TlsReport' })),
    act: async ({ query: { limit = 100 } }) => ({ data: await operations.tlsReports({ limit }) }),
  })
  operatorRoute(app, parts, {
    method: 'GET',
    url: '/tls-reports/:id',
    operationId: 'operatorTlsReport',
    summary: 'One of them, whole, and where it went',
    params: Named,
    answer: Type.Object({
      ...REPORT,
      report: Type.Record(Type.String(), Type.Unknown()),
      deliveries: Type.Array(Type.Object({ target: Type.String(), ok: Type.Boolean(), text: Type.String() })),
    }),
    act: ({ params }) => operations.tlsReport(params),
  })
}

const tlsRoutes: Routes = (app, parts) => {
  const { operations } = parts
  operatorRoute(app, parts, {
    method: 'GET',
    url: '/tls-policies',
    operationId: 'operatorTlsPolicies',
    summary: 'MTA-STS policies of receivers that hold (RFC 8461)',
    querystring: Limited,
    answer: rowsOf(
      Type.Object(
        {
          domain: Type.String(),
          id: Type.String(),
          mode: Type.Enum(['enforce', 'testing', 'none']),
          mx: Type.Array(Type.String()),
          fetched_at: Time,
          expires_at: Time,
        },
        { title: 'TlsPolicy' },
      ),
    ),
    act: async ({ query: { limit = 100 } }) => ({ data: await operations.tlsPolicies({ limit }) }),
  })
  operatorRoute(app, parts, {
    method: 'GET',
    url: '/broken-tls',
    operationId: 'operatorBrokenTls',
    summary: 'Hosts that get mail in clear because their TLS does not work',
    answer: rowsOf(
      Type.Object(
        { host: Type.String(), since: Time, until: Time, why: Type.String() },
        { title: 'BrokenTls' },
      ),
    ),
    act: async () => ({ data: await operations.brokenTls() }),
  })
}
