/** Templates by name: made, changed, tried. Of the key's own organization, and no other. */

import { Type } from 'typebox'
import type { Static } from 'typebox'

import { compileTemplate, TemplateError } from '#product/template'
import type { NamedTemplate, TemplateContent, TemplateSource } from '#product/template'

import { fieldsOf } from './composition.ts'
import { MessageRequest, NO_NUL } from './message-schema.ts'
import { DEFAULT_LIMIT, PAGE, pageOf } from './page.ts'
import type { Routes } from './parts.ts'
import { invalidAt, Problem } from './problem.ts'
import { needs } from './security.ts'
import { TemplateName as Name, Variables } from './template-schema.ts'
import { faultsAt } from './template-use.ts'
import { isoTime, Line } from './text.ts'

const CLOSED = { additionalProperties: false }
const TAGS = { tags: ['templates'] }
const Time = Type.String({ format: 'date-time' })
const Named = Type.Object({ name: Name })
const Version = Type.Integer({ minimum: 1 })
const Versioned = Type.Object({ version: Type.Optional(Version) }, CLOSED)

const SOURCE = {
  subject: Line({ maxLength: 998 }),
  text: Type.Optional(Type.String({ pattern: NO_NUL })),
  html: Type.Optional(Type.String({ pattern: NO_NUL })),
  headers: MessageRequest.properties.headers,
}

const Content = {
  ...SOURCE,
  note: Type.Optional(Line({ maxLength: 255, description: 'For people.' })),
}

const Summary = Type.Object(
  { name: Name, note: Type.String(), version: Version, created_at: Time, updated_at: Time },
  { title: 'TemplateSummary' },
)

const Shown = Type.Interface([Summary], SOURCE, { title: 'Template' })

const Filled = Type.Object(SOURCE, { title: 'TemplatePreview' })

export const templateRoutes: Routes = (app, parts) => {
  listRoutes(app, parts)
  versionsRoute(app, parts)
  addRoute(app, parts)
  changeRoutes(app, parts)
  previewRoute(app, parts)
}

const listRoutes: Routes = (app, { authenticate, templates }) => {
  app.route({
    method: 'GET',
    url: '/v1/templates',
    schema: {
      operationId: 'listTemplates',
      summary: 'The templates, by name',
      ...TAGS,
      ...needs('templates:read'),
      querystring: Type.Object(PAGE, CLOSED),
      response: { 200: pageOf(Summary, 'Template') },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'templates:read')
      const { limit = DEFAULT_LIMIT, cursor = '' } = request.query
      const after = Buffer.from(cursor, 'base64url').toString()
      const rows = await templates.list(organization, after, limit + 1)
      const last = rows.length > limit ? rows[limit - 1] : undefined
      const next = last === undefined ? null : Buffer.from(last.name).toString('base64url')
      return { data: rows.slice(0, limit).map(summary), next }
    },
  })
  app.route({
    method: 'GET',
    url: '/v1/templates/:name',
    schema: {
      operationId: 'showTemplate',
      summary: 'A template, as it is or as it was in an earlier version',
      ...TAGS,
      ...needs('templates:read'),
      params: Named,
      querystring: Versioned,
      response: { 200: Shown },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'templates:read')
      const found = await templates.show(organization, request.params.name, request.query.version)
      if (found === undefined) throw missing(request.params.name)
      return { ...summary(found), ...found.source }
    },
  })
}

const versionsRoute: Routes = (app, { authenticate, templates }) => {
  app.route({
    method: 'GET',
    url: '/v1/templates/:name/versions',
    schema: {
      operationId: 'listTemplateVersions',
      summary: 'The versions of a template that are kept, newest first',
      ...TAGS,
      ...needs('templates:read'),
      params: Named,
      response: {
        200: Type.Object({ data: Type.Array(Type.Object({ version: Version, created_at: Time })) }),
      },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'templates:read')
      const rows = await templates.versions(organization, request.params.name)
      if (rows.length === 0) throw missing(request.params.name)
      return { data: rows.map(({ version, createdAt }) => ({ version, created_at: isoTime(createdAt) })) }
    },
  })
}

