export type {
  Config,
  DnsConfig,
  EgressConfig,
  LimitsConfig,
  ListenerConfig,
  QueueConfig,
  RouteConfig,
  SourceConfig,
  TlsPolicyConfig,
  TlsReportConfig,
  TransportSecurityConfig,
} from './config.ts'
export { SCHEMA } from './keys.ts'
export { loadConfig } from './load.ts'
export type { Loaded, Sources } from './load.ts'
export { written } from './schema.ts'
export type { Key, Node, Nodes } from './schema.ts'
