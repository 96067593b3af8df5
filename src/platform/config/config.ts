/**
 * The configuration as the rest of the house sees it: complete, checked, durations in milliseconds, sizes in octets.
 * What each key means is said where it is declared, in keys.ts, and printed in docs/configuration.md.
 */

import type { SCHEMA } from './keys.ts'
import type { Value } from './schema.ts'

export type Config = Value<typeof SCHEMA>

/** One way in. */
export type ListenerConfig = Config['listeners'][number]
export type LimitsConfig = Config['limits']
export type RouteConfig = Config['routes'][number]
export type TlsPolicyConfig = Config['tlsPolicies'][number]
export type TransportSecurityConfig = Config['transportSecurity']
export type TlsReportConfig = Config['tlsReport']
export type DnsConfig = Config['dns']
export type EgressConfig = Config['egress']
export type SourceConfig = EgressConfig['sources'][number]
export type QueueConfig = Config['queue']
