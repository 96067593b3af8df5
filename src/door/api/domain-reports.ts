/** What receivers report of an organization's domains: how mail fared with DMARC, how TLS did. */

import { Type } from 'typebox'
import type { Static } from 'typebox'

import type { ReportRow } from '#product/received-report'

import { DomainName, found } from './domains.ts'
import { inAnswer } from './operator-route.ts'
import { DEFAULT_LIMIT, PAGE, pageOf } from './page.ts'
import type { Routes } from './parts.ts'
import { CLOSED, Time } from './person-schema.ts'
import { Problem } from './problem.ts'
import { needs } from './security.ts'
import { isoTime, Line } from './text.ts'

const SHOWN = {
  id: Type.String(),
  kind: Type.Enum(['dmarc', 'tls']),
  domain: Type.String(),
  reporter: Type.String({ description: 'Who reports, in the reporter’s words.' }),
  report: Type.String(),
  from: Time,
  until: Time,
  good: Type.Integer({ description: 'Messages that passed DMARC, or sessions with TLS.' }),
  bad: Type.Integer(),
  received_at: Time,
  client: Type.String({ description: 'The host that brought it: anybody can write a report.' }),
  sender: Type.String(),
}
const Shown = Type.Object(SHOWN, { title: 'DomainReport' })

export const domainReportRoutes: Routes = (app, parts) => {
  listRoute(app, parts)
  showRoute(app, parts)
}

const listRoute: Routes = (app, { authenticate, domains, operations }) => {
  app.route({
    method: 'GET',
    url: '/v1/domains/:domain/reports',
    schema: {
      operationId: 'listDomainReports',
      summary: 'DMARC and TLS reports of receivers about a domain and those below it, the latest first',
      tags: ['domains'],
      ...needs('domains:read'),
      params: DomainName,
      querystring: Type.Object({ ...PAGE, kind: Type.Optional(Type.Enum(['dmarc', 'tls'])) }, CLOSED),
      response: { 200: pageOf(Shown, 'DomainReport') },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'domains:read')
      const { limit = DEFAULT_LIMIT, cursor, kind } = request.query
      const { domain } = found(await domains.show(organization, request.params.domain))
      const rows = await operations.domainReports({
        domain: domain.name,
        organization,
        limit,
        ...(cursor !== undefined && { before: cursor }),
        ...(kind !== undefined && { kind }),
      })
      const last = rows.at(-1)
      return { data: rows.map(shown), next: last === undefined || rows.length < limit ? null : last.id }
    },
  })
}

const showRoute: Routes = (app, { authenticate, domains, operations }) => {
  app.route({
    method: 'GET',
    url: '/v1/domains/:domain/reports/:id',
    schema: {
      operationId: 'showDomainReport',
      summary: 'One of these reports, whole; its texts are a stranger’s',
      tags: ['domains'],
      ...needs('domains:read'),
      params: Type.Object({ ...DomainName.properties, id: Line({ minLength: 1, maxLength: 100 }) }),
      response: { 200: Type.Object({ ...SHOWN, content: Type.Record(Type.String(), Type.Unknown()) }) },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'domains:read')
      found(await domains.show(organization, request.params.domain))
      const report = await operations.domainReport({ id: request.params.id })
      if (report === null || report.row.organization !== organization)
        throw new Problem('missing', 'There is no such report.')
      return { ...shown(report.row), content: inAnswer(report.report) as Record<string, unknown> }
    },
  })
}

function shown(row: ReportRow): Static<typeof Shown> {
  const { id, kind, domain, reporter, report, from, until, good, bad, receivedAt, client, sender } = row
  return {
    id,
    kind,
    domain,
    reporter,
    report,
    from: isoTime(from),
    until: isoTime(until),
    good,
    bad,
    received_at: isoTime(receivedAt),
    client,
    sender,
  }
}
