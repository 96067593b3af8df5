/** The HTTP API: routes, who may use them, and what every answer has in common. What it says is in `docs/api.md`. */

import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { fastify } from 'fastify'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { TSchema } from 'typebox'

import type { Log } from '#platform/log'

import { deliveryRoutes } from './deliveries.ts'
import type { ApiParts, App, RouteParts } from './parts.ts'
import { credentialRoutes } from './credentials.ts'
import { auditRoutes } from './audit.ts'
import { Auditing } from './auditing.ts'
import { apiKeyRoutes } from './api-keys.ts'
import { invitationRoutes } from './invitations.ts'
import { linkPageRoute } from './link-page.ts'
import { ownerRoutes } from './owner.ts'
import { passwordResetRoutes } from './password-reset.ts'
import { authenticated, sessionOf } from './principal.ts'
import { Problem, PROBLEM_TYPE, problemOf } from './problem.ts'
import { sendRoutes } from './send.ts'
import { SESSION_COOKIE } from './session-cookie.ts'
import { sessionRoutes } from './session.ts'
import { suppressionRoutes } from './suppressions.ts'
import { totpRoutes } from './totp.ts'
import { userRoutes } from './users.ts'
import { compileSchema } from './validation.ts'

export type ApiServer = AsyncDisposable & { readonly address: string; readonly port: number }

/** Resolves when it listens. Disposal lets requests under way end. @throws what listening throws */
export async function serveApi(parts: ApiParts): Promise<ApiServer> {
  const app = fastify({
    bodyLimit: parts.bodyLimit,
    trustProxy: parts.trustedProxies.length > 0 ? [...parts.trustedProxies] : false,
    genReqId: parts.unique,
    // Ours logs what an operator wants to know, in the words of docs/events.md.
    logger: false,
    return503OnClosing: true,
  })
  app.setValidatorCompiler<TSchema>(compileSchema)
  app.setErrorHandler((error, request, reply) => failed(parts.log, error, request, reply))
  app.setNotFoundHandler((request, reply) => {
    const problem = new Problem('missing', `There is nothing at ${request.method} ${request.url}: see /docs`)
    return told(problem, request, reply)
  })
  await app.register(swagger, { openapi: openApi(parts.version) })
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true })
  const auditing = new Auditing(parts.audit, parts.log)
  const routeParts: RouteParts = {
    ...parts,
    async authenticate(request, scope) {
      const principal = await authenticated(parts, request, scope)
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
  const typed: App = app
  typed.addHook('onSend', (request, reply) => auditing.answered(request, reply.statusCode))
  sendRoutes(typed, routeParts)
  deliveryRoutes(typed, routeParts)
  suppressionRoutes(typed, routeParts)
  linkPageRoute(typed, routeParts)
  ownerRoutes(typed, routeParts)
  sessionRoutes(typed, routeParts)
  userRoutes(typed, routeParts)
  apiKeyRoutes(typed, routeParts)
  credentialRoutes(typed, routeParts)
  invitationRoutes(typed, routeParts)
  passwordResetRoutes(typed, routeParts)
  totpRoutes(typed, routeParts)
  auditRoutes(typed, routeParts)
  await app.listen({ host: parts.address, port: parts.port })
  const bound = app.server.address()
  return {
    address: parts.address,
    port: typeof bound === 'object' && bound !== null ? bound.port : parts.port,
    [Symbol.asyncDispose]: () => app.close(),
  }
}

function openApi(version: string): object {
  return {
    openapi: '3.1.0',
    info: { title: 'Hikyaku', version, description: 'Mail: sent, followed, explained.' },
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key' },
        session: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE, description: 'Of who has signed in' },
      },
    },
    security: [{ key: [] }, { session: [] }],
  }
}

function failed(log: Log, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error)
  if (problem !== undefined) return told(problem, request, reply)
  log.error('api.failed', { request: request.id, method: request.method, path: request.url, cause: error })
  return told(new Problem('failed', `The log has it under ${request.id}.`), request, reply)
}

function told(problem: Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (problem.retryAfter !== undefined) void reply.header('retry-after', problem.retryAfter)
  // RFC 9110 §11.6.1
  if (problem.code === 'unauthenticated') void reply.header('www-authenticate', 'Bearer')
  return reply.status(problem.status).type(PROBLEM_TYPE).send(problem.body(request.id))
}
