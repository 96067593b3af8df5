/** For tests: two sources, of which one is warmed up and complained of. */

import { MEASURES } from '#product/reputation'
import type { Alert, RateRow, Standing } from '#product/reputation'
import type { Operations, SourceView } from '#product/operation'

import { pretendWarmUps } from './pretend-reactions.ts'

const HOUR = 3_600_000

export function pretendSources(now: number): Pick<Operations, 'reputation' | 'rates' | 'sources'> {
  const alert = alertAt(now - HOUR)
  const rows: readonly RateRow[] = [
    { ...NOTHING, source: 'default', provider: 'others', delivered: 40 },
    {
      ...NOTHING,
      source: 'ip-2',
      provider: 'google',
      delivered: 930,
      deferred: 40,
      putOff: 30,
      bounced: 70,
      returned: 5,
      hard: 60,
      refused: 15,
      complained: 4,
      classes: [
        { class: 'user-unknown', count: 60 },
        { class: 'reputation', count: 15 },
      ],
      shares: { complained: 4 / 930, refused: 0.015, bounced: 0.06, deferred: 30 / 1_040 },
      alerts: [alert],
    },
  ]
  const plain = { relay: [], pools: [{ pool: 'default', weight: 1 }], warmUps: [], standings: [] } as const
  return {
    reputation: () => Promise.resolve([standingAt(now)]),
    rates: ({ span }) => Promise.resolve({ span, from: now - HOUR, to: now, rows }),
    sources(): Promise<readonly SourceView[]> {
      const ehlo = 'mx.example.net'
      const warmUps = pretendWarmUps(now)
      return Promise.resolve([
        {
          ...plain,
          name: 'default',
          ehlo,
          standings: [standingAt(now)],
          rates: rows.slice(0, 1),
          alerts: [],
        },
        {
          ...plain,
          name: 'ip-2',
          ehlo,
          address: '192.0.2.8',
          warmUps,
          rates: rows.slice(1),
          alerts: [alert],
        },
      ])
    },
  }
}

const NOTHING = {
  delivered: 0,
  deferred: 0,
  bounced: 0,
  returned: 0,
  expired: 0,
  complained: 0,
  hard: 0,
  refused: 0,
  putOff: 0,
  classes: [],
  shares: Object.fromEntries(MEASURES.map((measure) => [measure, 0])),
  alerts: [],
} as const

function standingAt(now: number): Standing {
  return {
    source: 'default',
    address: '192.0.2.7',
    by: 'ptr',
    state: 'good',
    text: '',
    since: now - HOUR,
    checkedAt: now - 60_000,
  }
}

function alertAt(since: number): Alert {
  return {
    source: 'ip-2',
    provider: 'google',
    measure: 'complained',
    level: 'bad',
    most: 0.003,
    since,
    bad: 4,
    of: 900,
  }
}
