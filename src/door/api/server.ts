/** The HTTP API: routes, who may use them, and what every answer has in common. What it says is in `docs/api.md`. */

import multipart from '@fastify/multipart'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { fastify } from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TSchema } from 'typebox'

import { batchRoutes } from './batch.ts'
import { blastengineRoutes } from './blastengine.ts'
import { deliveryRoutes } from './deliveries.ts'
import { deliverySearchRoutes } from './delivery-search.ts'
import { described, openApi } from './description.ts'
import { bounceClassRoutes } from './bounce-classes.ts'
import { domainReportRoutes } from './domain-reports.ts'
import { domainRoutes } from './domains.ts'
import { queueRoutes } from './queues.ts'
import { streamRoutes } from './streams.ts'
import { suppressionFileRoutes } from './suppression-file.ts'
import { parseJson } from './json.ts'
import { eventRoutes } from './events.ts'
import type { ApiParts, App, RouteParts, Routes } from './parts.ts'
import { Admission, sessionOf } from './principal.ts'
import { Problem, PROBLEM_TYPE, toldOf } from './problem.ts'
import { quotaRoutes } from './quotas.ts'
import { sayQuotas } from './quota-fields.ts'
import { rawRoutes } from './raw.ts'
import { sendRoutes } from './send.ts'
import { sendGridRoutes } from './sendgrid.ts'
import { statisticsRoutes } from './statistics.ts'
import { credentialRoutes } from './credentials.ts'
import { auditRoutes } from './audit.ts'
import { Auditing } from './auditing.ts'
import { apiKeyRoutes } from './api-keys.ts'
import { identityRoutes } from './identities.ts'
import { operatorRoutes } from './operator.ts'
import { invitationRoutes } from './invitations.ts'
import { linkPageRoute } from './link-page.ts'
import { oidcSessionRoutes } from './oidc-session.ts'
import { ownerRoutes } from './owner.ts'
import { passkeyRoutes } from './passkeys.ts'
import { passkeySessionRoutes } from './passkey-session.ts'
import { passwordResetRoutes } from './password-reset.ts'
import { sessionRoutes } from './session.ts'
import { signInPageRoute } from './sign-in-page.ts'
import { signInRoutes } from './sign-in.ts'
import { suppressionRoutes } from './suppressions.ts'
import { templateRoutes } from './templates.ts'
import { totpRoutes } from './totp.ts'
import { userRoutes } from './users.ts'
import { compileSchema } from './validation.ts'
import { webhookRoutes } from './webhooks.ts'

/** All but the port. */
export async function apiOf(parts: ApiParts): Promise<App> {
  const app = fastify({
    bodyLimit: parts.bodyLimit,
    trustProxy: parts.trustedProxies.length > 0 ? [...parts.trustedProxies] : false,
    genReqId: parts.unique,
    // Ours logs what an operator wants to know, in the words of docs/events.md.
    logger: false,
    return503OnClosing: true,
  })
  app.setValidatorCompiler<TSchema>(compileSchema)
  bodies(app)
  app.setErrorHandler((error, request, reply) => told(toldOf(parts.log, error, request), request, reply))
  app.setNotFoundHandler((request, reply) => {
    const problem = new Problem('missing', `There is nothing at ${request.method} ${request.url}: see /docs`)
    return told(problem, request, reply)
  })
  const admission = new Admission(parts)
  app.addHook('onRequest', (request, reply) => admission.admit(request, reply))
  await app.register(multipart)
  await app.register(swagger, { openapi: openApi(parts.version), transformObject: described })
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true })
  const auditing = new Auditing(parts.audit, parts.log)
  const typed: App = app
  typed.addHook('onSend', (request, reply) => auditing.answered(request, reply.statusCode))
  typed.addHook('onSend', async (request, reply) => sayQuotas(request, reply))
  const routeParts = routePartsOf(parts, admission, auditing)
  sending(typed, routeParts)
  deliverySearchRoutes(typed, routeParts)
  deliveryRoutes(typed, routeParts)
  suppressionRoutes(typed, routeParts)
  suppressionFileRoutes(typed, routeParts)
  domainRoutes(typed, routeParts)
  domainReportRoutes(typed, routeParts)
  bounceClassRoutes(typed, routeParts)
  queueRoutes(typed, routeParts)
  streamRoutes(typed, routeParts)
  operatorRoutes(typed, routeParts)
  eventRoutes(typed, routeParts)
  webhookRoutes(typed, routeParts)
  statisticsRoutes(typed, routeParts)
  quotaRoutes(typed, routeParts)
  linkPageRoute(typed, routeParts)
  ownerRoutes(typed, routeParts)
  sessionRoutes(typed, routeParts)
  userRoutes(typed, routeParts)
  apiKeyRoutes(typed, routeParts)
  credentialRoutes(typed, routeParts)
  invitationRoutes(typed, routeParts)
  passwordResetRoutes(typed, routeParts)
  totpRoutes(typed, routeParts)
  passkeyRoutes(typed, routeParts)
  passkeySessionRoutes(typed, routeParts)
  signInRoutes(typed, routeParts)
  signInPageRoute(typed, routeParts)
  oidcSessionRoutes(typed, routeParts)
  identityRoutes(typed, routeParts)
  auditRoutes(typed, routeParts)
  // Each in a scope of its own, with errors of its own form.
  await app.register(async (scope) => sendGridRoutes(scope, routeParts))
  await app.register(async (scope) => blastengineRoutes(scope, routeParts), { prefix: '/api/v1' })
  return typed
}

const sending: Routes = (app, parts) => {
  sendRoutes(app, parts)
  rawRoutes(app, parts)
  batchRoutes(app, parts)
  templateRoutes(app, parts)
}

function routePartsOf(parts: ApiParts, admission: Admission, auditing: Auditing): RouteParts {
  return {
    ...parts,
    async authenticate(request, scope) {
      const principal = await admission.authenticated(request, scope)
      const { organization, actor } = principal
      auditing.note(request, { organization, actor, scope })
      return principal
    },
    async signedIn(request) {
      const current = await sessionOf(parts, request)
      auditing.note(request, { organization: current.member.organization, actor: current.member.email })
      return current
    },
    note: (request, note) => auditing.note(request, note),
  }
}

/** What is no JSON, no form and no message is refused before it is read. */
function bodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    async (_request: FastifyRequest, body: string) => parseJson(body),
  )
  app.addContentTypeParser(
    ['message/rfc822', 'text/csv'],
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, body: Buffer) => body,
  )
}

function told(problem: Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (problem.retryAfter !== undefined) void reply.header('retry-after', problem.retryAfter)
  // RFC 9110 §11.6.1
  if (problem.code === 'unauthenticated') void reply.header('www-authenticate', 'Bearer')
  return reply.status(problem.status).type(PROBLEM_TYPE).send(problem.body(request.id))
}
