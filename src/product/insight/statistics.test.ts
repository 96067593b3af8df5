import assert from 'node:assert/strict'
import { test } from 'node:test'

import Encoding from 'encoding-japanese'

import type { CountQuery, CountRow } from '#engine/spool'

import { sheetOf, statistics } from './index.ts'
import type { StatisticsQuery } from './index.ts'

const DAY = 86_400_000
const QUERY: StatisticsQuery = { organization: 'acme', from: 0, to: DAY, by: ['stream'] }

const ROWS: readonly CountRow[] = [
  {
    key: { stream: 'news', class: '' },
    counts: { accepted: 9, delivered: 4 },
    delays: [
      [10, 2],
      [20, 2],
    ],
  },
  { key: { stream: 'news', class: 'user-unknown' }, counts: { bounced: 2, returned: 1 }, delays: [] },
  { key: { stream: 'news', class: 'mailbox-full' }, counts: { deferred: 3, bounced: 1 }, delays: [] },
  { key: { stream: 'shop', class: '' }, counts: { accepted: 1 }, delays: [] },
]

function source(
  asked: CountQuery[] = [],
  rows = ROWS,
): { counts(query: CountQuery): Promise<readonly CountRow[]> } {
  return { counts: (query) => Promise.resolve((asked.push(query), rows)) }
}

test('what was counted is told once for each key, with the classes of what was not taken', async () => {
  const asked: CountQuery[] = []
  const [news, shop, ...others] = await statistics(source(asked), QUERY)
  assert.deepEqual(others, [])
  assert.deepEqual(
    asked.map(({ organization, by }) => [organization, by]),
    [['acme', ['stream', 'class']]],
  )
  assert.deepEqual(news?.key, { stream: 'news' })
  const { accepted, delivered, bounced, deferred, returned, opened } = news.counts
  assert.deepEqual([accepted, delivered, bounced, deferred, returned, opened], [9, 4, 3, 3, 1, 0])
  assert.deepEqual(news.classes, {
    deferred: { 'mailbox-full': 3 },
    bounced: { 'user-unknown': 2, 'mailbox-full': 1 },
    returned: { 'user-unknown': 1 },
  })
  assert.ok(news.delay && news.delay.p50 <= news.delay.p90 && news.delay.p90 <= news.delay.p99)
  assert.deepEqual([shop?.classes, shop?.delay], [{}, undefined])
})

test('by class each has its own row', async () => {
  const asked: CountQuery[] = []
  const rows = await statistics(source(asked), { ...QUERY, by: ['class', 'stream'] })
  assert.deepEqual(asked[0]?.by, ['class', 'stream'])
  assert.equal(rows.length, 4)
})

test('a sheet opens in Excel, in either charset, and computes nothing', async () => {
  const key = { day: Date.UTC(2026, 10, 21, 15), tag: '=1+1,"春"' }
  const rows = await statistics(
    source([], [{ key: { ...key, class: '' }, counts: { accepted: 2 }, delays: [] }]),
    {
      ...QUERY,
      by: ['day', 'tag'],
    },
  )
  const options = { by: ['day', 'tag'], zone: 540 } as const
  const utf8 = sheetOf(rows, { ...options, charset: 'utf-8' })
  assert.deepEqual([...utf8.subarray(0, 3)], [0xef, 0xbb, 0xbf])
  const [header, line, end] = utf8.toString().slice(1).split('\r\n')
  assert.match(header ?? '', /^day,tag,accepted,.*,delay_p50_ms,delay_p90_ms,delay_p99_ms$/)
  assert.match(line ?? '', /^2026-11-22,"'=1\+1,""春""",2,0,/)
  assert.equal(end, '')
  const sjis = sheetOf(rows, { ...options, charset: 'shift_jis' })
  const back = Encoding.convert([...sjis], { to: 'UNICODE', from: 'SJIS', type: 'string' })
  assert.equal(back, utf8.toString().slice(1))
})
