/** The description of the API, in OpenAPI 3.1: what it has beside its routes, and what all of these have in common. */

import type { SwaggerTransformObject } from '@fastify/swagger'
import { Type } from 'typebox'

import { IDEMPOTENCY } from './idempotency.ts'
import { PROBLEMS } from './problem.ts'
import { SESSION_COOKIE } from './session-cookie.ts'

/** RFC 9457 §3.1, and what ours say more. */
const ProblemBody = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'For people.' }),
    code: Type.Enum(Object.keys(PROBLEMS), { description: 'What it is, for programs; it does not change.' }),
    request: Type.String({ description: 'Finds it in the log.' }),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          pointer: Type.String({ description: 'A place of the request: JSON Pointer.' }),
          detail: Type.String(),
        }),
      ),
    ),
  },
  { title: 'Problem' },
)

export function openApi(version: string): object {
  return {
    openapi: '3.1.0',
    info: { title: 'Hikyaku', version, description: 'Mail: sent, followed, explained.' },
    components: {
      schemas: { Problem: ProblemBody },
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key' },
        session: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE, description: 'Of who has signed in' },
      },
    },
    security: [{ key: [] }, { session: [] }],
  }
}

type Operation = {
  readonly description?: string
  readonly parameters?: readonly object[]
  readonly responses?: Readonly<Record<string, unknown>>
}

const KEY = {
  in: 'header',
  name: 'Idempotency-Key',
  required: false,
  description: 'Of one\u2019s own choice: 1 to 255 printable characters.',
  schema: { type: 'string', maxLength: 257 },
}

const PROBLEM_ANSWER = {
  description: 'What went wrong',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}

/** What no route says for itself: the key of those that take one, and what every one answers when it cannot. */
export const described: SwaggerTransformObject = (document) => {
  if (!('openapiObject' in document)) return document.swaggerObject
  const { openapiObject } = document
  for (const [path, item] of Object.entries(openapiObject.paths ?? {})) {
    // Other people's forms have other people's errors.
    if (!path.startsWith('/v1/')) continue
    for (const [method, operation] of Object.entries(item ?? {}))
      Object.assign(item ?? {}, { [method]: whole(operation as Operation) })
  }
  return openapiObject
}

function whole(operation: Operation): Operation {
  const { description = '', parameters = [], responses } = operation
  return {
    ...operation,
    ...(description.includes(IDEMPOTENCY) && { parameters: [...parameters, KEY] }),
    responses: { ...responses, default: PROBLEM_ANSWER },
  }
}
