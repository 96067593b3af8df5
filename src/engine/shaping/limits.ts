/** The limits of a path, as configured and as the peer narrows them. Providers, warm-up and reactions come later. */

import type { EgressConfig } from '#platform/config'

import type { Rate } from './token-bucket.ts'

export type PathLimits = {
  readonly connections: number
  readonly messagesPerConnection: number
  readonly recipientsPerTransaction: number
  /** Different domains among the recipients of one transaction. */
  readonly domainsPerTransaction: number
  /** Milliseconds that a connection is kept without work. */
  readonly idle: number
  /** Transactions begun on the path, over all its connections. */
  readonly rate: Rate
}

export function pathLimits(config: EgressConfig): PathLimits {
  return {
    connections: config.connectionsPerPath,
    messagesPerConnection: config.messagesPerConnection,
    recipientsPerTransaction: config.recipientsPerTransaction,
    domainsPerTransaction: Infinity,
    idle: config.idle,
    // One second's worth at once: less would let a timer's coarseness eat the rate, more would not be the rate.
    rate: { perSecond: config.messageRate, burst: Math.max(1, config.messageRate) },
  }
}

/** What the peer says it bears, where that is less. RFC 9422 §4 */
export function narrowed(
  limits: PathLimits,
  peer: { readonly mailMax?: number; readonly rcptMax?: number; readonly rcptDomainMax?: number },
): PathLimits {
  return {
    ...limits,
    messagesPerConnection: Math.min(limits.messagesPerConnection, peer.mailMax ?? Infinity),
    recipientsPerTransaction: Math.min(limits.recipientsPerTransaction, peer.rcptMax ?? Infinity),
    domainsPerTransaction: Math.min(limits.domainsPerTransaction, peer.rcptDomainMax ?? Infinity),
  }
}
