/**
 * A store with millions of deliveries that have ended, as a month would leave them: rows by SQL, in bulk; entries and
 * counts by the code that keeps them. Without attempts and the log, which no search and no dashboard reads.
 */

import { DatabaseSync } from 'node:sqlite'

import { Client } from 'pg'

import { idAt, tickAt, toInteger } from '#grammar/message-id'

// Not of the room's index: nobody else writes these.
import { Names } from '../../src/engine/spool/count-names.ts'
import { bucketOf } from '../../src/engine/spool/count.ts'
import type { MessageRow } from '../../src/engine/spool/engine.ts'
import { Entries, SEGMENT_FROM } from '../../src/engine/spool/search-entries.ts'
import type { Segment } from '../../src/engine/spool/search-entries.ts'
import { seriesOf, Tally } from '../../src/engine/spool/tally.ts'

const DAY = 86_400_000
const DAYS = 30
const NODE = 1

/** Of each ten four go to one large receiver, the others to a thousand. */
const RECIPIENT = { large: 'gmail.example', others: 997 } as const

const CLASSES = ['user-unknown', 'mailbox-full', 'policy', 'spam-content', 'domain-unknown'] as const

export type Past = {
  readonly deliveries: number
  /** When the first was accepted, and milliseconds from one to the next. */
  readonly start: number
  readonly step: number
}

export function pastOf(deliveries: number, now: number): Past {
  const step = Math.max(1, Math.floor((DAYS * DAY) / deliveries))
  return { deliveries, start: now - deliveries * step, step }
}

/** Each has two deliveries, somewhere. */
export function recipientOf({ deliveries }: Past, i: number): string {
  const domain = i % 10 < 4 ? RECIPIENT.large : `d${i % RECIPIENT.others}.example`
  return `user${(i * 7919) % Math.ceil(deliveries / 2)}@${domain}`
}

function tagsOf(i: number): string | null {
  return i % 1000 === 1 ? '["rare","order"]' : i % 3 === 0 ? '["welcome"]' : null
}

/** What the rows are made by, in either dialect; `i` counts. The same as above. */
function columns({
  deliveries,
  start,
  step,
}: Past): Readonly<Record<'at' | 'id' | 'recipient' | 'tags' | 'detail' | 'isBounced', string>> {
  const at = `(${start} + i * ${step})`
  const first = toInteger(idAt(tickAt(start), NODE))
  return {
    at,
    id: `(${first} + i * ${step} * 4096)`,
    recipient: `'user' || ((i * 7919) % ${Math.ceil(deliveries / 2)}) || '@' ||
      case when i % 10 < 4 then '${RECIPIENT.large}' else 'd' || (i % ${RECIPIENT.others}) || '.example' end`,
    tags: `case when i % 1000 = 1 then '["rare","order"]' when i % 3 = 0 then '["welcome"]' end`,
    detail: `'{"credential":"bench","door":"api","client":{"address":"192.0.2.7","helo":"[192.0.2.7]","protocol":"HTTP"},"body":"7bit","smtputf8":false,"requireTls":false,"priority":0,"expiresAt":' || (${at} + 432000000) || ',"subject":"Your order ' || i || '","headerFrom":"shop@sender.example","headerMessageId":"<' || i || '@sender.example>"}'`,
    isBounced: '(i % 20 = 0)',
  }
}

function messages(past: Past): string {
  const { id, at, detail, tags } = columns(past)
  return `select ${id}, ${at}, 'default', 'transactional', 'shop@sender.example', 5200, 0, 0, ${at} + 2000, ${detail}, ${tags}, null`
}

function endings(past: Past): { readonly state: string; readonly reply: string } {
  const { isBounced } = columns(past)
  return {
    state: `case when ${isBounced} then 'bounced' else 'delivered' end`,
    reply: `case when ${isBounced} then '550 5.1.1 User unknown' else '250 2.0.0 OK' end`,
  }
}

/** Rows of one statement: what it has in memory is bounded. */
const PART = 250_000

function* parts({ deliveries }: Past): Generator<readonly [from: number, to: number]> {
  for (let from = 0; from < deliveries; from += PART) yield [from, Math.min(from + PART, deliveries)]
}

export function fillSqlite(file: string, past: Past): void {
  using db = new DatabaseSync(file)
  db.exec('pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -200000')
  const { id, at, recipient } = columns(past)
  const { state, reply } = endings(past)
  for (const [from, to] of parts(past)) {
    const numbers = `with recursive n(i) as (select ${from} union all select i + 1 from n where i + 1 < ${to})`
    db.exec(`${numbers} insert into message ${messages(past)} from n`)
    db.exec(`${numbers} insert into delivery (message, n, state, due, attempts, delay_notified, band, queue, recipient, ended_at, last_reply)
      select ${id}, 0, ${state}, ${at}, 1, 0, 0, 'default/transactional/bench', ${recipient}, ${at} + 2000, ${reply} from n`)
  }
  db.exec('begin')
  const segment = db.prepare('insert into search_segment values (null, ?, ?)')
  const block = db.prepare('insert into search_block values (?, ?, ?)')
  for (const { oldest, newest, blocks } of segmentsOf(past)) {
    const number = segment.run(oldest, newest).lastInsertRowid
    for (const [place, entries] of blocks) block.run(place, number, entries)
  }
  const series = db.prepare('insert into series values (?, ?, ?, ?, ?, ?, ?, ?)')
  const rollup = db.prepare(`insert into rollup values (?, ?${', ?'.repeat(24)})`)
  const { names, days } = countsOf(past)
  names.forEach((text, i) => series.run(i + 1, ...seriesOf(text)))
  for (const [number, day, hours] of days) rollup.run(number, day, ...hours)
  db.exec('commit; pragma journal_mode = wal')
}

