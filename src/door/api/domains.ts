/** The domains of an organization: claimed, shown to be its own, watched; their keys; what receivers report of them. */

import { Type } from 'typebox'

import { DomainError, zoneLine } from '#product/domain'
import type { DomainView } from '#product/domain'
import { OperationError } from '#product/operation'

import { DomainDetail, detailOf, ShownDomain, shownDomain } from './domain-schema.ts'
import type { Routes } from './parts.ts'
import { CLOSED } from './person-schema.ts'
import { invalidAt, Problem } from './problem.ts'
import { needs } from './security.ts'
import { Line } from './text.ts'

export const DomainName = Type.Object({ domain: Line({ minLength: 1, maxLength: 255 }) })

/** Milliseconds within which a look is not repeated: each is some 20 questions to name servers of others. */
const LOOKED = 5_000

export const domainRoutes: Routes = (app, parts) => {
  listRoute(app, parts)
  addRoute(app, parts)
  showRoutes(app, parts)
  removeRoute(app, parts)
  verifyRoute(app, parts)
  rotateRoute(app, parts)
  activateRoute(app, parts)
}

const listRoute: Routes = (app, { authenticate, domains }) => {
  app.route({
    method: 'GET',
    url: '/v1/domains',
    schema: {
      operationId: 'listDomains',
      summary: 'The domains, by name',
      tags: ['domains'],
      ...needs('domains:read'),
      response: { 200: Type.Object({ data: Type.Array(ShownDomain) }) },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'domains:read')
      return { data: (await domains.list(organization)).map(shownDomain) }
    },
  })
}

const addRoute: Routes = (app, { authenticate, domains, note }) => {
  app.route({
    method: 'POST',
    url: '/v1/domains',
    schema: {
      operationId: 'addDomain',
      summary: 'Claim a domain; the answer has what to publish to show that it is yours',
      tags: ['domains'],
      ...needs('domains:write'),
      body: Type.Object(
        {
          domain: Line({ minLength: 1, maxLength: 255, description: 'In any form: 例え.jp as well.' }),
          vouched: Type.Optional(
            Type.Boolean({
              description: 'For operators: it is the organization’s, and no record has to show it.',
            }),
          ),
        },
        CLOSED,
      ),
      response: { 201: DomainDetail },
    },
    async handler(request, reply) {
      const { organization, scopes } = await authenticate(request, 'domains:write')
      const { domain: name, vouched = false } = request.body
      if (vouched && !scopes.includes('operator:write'))
        throw new Problem(
          'forbidden',
          'Only an operator says whose a domain is: publish the record that shows it.',
        )
      const view = await toldOfDomains(() => domains.add({ organization, name, verified: vouched }))
      note(request, { subject: view.domain.name })
      return reply.status(201).send(detailOf(view))
    },
  })
}

const showRoutes: Routes = (app, { authenticate, domains }) => {
  app.route({
    method: 'GET',
    url: '/v1/domains/:domain',
    schema: {
      operationId: 'showDomain',
      summary: 'A domain, its keys, and each record with what the last look into the DNS found of it',
      tags: ['domains'],
      ...needs('domains:read'),
      params: DomainName,
      response: { 200: DomainDetail },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'domains:read')
      return detailOf(found(await domains.show(organization, request.params.domain)))
    },
  })
  app.route({
    method: 'GET',
    url: '/v1/domains/:domain/zone',
    schema: {
      operationId: 'showDomainZone',
      summary: 'The records to publish, as lines of a zone file',
      tags: ['domains'],
      ...needs('domains:read'),
      params: DomainName,
      produces: ['text/plain'],
    },
    async handler(request, reply) {
      const { organization } = await authenticate(request, 'domains:read')
      const { records } = found(await domains.show(organization, request.params.domain))
      const own = records.filter(({ by }) => by === 'owner')
      return reply.type('text/plain; charset=utf-8').send(own.map((one) => `${zoneLine(one)}\n`).join(''))
    },
  })
}

const removeRoute: Routes = (app, { authenticate, domains }) => {
  app.route({
    method: 'DELETE',
    url: '/v1/domains/:domain',
    schema: {
      operationId: 'removeDomain',
      summary: 'Remove a domain and its keys: mail from it is refused within a second',
      tags: ['domains'],
      ...needs('domains:write'),
      params: DomainName,
      response: { 200: ShownDomain },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'domains:write')
      return shownDomain(found(await domains.remove(organization, request.params.domain)))
    },
  })
}

const verifyRoute: Routes = (app, { authenticate, domains, now }) => {
  app.route({
    method: 'POST',
    url: '/v1/domains/:domain/verify',
    schema: {
      operationId: 'verifyDomain',
      summary: 'Look into the DNS now; what was looked at less than five seconds ago is not looked at again',
      tags: ['domains'],
      ...needs('domains:write'),
      params: DomainName,
      response: { 200: DomainDetail },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'domains:write')
      const { domain: name } = request.params
      const view = found(await domains.show(organization, name))
      const { checkedAt } = view.domain
      if (checkedAt !== undefined && Math.abs(now() - checkedAt) < LOOKED) return detailOf(view)
      const changes = await domains.look(view)
      if (changes.some((one) => one.kind === 'refused'))
        throw new Problem(
          'domain-taken',
          `The DNS shows that ${view.domain.name} is yours, but another organization here has it: remove its record _hikyaku.${view.domain.name}, or ask who runs this installation.`,
        )
      return detailOf(found(await domains.show(organization, name)))
    },
  })
}

const rotateRoute: Routes = (app, { authenticate, domains }) => {
  app.route({
    method: 'POST',
    url: '/v1/domains/:domain/dkim/rotate',
    schema: {
      operationId: 'rotateDkim',
      summary: 'New DKIM keys to publish beside those that sign; they sign when they are activated',
      tags: ['domains'],
      ...needs('domains:write'),
      params: DomainName,
      response: { 200: DomainDetail },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'domains:write')
      return detailOf(found(await domains.rotate(organization, request.params.domain)))
    },
  })
}

const activateRoute: Routes = (app, { authenticate, domains }) => {
  app.route({
    method: 'POST',
    url: '/v1/domains/:domain/dkim/activate',
    schema: {
      operationId: 'activateDkim',
      summary: 'Sign with the new keys, when the DNS shows them; the old ones retire',
      tags: ['domains'],
      ...needs('domains:write'),
      params: DomainName,
      body: Type.Object(
        { force: Type.Optional(Type.Boolean({ description: 'Although the DNS does not show them.' })) },
        CLOSED,
      ),
      response: { 200: DomainDetail },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'domains:write')
      const view = found(await domains.show(organization, request.params.domain))
      try {
        return detailOf(found(await domains.activate(view, request.body.force === true)))
      } catch (error) {
        if (error instanceof OperationError) throw new Problem('conflict', error.message)
        throw error
      }
    },
  })
}

export function found<T>(value: T | null | undefined): T {
  if (value === null || value === undefined)
    throw new Problem('missing', 'The organization has no such domain.')
  return value
}

async function toldOfDomains(act: () => Promise<DomainView>): Promise<DomainView> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    if (error.code === 'malformed') throw invalidAt('#/domain', 'expected a domain such as example.com')
    throw new Problem('conflict', `${error.message}.`)
  }
}
