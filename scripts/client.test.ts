import assert from 'node:assert/strict'
import { test } from 'node:test'

import { clientOf } from './client.ts'
import type { Description } from './client.ts'

const ROW = { type: 'object', required: ['id'], properties: { id: { type: 'string' } }, title: 'Thing' }

function made(paths: Description['paths']): string {
  const { types, methods } = clientOf({ paths })
  return `${types} ${methods}`.replaceAll(/\s+/g, ' ')
}

function answer(schema: object): { readonly content: { readonly 'application/json': { schema: object } } } {
  return { content: { 'application/json': { schema } } }
}

test('a route is a method: what its path and query take, then its body, and what it answers', () => {
  const text = made({
    '/v1/things/{id}': {
      patch: {
        operationId: 'changeThing',
        parameters: [{ in: 'path', name: 'id', required: true, schema: { type: 'string' } }],
        requestBody: answer({ type: 'object', properties: { name: { type: 'string' } } }),
        responses: { 200: answer(ROW) },
      },
    },
  })
  assert.match(text, /export type Thing = \{ readonly id: string \}/)
  assert.match(text, /export type ChangeThingBody = \{ readonly name\?: string \| undefined \}/)
  assert.match(text, /changeThing\(params: \{ readonly id: string \}, body: ChangeThingBody, options\?/)
  assert.match(
    text,
    /json<Thing>\(\{ method: 'PATCH', path: `\/v1\/things\/\$\{encodeURIComponent\(params\.id\)\}`/,
  )
})

test('pages have a method for all of their rows, streams are loops, and other media are text', () => {
  const page = {
    type: 'object',
    properties: { data: { type: 'array', items: ROW }, next: { type: 'string' } },
  }
  const text = made({
    '/v1/things': { get: { operationId: 'listThings', responses: { 200: answer(page) } } },
    '/v1/stream': {
      get: {
        operationId: 'followThings',
        responses: { 200: { content: { 'text/event-stream': { schema: ROW } } } },
      },
    },
    '/v1/things.csv': { get: { operationId: 'exportThings', responses: { 200: {} } } },
    '/v1/nothing': { delete: { operationId: 'end', responses: { 204: {}, default: {} } } },
  })
  assert.match(text, /listThings\(options\?: RequestOptions\): Promise<ListThingsAnswer>/)
  assert.match(text, /listThingsAll\(options\?: RequestOptions\): AsyncGenerator<Thing, void, undefined>/)
  assert.match(text, /followThings\(options\?: RequestOptions\): AsyncGenerator<Thing, void, undefined>/)
  assert.doesNotMatch(text, /followThingsAll/)
  assert.match(text, /exportThings\(options\?: RequestOptions\): Promise<string>/)
  const csv = { content: { 'text/csv': {} } }
  const taking = made({ '/v1/a': { post: { operationId: 'a', requestBody: csv, responses: { 204: {} } } } })
  assert.match(taking, /a\(body: string, options\?.+textType: 'text\/csv'/)
  assert.match(text, /end\(options\?: RequestOptions\): Promise<void>/)
})

test('a route without a name, two of one name, and media that nobody sends are mistakes', () => {
  const responses = { 204: {} }
  assert.throws(() => made({ '/v1/a': { get: { responses } } }), /no operationId/)
  const twice = { operationId: 'a', responses }
  assert.throws(() => made({ '/v1/a': { get: twice }, '/v1/b': { get: twice } }), /two routes/)
  const requestBody = { content: { 'image/png': {} } }
  assert.throws(
    () => made({ '/v1/a': { post: { operationId: 'a', requestBody, responses } } }),
    /no client sends/,
  )
  assert.doesNotThrow(() => made({ '/v3/mail/send': { post: { responses } } }))
})