const addRoute: Routes = (app, { authenticate, templates }) => {
  app.route({
    method: 'POST',
    url: '/v1/templates',
    schema: {
      operationId: 'addTemplate',
      summary: 'Keep a template by a name',
      ...TAGS,
      ...needs('templates:write'),
      body: Type.Object({ name: Name, ...Content }, CLOSED),
      response: { 201: Summary },
    },
    async handler(request, reply) {
      const { organization } = await authenticate(request, 'templates:write')
      const { name, ...content } = request.body
      const added = await told(() => templates.add(organization, name, contentOf(content)))
      return reply.status(201).send(summary(added))
    },
  })
}

const changeRoutes: Routes = (app, { authenticate, templates }) => {
  app.route({
    method: 'PUT',
    url: '/v1/templates/:name',
    schema: {
      operationId: 'changeTemplate',
      summary: 'Put another source in the place of the one there is, as another version',
      description: 'Letters that were handed in already stay as they are.',
      ...TAGS,
      ...needs('templates:write'),
      params: Named,
      body: Type.Object(Content, CLOSED),
      response: { 200: Summary },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'templates:write')
      const { name } = request.params
      const changed = await told(() => templates.change(organization, name, contentOf(request.body)))
      if (changed === undefined) throw missing(name)
      return summary(changed)
    },
  })
  app.route({
    method: 'DELETE',
    url: '/v1/templates/:name',
    schema: {
      operationId: 'removeTemplate',
      summary: 'Remove a template with all its versions',
      ...TAGS,
      ...needs('templates:write'),
      params: Named,
      response: { 204: Type.Null() },
    },
    async handler(request, reply) {
      const { organization } = await authenticate(request, 'templates:write')
      if (!(await templates.remove(organization, request.params.name))) throw missing(request.params.name)
      return reply.status(204).send(null)
    },
  })
}

const previewRoute: Routes = (app, { authenticate, templates, now }) => {
  app.route({
    method: 'POST',
    url: '/v1/templates/:name/preview',
    schema: {
      operationId: 'previewTemplate',
      summary: 'What a template becomes with some variables; nothing is sent',
      ...TAGS,
      ...needs('templates:read'),
      params: Named,
      body: Type.Object({ variables: Type.Optional(Variables), version: Type.Optional(Version) }, CLOSED),
      response: { 200: Filled },
    },
    async handler(request) {
      const { organization } = await authenticate(request, 'templates:read')
      const { variables = {}, version } = request.body
      const found = await templates.show(organization, request.params.name, version)
      if (found === undefined) throw missing(request.params.name)
      const compiled = compileTemplate(found.source)
      const filled = compiled.ok ? compiled.value.fillIn(variables, now()) : compiled
      if (!filled.ok) throw faultsAt('#/variables', filled.faults)
      const { fields, ...rest } = filled.value
      return { ...rest, headers: Object.fromEntries(fields) }
    },
  })
}

function missing(name: string): Problem {
  return new Problem('missing', `There is no template ${name}, or no such version of it.`)
}

const Written = Type.Object(Content)

/** @throws {Problem} `invalid` */
function contentOf({ subject, text, html, headers, note = '' }: Static<typeof Written>): TemplateContent {
  if (text === undefined && html === undefined) throw invalidAt('#/text', 'there is neither text nor html')
  const source: TemplateSource = {
    subject,
    ...(text !== undefined && { text }),
    ...(html !== undefined && { html }),
    ...(headers !== undefined && { headers: Object.fromEntries(fieldsOf(headers)) }),
  }
  return { source, note }
}

/** @throws {Problem} */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    if (error.code === 'faulty') throw faultsAt('#', error.faults)
    throw new Problem('conflict', error.message)
  }
}

function summary({ name, note, version, createdAt, updatedAt }: NamedTemplate): Static<typeof Summary> {
  return { name, note, version, created_at: isoTime(createdAt), updated_at: isoTime(updatedAt) }
}