export async function fillPostgres(url: string, past: Past): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('set synchronous_commit = off')
    await fillRows(client, past)
    let number = 0
    for (const { oldest, newest, blocks } of segmentsOf(past)) {
      number += 1
      await client.query('insert into search_segment values ($1, $2, $3, $4)', [NODE, number, oldest, newest])
      await client.query(
        `insert into search_block select block, $1, $2, entries from unnest($3::integer[], $4::bytea[]) as g (block, entries)`,
        [
          NODE,
          number,
          blocks.map(([place]) => place),
          blocks.map(([, entries]) => Buffer.from(entries.buffer)),
        ],
      )
    }
    await fillCounts(client, past)
    await client.query('analyze')
  } finally {
    await client.end()
  }
}

async function fillRows(client: Client, past: Past): Promise<void> {
  const { id, at, recipient } = columns(past)
  const { state, reply } = endings(past)
  for (const [from, to] of parts(past)) {
    const numbers = `from generate_series(${from}::bigint, ${to - 1}) as n (i)`
    await client.query(`insert into message ${messages(past)} ${numbers}`)
    await client.query(`insert into delivery (message, n, node, state, due, attempts, delay_notified, band, queue, recipient, ended_at, last_reply)
      select ${id}, 0, ${NODE}, ${state}, ${at}, 1, 0, 0, 'default/transactional/bench', ${recipient}, ${at} + 2000, ${reply} ${numbers}`)
  }
}

async function fillCounts(client: Client, past: Past): Promise<void> {
  const { names, days } = countsOf(past)
  const series = names.map(seriesOf)
  await client.query(
    `insert into series overriding system value select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])`,
    [series.map((_, i) => i + 1), ...[0, 1, 2, 3, 4, 5, 6].map((column) => series.map((one) => one[column]))],
  )
  const hours = Array.from({ length: 24 }, (_, hour) => `$${hour + 3}::bigint[]`).join(', ')
  for (let from = 0; from < days.length; from += 20_000) {
    const some = days.slice(from, from + 20_000)
    await client.query(
      `insert into rollup select s, day, ${NODE}, ${Array.from({ length: 24 }, (_, hour) => `h${hour}`).join(', ')}
        from unnest($1::bigint[], $2::integer[], ${hours}) as g (s, day, ${Array.from({ length: 24 }, (_, hour) => `h${hour}`).join(', ')})`,
      [
        some.map(([number]) => number),
        some.map(([, day]) => day),
        ...Array.from({ length: 24 }, (_, hour) => some.map(([, , sums]) => sums[hour])),
      ],
    )
  }
}

function* segmentsOf(past: Past): Generator<Segment> {
  const first = toInteger(idAt(tickAt(past.start), NODE))
  const entries = new Entries()
  for (let i = 0; i < past.deliveries; i += 1) {
    const to = [[recipientOf(past, i), '', 0, 0, 'waiting', null, null]] as const
    const id = first + i * past.step * 4096
    const row: MessageRow = [
      id,
      0,
      'default',
      'transactional',
      '',
      0,
      '',
      0,
      0,
      0,
      to,
      tagsOf(i),
      null,
      null,
      null,
      '',
    ]
    entries.addMessage(row)
    if (entries.size < SEGMENT_FROM && i + 1 < past.deliveries) continue
    yield* entries.segments()
    entries.clear()
  }
}

type Counts = {
  readonly names: readonly string[]
  readonly days: readonly (readonly [series: number, day: number, hours: readonly number[]])[]
}

/**
 * Of two sources, eight providers and two hundred sites that are none; a twentieth bounced. One day is counted, and all
 * are like it.
 */
function countsOf(past: Past): Counts {
  const tally = new Tally(new Names())
  const sender = 'shop@sender.example'
  const daily = Math.ceil(past.deliveries / DAYS)
  for (let i = 0; i < daily; i += 1) {
    const at = past.start + i * past.step
    const recipient = recipientOf(past, i)
    const of = { organization: 'default', stream: 'transactional', sender, recipient, tags: tagsOf(i) }
    tally.add({ ...of, kind: 'accepted', at, source: '', provider: '', detail: '' })
    const provider = i % 10 < 4 ? `provider${i % 8}` : `mx${i % 200}.example`
    const isBounced = i % 20 === 0
    const detail = isBounced
      ? (CLASSES[(i / 20) % CLASSES.length] ?? '')
      : String(bucketOf(200 + ((i * 31) % 20_000)))
    const kind = isBounced ? 'bounced' : 'delivered'
    tally.add({ ...of, kind, at, source: `source ${i % 2}`, provider, detail })
  }
  const names = new Map<string, number>()
  const hours = new Map<number, number[]>()
  for (const [text, hour, count] of tally.sums()) {
    const number = names.getOrInsertComputed(text, () => names.size + 1)
    const day = hours.getOrInsertComputed(number, () => Array.from({ length: 24 }, () => 0))
    day[hour % 24] = (day[hour % 24] ?? 0) + count
  }
  const first = Math.floor(past.start / DAY)
  const days = Array.from({ length: DAYS }, (_, day) =>
    Array.from(hours, ([number, sums]) => [number, first + day, sums] as const),
  ).flat()
  return { names: [...names.keys()], days }
}
