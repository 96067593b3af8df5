export type { Config, DnsConfig, EgressConfig, LimitsConfig, ListenerConfig, QueueConfig, RouteConfig, SourceConfig } from './config.ts'
