import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { SourceConfig } from '#platform/config'
import { memoryLog } from '#platform/log'

import { checkSources } from './sources.ts'

const plain = { ehlo: 'mail.example.org', relay: [], relayTls: 'required' } as const

test('an address that this machine does not have is told with what to do, and no other', async () => {
  const log = memoryLog()
  const sources: readonly SourceConfig[] = [
    { ...plain, name: 'any' },
    { ...plain, name: 'here', address: '127.0.0.1' },
    { ...plain, name: 'elsewhere', address: '192.0.2.1' },
    { ...plain, name: 'far', address: '192.0.2.2', proxy: { kind: 'haproxy', host: '127.0.0.1', port: 1 } },
  ]
  await checkSources(sources, log)
  assert.deepEqual(
    log.lines.map(({ event, fields }) => [event, fields]),
    [
      [
        'source.unbindable',
        {
          source: 'elsewhere',
          address: '192.0.2.1',
          why: 'EADDRNOTAVAIL',
          todo: 'give this machine 192.0.2.1, or correct egress.sources.elsewhere.address',
        },
      ],
    ],
  )
})
