/** What an operator asks of the node: how it is, who uses it, what was changed, and that it reads its files again. */

import { Type } from 'typebox'

import { AccountError, OPERATOR } from '#product/account'

import { operatorEventRoutes } from './operator-events.ts'
import { operatorMailRoutes } from './operator-mail.ts'
import { operatorQuotaRoutes } from './operator-quotas.ts'
import { operatorRoute, rowsOf } from './operator-route.ts'
import { operatorSendingRoutes } from './operator-sending.ts'
import type { Routes } from './parts.ts'
import { CLOSED, Time } from './person-schema.ts'
import { Problem } from './problem.ts'
import { Line } from './text.ts'

const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' })
const Organization = Type.Object({ name: Type.String(), created_at: Time }, { title: 'Organization' })

const Listener = Type.Object({ name: Type.String(), address: Type.String(), port: Type.Integer() })

const Status = Type.Object(
  {
    version: Type.String(),
    pid: Type.Integer(),
    started_at: Time,
    node: Type.String(),
    listeners: Type.Array(Listener),
    accepting: Type.Boolean(),
    refusal: Type.Optional(Type.String({ description: 'Why nothing is taken.' })),
    waiting: Type.Integer(),
    on_wire: Type.Integer(),
    held: Type.Integer(),
  },
  { title: 'NodeStatus' },
)

const Finding = Type.Object(
  {
    level: Type.Enum(['ok', 'warning', 'problem', 'skipped']),
    check: Type.String(),
    text: Type.String(),
    advice: Type.Optional(Type.String()),
    publish: Type.Optional(Type.Object({ name: Type.String(), type: Type.String(), value: Type.String() })),
  },
  { title: 'Finding' },
)

export const operatorRoutes: Routes = (app, parts) => {
  nodeRoutes(app, parts)
  organizationRoutes(app, parts)
  operatorSendingRoutes(app, parts)
  operatorMailRoutes(app, parts)
  operatorQuotaRoutes(app, parts)
  operatorEventRoutes(app, parts)
}

const nodeRoutes: Routes = (app, parts) => {
  const { operations, doctor } = parts
  operatorRoute(app, parts, {
    method: 'GET',
    url: '/status',
    operationId: 'operatorStatus',
    summary: 'How the node is: whether it takes mail, what waits, where it listens',
    answer: Status,
    act: () => operations.status(),
  })
  operatorRoute(app, parts, {
    method: 'POST',
    url: '/reload',
    operationId: 'operatorReload',
    summary: 'Read configuration, shaping rules and certificates again; with problems nothing changes',
    answer: Type.Object({
      problems: Type.Array(Type.String()),
      restart: Type.Array(Type.String(), { description: 'What has changed and holds only after a restart.' }),
    }),
    act: () => operations.reload(),
  })
  operatorRoute(app, parts, {
    method: 'GET',
    url: '/doctor',
    operationId: 'operatorDoctor',
    summary:
      'Whether the machine is fit to send mail: disk, certificate, clock, DNS, addresses, ports, domains',
    answer: rowsOf(Finding),
    act: async () => ({ data: await doctor() }),
  })
}

const organizationRoutes: Routes = (app, parts) => {
  const { accounts, operations } = parts
  operatorRoute(app, parts, {
    method: 'GET',
    url: '/organizations',
    operationId: 'operatorOrganizations',
    summary: `All organizations; ${OPERATOR} is the operator’s`,
    answer: rowsOf(Organization),
    act: async () => ({ data: await accounts.organizations() }),
  })
  operatorRoute(app, parts, {
    method: 'POST',
    url: '/organizations',
    operationId: 'operatorAddOrganization',
    summary: 'Make an organization',
    body: Type.Object({ name: Name }, CLOSED),
    answer: Organization,
    async act({ body: { name } }) {
      try {
        return await accounts.addOrganization(name)
      } catch (error) {
        if (error instanceof AccountError && error.code === 'taken')
          throw new Problem('conflict', `There is an organization ${name} already.`)
        throw error
      }
    },
  })
  operatorRoute(app, parts, {
    method: 'POST',
    url: '/organizations/:organization/owner-link',
    operationId: 'operatorOwnerLink',
    summary:
      'A link that makes whoever opens it an owner, once, within a day; the organization is made where there is none',
    params: Type.Object({ organization: Name }),
    answer: Type.Object({ organization: Type.String(), url: Type.String() }),
    act: ({ params: { organization } }) => operations.ownerLink({ organization }),
  })
  auditRoute(app, parts)
}

const Entry = Type.Object(
  {
    id: Type.String(),
    at: Time,
    organization: Type.String({ description: 'Empty: of the whole installation.' }),
    actor: Type.String(),
    address: Type.String(),
    action: Type.String(),
    subject: Type.String(),
    before: Type.Optional(Type.String({ description: 'As JSON.' })),
    after: Type.Optional(Type.String({ description: 'As JSON, without secrets.' })),
  },
  { title: 'OperatorAuditEntry' },
)

const auditRoute: Routes = (app, parts) => {
  operatorRoute(app, parts, {
    method: 'GET',
    url: '/audit',
    operationId: 'operatorAudit',
    summary: 'What was changed, in all organizations and of the whole installation, the newest first',
    querystring: Type.Object(
      {
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
        before: Type.Optional(Line({ maxLength: 100, description: 'Only those before the one of this id.' })),
        actor: Type.Optional(Line({ maxLength: 320 })),
        action: Type.Optional(Line({ maxLength: 100 })),
      },
      CLOSED,
    ),
    answer: rowsOf(Entry),
    act: async ({ query: { limit = 100, ...filter } }) => ({
      data: await parts.operations.audit({ limit, ...filter }),
    }),
  })
}
