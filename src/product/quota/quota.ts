/** How much an organization may send, or a stream of it: as an operator sets it, and how it stands. */

/** Windows are those of the calendar in UTC. */
export const SPANS = ['hour', 'day', 'month'] as const

export type Span = (typeof SPANS)[number]

/** Of each window: recipients of messages that were accepted, whether sent at once or later. */
export type Limits = {
  readonly hour?: number
  readonly day?: number
  readonly month?: number
  /** Of one message. */
  readonly recipients?: number
  /** Octets of one message. */
  readonly size?: number
}

export const LIMITS = [...SPANS, 'recipients', 'size'] as const satisfies readonly (keyof Limits)[]

/** Whose mail it is. */
export type Traffic = { readonly organization: string; readonly stream: string }

export type Quota = {
  readonly organization: string
  /** Absent: all its streams together. */
  readonly stream?: string
  readonly limits: Limits
}

/** What is absent stays; `null` is no limit. */
export type QuotaChange = Omit<Quota, 'limits'> & {
  readonly limits: { readonly [K in keyof Limits]?: number | null }
}

export type WindowStanding = {
  readonly span: Span
  readonly limit: number
  readonly used: number
  /** When the next window begins. */
  readonly until: number
}

export type QuotaStanding = Quota & { readonly windows: readonly WindowStanding[] }

/** `malformed`: what cannot be a quota, in words for who asked. `organization`: there is none of that name. */
export class QuotaError extends Error {
  override readonly name = 'QuotaError'
  readonly code: 'malformed' | 'organization'
  constructor(code: 'malformed' | 'organization', message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export type Window = { readonly begin: number; readonly end: number }

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** The window that `at` is in. */
export function windowOf(span: Span, at: number): Window {
  if (span !== 'month') {
    const length = span === 'hour' ? HOUR : DAY
    const begin = Math.floor(at / length) * length
    return { begin, end: begin + length }
  }
  const date = new Date(at)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  return { begin: Date.UTC(year, month, 1), end: Date.UTC(year, month + 1, 1) }
}
