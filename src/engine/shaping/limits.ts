/** The limits of a path, as rules have them and as the peer narrows them. */

import type { Limits, Resolved } from '#engine/rule'

import type { Rates } from './gate.ts'

export type PathLimits = {
  readonly connections: number
  readonly messagesPerConnection: number
  /** RCPT commands on one connection. */
  readonly recipientsPerConnection: number
  readonly recipientsPerTransaction: number
  /** Different domains among the recipients of one transaction. */
  readonly domainsPerTransaction: number
  /** Milliseconds that a connection is kept without work. */
  readonly idle: number
  /** Only where a rule says so: otherwise the route's own holds. */
  readonly tls?: Limits['tls']
  readonly timeouts: Limits['timeouts']
}

export function pathLimits({ limits, origins }: Resolved): PathLimits {
  const { connections, messagesPerConnection, recipientsPerTransaction, idle, tls, timeouts } = limits
  return {
    connections,
    messagesPerConnection,
    recipientsPerConnection: limits.recipientsPerConnection || Infinity,
    recipientsPerTransaction,
    domainsPerTransaction: Infinity,
    idle,
    ...(origins.get('tls')?.layer === 'configuration' ? {} : { tls }),
    timeouts,
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

type Rated = Pick<
  Limits['shared'],
  | 'messagesPerSecond'
  | 'messagesPerMinute'
  | 'messagesPerHour'
  | 'messagesPerDay'
  | 'connectionsPerSecond'
  | 'connectionsPerMinute'
  | 'connectionsPerHour'
>

export function messageRates(limits: Rated): Rates {
  return {
    second: limits.messagesPerSecond,
    minute: limits.messagesPerMinute,
    hour: limits.messagesPerHour,
    day: limits.messagesPerDay,
  }
}

export function connectionRates(limits: Rated): Rates {
  return {
    second: limits.connectionsPerSecond,
    minute: limits.connectionsPerMinute,
    hour: limits.connectionsPerHour,
  }
}
