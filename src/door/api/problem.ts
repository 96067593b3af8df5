/** What went wrong, as every client reads it. RFC 9457 */

import type { FastifyRequest } from 'fastify'

import type { Log } from '#platform/log'

/** One place of the request. RFC 6901 */
export type Place = { readonly pointer: string; readonly detail: string }

/** The quota that stands in the way. `stream`: where it is that of one. */
export type QuotaSaid = {
  readonly name: string
  readonly stream?: string
  readonly limit: number
  readonly used?: number
  /** RFC 3339 */
  readonly resets_at?: string
}

/** Each code of the API: its status, and what it means wherever it occurs. `docs/api.md` is checked against it. */
export const PROBLEMS = {
  malformed: { status: 400, title: 'The request cannot be read' },
  unauthenticated: { status: 401, title: 'No valid API key or session' },
  forbidden: { status: 403, title: 'The API key or role may not do this' },
  'domain-not-yours': { status: 403, title: 'Your organization does not send from that domain' },
  missing: { status: 404, title: 'There is no such thing' },
  'method-not-allowed': { status: 405, title: 'This place does not take that method' },
  'too-large': { status: 413, title: 'The request is too large' },
  'unsupported-type': { status: 415, title: 'The body is of a type that is not taken here' },
  'domain-taken': { status: 409, title: 'The domain belongs to another organization' },
  conflict: { status: 409, title: 'It cannot be done as things stand' },
  'too-often': { status: 429, title: 'Too many requests' },
  'sign-in': { status: 401, title: 'What was shown signs nobody in' },
  'cross-site': { status: 403, title: 'The request comes from another site' },
  invalid: { status: 422, title: 'The request says something that cannot be' },
  'key-reused': { status: 422, title: 'That Idempotency-Key belongs to another request' },
  suppressed: { status: 422, title: 'Every recipient is suppressed' },
  'too-many': { status: 429, title: 'Too many requests' },
  'quota-used-up': { status: 429, title: 'The quota of this window does not suffice' },
  'too-many-recipients': { status: 422, title: 'More recipients than a message may have' },
  failed: { status: 500, title: 'Our fault' },
  unavailable: { status: 503, title: 'Nothing is taken in now' },
} as const

export type ProblemCode = keyof typeof PROBLEMS

export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly places: readonly Place[]
  /** Seconds after which another try makes sense. RFC 9110 §10.2.3 */
  readonly retryAfter: number | undefined
  readonly quota: QuotaSaid | undefined

  constructor(
    code: ProblemCode,
    detail: string,
    more: { places?: readonly Place[]; retryAfter?: number; quota?: QuotaSaid } = {},
  ) {
    super(detail)
    this.code = code
    this.places = more.places ?? []
    this.retryAfter = more.retryAfter
    this.quota = more.quota
  }

  get status(): number {
    return PROBLEMS[this.code].status
  }

  /** `request` names it in the log, for who asks about it. */
  body(request: string): object {
    const { status, title } = PROBLEMS[this.code]
    return {
      // A relative reference: each installation serves the page itself. RFC 9457 §3.1.1
      type: `/docs/problems#${this.code}`,
      title,
      status,
      detail: this.message,
      code: this.code,
      request,
      ...(this.places.length > 0 && { errors: this.places }),
      ...(this.quota && { quota: this.quota }),
    }
  }
}

/** One place that says what cannot be. */
export function invalidAt(pointer: string, detail: string): Problem {
  return new Problem('invalid', 'See errors for what is wrong, and where.', { places: [{ pointer, detail }] })
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'

/** What Fastify itself refuses, in our words. */
function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  const detail = error instanceof Error ? error.message : ''
  switch (status) {
    case 400:
      return new Problem('malformed', detail)
    case 404:
      return new Problem('missing', detail)
    case 413:
      return new Problem('too-large', detail)
    case 415:
      return new Problem('unsupported-type', detail)
    default:
      return undefined
  }
}

/** What the client is told of `error`; what was our fault is in the log. */
export function toldOf(log: Log, error: unknown, request: FastifyRequest): Problem {
  const problem = problemOf(error)
  if (problem !== undefined) return problem
  log.error('api.failed', { request: request.id, method: request.method, path: request.url, cause: error })
  return new Problem('failed', `The log has it under ${request.id}.`)
}
