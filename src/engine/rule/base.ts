/** What `[egress]` of the configuration says of every path: the ground that all layers of rules stand on. */

import { written } from '#platform/config'
import type { EgressConfig } from '#platform/config'

import type { Base } from './resolve.ts'

export function baseOf(config: EgressConfig): Base {
  const timeouts = Object.entries(config.timeouts).map(([name, value]) => {
    const key = `timeouts.${written(name)}`
    return [key, { value, key: `egress.${key}` }] as const
  })
  return new Map<string, { readonly value: unknown; readonly key: string }>([
    ['connections', { value: config.connectionsPerPath, key: 'egress.connections_per_path' }],
    [
      'messages_per_connection',
      { value: config.messagesPerConnection, key: 'egress.messages_per_connection' },
    ],
    [
      'recipients_per_transaction',
      { value: config.recipientsPerTransaction, key: 'egress.recipients_per_transaction' },
    ],
    ['messages_per_second', { value: config.messageRate, key: 'egress.message_rate' }],
    ['idle', { value: config.idle, key: 'egress.idle' }],
    ['tls', { value: config.tls, key: 'egress.tls' }],
    ...timeouts,
  ])
}
