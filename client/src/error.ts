/** What the API says when it cannot do what it was asked, as an error with its parts. RFC 9457 */

import type { Problem, ProblemCode } from './schema.ts'

export class HikyakuError extends Error {
  override readonly name = 'HikyakuError'
  readonly status: number
  /** What it is, for programs. Another server on the way may have answered, which says none of ours. */
  readonly code: ProblemCode | 'other'
  /** The places of the request that are wrong: JSON Pointers. */
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[]
  /** Finds it in the log of the node. */
  readonly request: string | undefined
  /** Seconds after which another try makes sense. */
  readonly retryAfter: number | undefined

  private constructor(status: number, problem: Partial<Problem>, retryAfter: number | undefined) {
    super(problem.detail ?? `HTTP status ${status}`)
    this.status = status
    this.code = problem.code ?? 'other'
    this.errors = problem.errors ?? []
    this.request = problem.request
    this.retryAfter = retryAfter
  }

  /** Reads the body of an answer that is none of success. */
  static async of(response: Response): Promise<HikyakuError> {
    const after = Number(response.headers.get('retry-after') ?? Number.NaN)
    const isProblem = response.headers.get('content-type')?.includes('json') === true
    const text = await response.text()
    return new HikyakuError(
      response.status,
      isProblem ? read(text) : {},
      Number.isNaN(after) ? undefined : after,
    )
  }
}

function read(text: string): Partial<Problem> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
