/** For tests: rule files that are only here. */

import { rehearse } from '#engine/rehearsal'

import type { CliHost } from './host.ts'

const FILE = 'shaping/big.toml'

export const pretendRules: Pick<CliHost, 'checkRules' | 'resolveRules' | 'rehearse'> = {
  rehearse: (_, { shares, sources = ['ip-1'], pace }) =>
    Promise.resolve(
      rehearse({
        shares: shares.map((share) => ({ ...share, site: share.domain })),
        sources,
        pace,
        resolve: () => ({
          values: new Map([
            ['connections', 5],
            ['messages_per_connection', 100],
          ]),
          origins: new Map([
            ['connections', { layer: 'provider big', key: 'connections', file: FILE, line: 3 }],
          ]),
        }),
      }),
    ),
  checkRules: ({ config }) =>
    Promise.resolve({
      directory: '/etc/hikyaku/shaping',
      problems: config === 'bad.toml' ? ['own.toml:2: default.conections: there is no such key'] : [],
      warnings: ['own.toml:7: provider big from ip-9: no egress source is called ip-9'],
      layers: 2,
      reactions: 1,
    }),
  resolveRules: (_, { domain, source = 'ip-1', mx = ['mx1.big.example'] }) =>
    Promise.resolve({
      domain,
      site: mx.join(','),
      hosts: mx,
      via: 'mx',
      provider: 'big',
      sources: [
        {
          source,
          layers: ['default', 'provider big'],
          limits: [
            {
              key: 'connections',
              value: 5,
              origin: { layer: 'provider big', key: 'connections', file: FILE, line: 3 },
            },
            { key: 'messages_per_hour', value: 0 },
            { key: 'idle', value: 5_000, origin: { layer: 'configuration', key: 'egress.idle' } },
          ],
          reactions: [
            {
              id: 'provider big: busy',
              place: { file: FILE, line: 6 },
              act: { do: 'suspend', for: 3_600_000 },
              times: 2,
              within: 600_000,
            },
          ],
        },
      ],
    }),
}
