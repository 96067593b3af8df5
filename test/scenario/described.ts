/** The API as it describes itself: every route of the document that is served, and whom each lets in. */

import { Compile } from 'typebox/schema'

import type { Scope } from '#product/account'

type Schema = Parameters<typeof Compile>[0]

export type Route = {
  readonly method: string
  /** With `{names}`. */
  readonly path: string
  readonly name: string
  /** A scope; `signed-in`: a person, whatever their role; `anybody`: a link, a password, an address opens it. */
  readonly who: Scope | 'signed-in' | 'anybody'
  /** Of answers, by status. */
  readonly answers: ReadonlyMap<number, Schema>
  /** Whether it takes JSON. */
  readonly hasBody: boolean
}

type Described = {
  readonly operationId?: string
  readonly security?: readonly { readonly [scheme: string]: readonly string[] }[]
  readonly requestBody?: unknown
  readonly responses: {
    readonly [status: string]: {
      readonly content?: { readonly [type: string]: { readonly schema?: Schema } }
    }
  }
}

type Document = { readonly paths: { readonly [path: string]: { readonly [method: string]: Described } } }

/** @throws {Error} naming a route that does not say whom it lets in: it needs `needs(…)`, `SIGNED_IN` or `security: []` */
export async function describedRoutes(base: string): Promise<readonly Route[]> {
  const document = (await (await fetch(`${base}/docs/json`)).json()) as Document
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => routeOf(method.toUpperCase(), path, described)),
  )
}

function routeOf(
  method: string,
  path: string,
  { operationId, security, requestBody, responses }: Described,
): Route {
  const answers = Object.entries(responses).flatMap(([status, { content }]) => {
    const schema = content?.['application/json']?.schema
    return schema === undefined ? [] : [[Number(status), schema] as const]
  })
  return {
    method,
    path,
    name: operationId ?? `${method} ${path}`,
    who: whoOf(`${method} ${path}`, security),
    answers: new Map(answers),
    hasBody: requestBody !== undefined,
  }
}

function whoOf(route: string, security: Described['security']): Route['who'] {
  if (security === undefined) throw new Error(`${route} does not say whom it lets in`)
  if (security.length === 0) return 'anybody'
  const [first] = security
  const scope = first?.['key']?.[0]
  if (scope !== undefined) return scope as Scope
  if (first?.['session'] !== undefined) return 'signed-in'
  throw new Error(`${route} does not say which scope it asks for`)
}

/** What of an answer is not as the document says; empty when it is, or when the document says nothing of it. */
export function mistakes(route: Route, status: number, body: unknown): readonly string[] {
  const schema = route.answers.get(status)
  if (schema === undefined) return []
  const compiled = Compile(schema)
  if (compiled.Check(body)) return []
  const [, errors] = compiled.Errors(body)
  return errors.map(({ instancePath, message }) => `${instancePath} ${message}`)
}
