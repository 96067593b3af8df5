/** Routes under `/v1/operator`: what concerns the whole installation, as the command line has it. For operators alone. */

import { Type } from 'typebox'
import type { Static, TObject, TSchema } from 'typebox'

import { OperationError } from '#product/operation'

import type { App, RouteParts } from './parts.ts'
import { Problem } from './problem.ts'
import { needs } from './security.ts'

type Asked<P extends TSchema, Q extends TSchema, B extends TSchema> = {
  readonly params: Static<P>
  readonly query: Static<Q>
  readonly body: Static<B>
}

export type OperatorRoute<P extends TSchema, Q extends TSchema, B extends TSchema> = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** After `/v1/operator`. */
  readonly url: string
  readonly operationId: string
  readonly summary: string
  readonly params?: P
  readonly querystring?: Q
  readonly body?: B
  readonly answer: TSchema
  /** Values of the product, which `inAnswer` writes. `null`: there is no such thing. */
  readonly act: (asked: Asked<P, Q, B>) => Promise<unknown>
}

export function operatorRoute<
  P extends TSchema = TObject,
  Q extends TSchema = TObject,
  B extends TSchema = TObject,
>(app: App, { authenticate }: RouteParts, route: OperatorRoute<P, Q, B>): void {
  const { method, url, operationId, summary, params, querystring, body, answer, act } = route
  const scope = method === 'GET' ? 'operator:read' : 'operator:write'
  app.route({
    method,
    url: `/v1/operator${url}`,
    schema: {
      operationId,
      summary,
      tags: ['operator'],
      ...needs(scope),
      ...(params && { params }),
      ...(querystring && { querystring }),
      ...(body && { body }),
      response: { 200: answer },
    },
    async handler(request, reply) {
      await authenticate(request, scope)
      const asked = { params: request.params, query: request.query, body: request.body }
      const told = await toldOfOperations(() => act(asked as Asked<P, Q, B>))
      if (told === null || told === undefined) throw new Problem('missing', 'There is no such thing.')
      return reply.send(inAnswer(told))
    },
  })
}

export function rowsOf<T extends TSchema>(row: T): TObject<{ data: ReturnType<typeof Type.Array<T>> }> {
  return Type.Object({ data: Type.Array(row) })
}

/** What people did wrong is theirs to hear. */
export async function toldOfOperations<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof OperationError)) throw error
    if (error.code === 'invalid') throw new Problem('invalid', error.message)
    throw new Problem('conflict', error.message)
  }
}

/** Properties that are instants, in milliseconds, wherever they are numbers. */
const INSTANTS: ReadonlySet<string> = new Set([
  'at',
  'due',
  'from',
  'oldest',
  'since',
  'to',
  'until',
  'nextDue',
])

/** A value of the product as answers have it: names with underscores, instants as text, nothing that is absent. */
export function inAnswer(value: unknown, name = ''): unknown {
  if (typeof value === 'number' && (INSTANTS.has(name) || name.endsWith('At')))
    return new Date(value).toISOString()
  if (Array.isArray(value)) return value.map((one) => inAnswer(one))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(entries.map(([key, inner]) => [snake(key), inAnswer(inner, key)]))
}

function snake(name: string): string {
  return name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
