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
export { choice, duration, flag, list, optional, share, text, whole } from './kinds.ts'
export { loadConfig } from './load.ts'
export type { Loaded, Sources } from './load.ts'
export { ownNames, postmasterReaders } from './names.ts'
export { domainPattern } from './parsers.ts'
export type { Parser } from './parsers.ts'
export { isTable } from './read.ts'
export type { RawTable } from './read.ts'
export { table, written } from './schema.ts'
export type { Key, Node, Nodes, Table, Values } from './schema.ts'
export { closest } from './suggest.ts'
