/** For tests: two sessions that are followed for a moment, as far as is asked for. */

import type { TraceRecord } from '#engine/trace'
import type { Streams } from '#product/operation'

const TIME = Date.parse('2026-11-22T10:30:00.123Z')
const IN = { way: 'in', session: 1, peer: '192.0.2.7', by: 'submission' } as const
const OUT = { way: 'out', session: 2, peer: '192.0.2.25', by: 'default → mx1.example.com' } as const

const RECORDS: readonly TraceRecord[] = [
  { ...IN, time: TIME, who: 'C', line: 'EHLO app.example.org' },
  { ...IN, time: TIME + 1, who: 'S', line: '250 mx.example.net' },
  { ...OUT, time: TIME + 2, who: '*', line: 'TLSv1.3 TLS_AES_256_GCM_SHA384' },
  { ...OUT, time: TIME + 3, who: 'S', line: '550 5.1.1 No \u001b[31msuch user', lost: 7 },
]

/** What was asked is in `asked`. */
export function pretendStreams(asked: unknown[] = []): Streams {
  return {
    async *trace(query) {
      asked.push(query)
      const { way } = query
      for (const record of RECORDS) if (way === undefined || way === record.way) yield [record]
    },
  }
}
