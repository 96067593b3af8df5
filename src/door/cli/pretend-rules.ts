/** For tests: rule files that are only here. */

import { rehearse } from '#engine/rehearsal'
import { readRules } from '#engine/rule'
import type { Ruleset } from '#engine/rule'
import { loadConfig } from '#platform/config'
import type { EgressConfig } from '#platform/config'

import type { CliHost } from './host.ts'

const FILE = 'shaping/big.toml'

const RULES = `[provider.big]
domains = ["gmail.com", "example.jp"]
connections = 5
messages_per_connection = 100
[provider.big.unknown_users]
share = 0.05
count = 20
within = "1h"
pause = "1h"
`

function pretendRuleset(): { readonly rules: Ruleset; readonly egress: EgressConfig } {
  const read = readRules([{ name: FILE, by: 'product', text: RULES }], [])
  const loaded = loadConfig({ env: {}, readFile: () => '', hostname: 'mx.example.com' })
  if (!read.ok || !loaded.ok) throw new Error('the rules for tests have mistakes')
  return { rules: read.rules, egress: loaded.config.egress }
}

export const pretendRules: Pick<CliHost, 'checkRules' | 'resolveRules' | 'rehearse'> = {
  rehearse: (_, { shares, sources = ['ip-1'], pace, expire = 432_000_000, ...plan }) => {
    const { rules, egress } = pretendRuleset()
    const { unknown, greylisting, bears, ownRules, strangers } = plan
    const found = rehearse({
      ...plan,
      // A million are for who measures.
      shares: shares.map(({ domain, count }) => ({
        domain,
        count: Math.min(count, 10_000),
        way: { site: domain, names: [domain], via: 'mx' },
      })),
      sources,
      pace,
      rules: { rules, egress },
      reception: {
        rules: { rules, egress },
        otherwise: { rules, egress },
        bears,
        schedule: [50],
        strangers: new Set(strangers),
      },
      warmUp: { schedule: [], whenFull: 'overflow', idleRestart: Infinity },
      retries: { retry: [300_000], jitter: 0, delayWarning: 0 },
      expire,
      window: 100,
    })
    const assumed = { ...pace, unknown, greylisting, bears, ownRules, strangers, expire, isContinued: false }
    return Promise.resolve({ ...found, assumed })
  },
  checkRules: ({ config }) =>
    Promise.resolve({
      directory: '/etc/hikyaku/shaping',
      problems: config === 'bad.toml' ? ['own.toml:2: default.conections: there is no such key'] : [],
      warnings: ['own.toml:7: provider big from ip-9: no egress source is called ip-9'],
      layers: 2,
      reactions: 1,
    }),
  resolveRules: (_, { domain, source = 'ip-1', stream, mx = ['mx1.big.example'] }) =>
    Promise.resolve({
      domain,
      site: mx.join(','),
      hosts: mx,
      via: stream === 'routed' ? 'static' : 'mx',
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
