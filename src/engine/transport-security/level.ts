/** How much TLS mail to somebody must have. Who demands it does not matter here: the strictest holds. */

/** Weakest first. */
export const TLS_LEVELS = ['none', 'opportunistic', 'required', 'verified', 'dane'] as const

/**
 * `none`: never. `opportunistic`: when offered, with any certificate, in clear otherwise (RFC 7435 §3). `required`: or
 * not at all, with any certificate. `verified`: required, and the certificate is good for the host, by authority or by
 * DANE. `dane`: required, and by DANE alone (RFC 7672 §6).
 */
export type TlsLevel = (typeof TLS_LEVELS)[number]

/** What all of them together demand. What nobody says anything about goes as `opportunistic`. */
export function tlsDemand(...demands: readonly (TlsLevel | undefined)[]): TlsLevel {
  const ranks = demands.filter((one) => one !== undefined).map((one) => TLS_LEVELS.indexOf(one))
  return ranks.length === 0 ? 'opportunistic' : (TLS_LEVELS[Math.max(...ranks)] ?? 'opportunistic')
}

/**
 * The stream of our own reports about TLS: nobody else's mail is in it, for no login and no domain may name it so.
 */
export const TLS_REPORT_STREAM = '!tls-report'

/** Whether mail may go in clear when TLS cannot be had. */
export function mayBeClear(level: TlsLevel): boolean {
  return level === 'none' || level === 'opportunistic'
}
