/** Who must not be tried, as values; what is kept of them is in tables.ts. */

import { addressKey, parseMailbox } from '#grammar/address'

/** `bounce`: one hard bounce. `soft-bounces`: too many soft ones in too short a time. The rest: as people did it. */
export const REASONS = ['bounce', 'soft-bounces', 'complaint', 'unsubscribe', 'manual', 'import'] as const
export type SuppressionReason = (typeof REASONS)[number]

/** The stream of a suppression that holds for all streams of its organization. */
export const EVERY_STREAM = '*'

export type Suppression = {
  readonly organization: string
  readonly stream: string
  /** Lower-case throughout: nobody who asked for silence wants to be spelled exactly. */
  readonly address: string
  readonly reason: SuppressionReason
  /** The class of bounce, where one is the reason. */
  readonly class?: string
  /** What shows it: the reply, the complaint, or the words of whoever put it here. */
  readonly evidence: string
  /** The delivery whose bounce or complaint it was, such as `0ab3xk9m2pq.0`. */
  readonly delivery?: string
  readonly createdAt: number
  /** Absent: until somebody removes it. */
  readonly expiresAt?: number
  /** It no longer holds since then; kept so that people see what there was. */
  readonly removedAt?: number
  readonly removedWhy?: string
}

export class SuppressionError extends Error {
  override readonly name = 'SuppressionError'
  /** `malformed`: not an address, a stream, a reason. `organization`: there is none of this name. */
  readonly code: 'malformed' | 'organization'
  constructor(code: SuppressionError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Whether it keeps mail back at `now`. */
export function holds({ removedAt, expiresAt }: Suppression, now: number): boolean {
  return removedAt === undefined && (expiresAt === undefined || expiresAt > now)
}

/** How an address is kept and looked up. @throws {SuppressionError} `malformed` */
export function addressKeyOf(text: string): string {
  const parsed = parseMailbox(text.trim(), { smtputf8: true, looseDots: true, furtherHop: true })
  if (!parsed.ok || parsed.rest !== '')
    throw new SuppressionError('malformed', `${JSON.stringify(text.slice(0, 80))} is not an address`)
  return addressKey(parsed.value)
}
