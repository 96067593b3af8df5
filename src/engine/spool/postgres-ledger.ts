/** The log of events and the counts in PostgreSQL: statements of the spool's transactions, and what is read of them. */

import type { Pool } from 'pg'

import { DAY } from './count.ts'
import type { SummedQuery, SummedRow } from './count.ts'
import type { PageQuery } from './engine.ts'
import type { StoredPage } from './event.ts'
import { nextPage } from './ledger.ts'
import type { Facts, Ledger } from './ledger.ts'
import { spoolErrorOf } from './postgres-error.ts'
import type { Statement } from './postgres-transaction.ts'
import { AGE_STEP, columnOf, LATER_HOURS, summing, WHOLE_DAY } from './rollup.ts'
import { POSTGRES } from './selection.ts'
import type { Age } from './spool.ts'
import { seriesOf } from './tally.ts'
import type { Sum } from './tally.ts'

/** The columns of a `FactsRow`; `m` is the message, `d` the delivery. */
export const FACTS =
  'm.organization, m.stream, m.sender, m.accepted_at, d.recipient, d.attempts, m.tags, m.metadata'

export type FactsRow = readonly [string, string, string, number, string, number, string | null, string | null]

export function factsOf(row: FactsRow): Facts {
  const [organization, stream, sender, acceptedAt, recipient, attempts, tags, metadata] = row
  return { organization, stream, sender, acceptedAt, recipient, attempts, tags, metadata }
}

/** The statements that keep what a ledger has gathered. `last` is the newest page that this node has written. */
export function ledgerWriter(node: number, last: number, now: () => number): (ledger: Ledger) => Statement[] {
  let page = last
  return (ledger) => {
    if (ledger.isEmpty) return []
    const at = now()
    const pages = ledger.pages().map((written) => {
      page = nextPage(page, at)
      return [page, ...written] as const
    })
    const statements = pages.length === 0 ? [] : [turnStatement(node), pageStatement(node, at, pages)]
    return [...statements, ...sumStatements(node, ledger)]
  }
}

/** The octets of `page`: the first half of an advisory lock's name, beside those of platform/store. */
const PAGE_LOCK = 0x70_61_67_65

/**
 * One page after the other, also when the connection was lost in a commit that the server goes on with: a page that
 * came after it and was read before it would hide it for good.
 */
function turnStatement(node: number): Statement {
  return { name: 'turn', text: 'select pg_advisory_xact_lock($1, $2)', values: [PAGE_LOCK, node] }
}

type NumberedPage = readonly [id: number, organization: string, count: number, entries: string]

function pageStatement(node: number, at: number, pages: readonly NumberedPage[]): Statement {
  return {
    name: 'tell',
    text: `insert into event_page select $1, id, $2, organization, count, entries
      from unnest($3::bigint[], $4::text[], $5::integer[], $6::text[]) as given (id, organization, count, entries)`,
    values: [node, at, ...[0, 1, 2, 3].map((column) => pages.map((row) => row[column]))],
  }
}

const SERIES = 'facet, organization, value, stream, source, kind, detail'
const GIVEN = `unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]`
const SAME = SERIES.split(', ')
  .map((column) => `s.${column} = g.${column}`)
  .join(' and ')

function sumStatements(node: number, ledger: Ledger): Statement[] {
  const sums = ledger.sums()
  if (sums.length === 0) return []
  const series = sums.map(([text]) => seriesOf(text))
  const columns = [0, 1, 2, 3, 4, 5, 6].map((column) => series.map((one) => one[column]))
  return [
    {
      name: 'series',
      // In one order on all nodes: those that make the same ones at the same time wait for each other, and not in a circle.
      text: `insert into series (${SERIES}) select distinct ${SERIES} from ${GIVEN}) as g (${SERIES})
        where not exists (select 1 from series s where ${SAME}) order by ${SERIES} on conflict do nothing`,
      values: columns,
    },
    ...[...Map.groupBy(sums, ([, hour]) => columnOf(hour))].map(([column, of]) =>
      addStatement(node, column, of),
    ),
  ]
}

/** To one hour of the day. */
function addStatement(node: number, hour: string, sums: readonly Sum[]): Statement {
  const series = sums.map(([text]) => seriesOf(text))
  return {
    name: `sums of ${hour}`,
    // Of each node its own: nodes that count the same do not wait for each other's commits.
    text: `insert into rollup (series, day, node, ${hour}) select s.id, g.day, $10, g.count
      from ${GIVEN}, $8::integer[], $9::bigint[]) as g (${SERIES}, day, count) join series s on ${SAME}
      on conflict (series, day, node) do update set ${hour} = rollup.${hour} + excluded.${hour}`,
    values: [
      ...[0, 1, 2, 3, 4, 5, 6].map((column) => series.map((one) => one[column])),
      sums.map(([, at]) => Math.floor(at / 24)),
      sums.map(([, , count]) => count),
      node,
    ],
  }
}

export function postgresLedgerReads(pool: Pool): {
  pages(query: PageQuery): Promise<readonly StoredPage[]>
  sums(query: SummedQuery): Promise<readonly SummedRow[]>
} {
  const ask = async <Row>(text: string, values: readonly unknown[]): Promise<readonly Row[]> => {
    try {
      const { rows } = await pool.query({ text, values: [...values], rowMode: 'array' })
      return rows as unknown as readonly Row[]
    } catch (error) {
      throw spoolErrorOf(error)
    }
  }
  return {
    pages: (query) => {
      const { text, values } = pagesStatement(query)
      return ask<StoredPage>(text, values ?? [])
    },
    sums: (query) => {
      const { sql, values } = summing(query, POSTGRES)
      return ask<SummedRow>(sql, values)
    },
  }
}

/**
 * Of each node what comes after its place, merged by the numbers of the pages: of every node the answer has the first
 * ones that this reader has not seen. A node commits one page after the other, so none can appear before them later.
 */
function pagesStatement({ organization, after, since = 0, limit }: PageQuery): Statement {
  const isOurs = organization === undefined ? 'true' : 'p.organization = $5'
  return {
    text: `with places as (select n.node, coalesce(g.page, 0) as page, coalesce(g.index, 0) as index
        from generate_series(0, 31) as n (node)
        left join unnest($1::integer[], $2::bigint[], $3::integer[]) as g (node, page, index) on g.node = n.node),
      found as (
        select p.node, p.id, p.count - case when p.id = places.page then places.index else 0 end as count
        from places cross join lateral (
          select p.node, p.id, p.count from event_page p
          where ${isOurs} and p.node = places.node and p.id >= places.page and p.at >= $4
          order by p.id limit ${limit + 2}) p),
      summed as (select node, id, sum(count) over (order by id, node) - count as before from found)
      select p.node, p.id, p.organization, p.entries from summed s
      join event_page p on p.node = s.node and p.id = s.id
      where s.before <= ${limit} order by p.id, p.node`,
    values: [
      after.map(({ node }) => node),
      after.map(({ page }) => page),
      after.map(({ index }) => index),
      since,
      ...(organization === undefined ? [] : [organization]),
    ],
  }
}

/** What one step of cleaning up removes; the rows of the results say how much there was. */
export function ageStatements(node: number, before: Age, after: number): Statement[] {
  const step = 'select id from series where id > $1 order by id limit ' + String(AGE_STEP.series)
  const hours = Math.floor(before.hours / DAY)
  const days = Math.floor(before.days / DAY)
  const mine = `series in (${step}) and node = ${node}`
  const folded = LATER_HOURS.map((hour) => `${hour} = 0`).join(', ')
  return [
    {
      text: `delete from event_page where node = $1
        and id in (select id from event_page where node = $1 order by id limit ${AGE_STEP.pages})
        and at < $2 and id < (select max(id) from event_page where node = $1)`,
      values: [node, before.events],
    },
    {
      text: `update rollup set h0 = ${WHOLE_DAY}, ${folded} where ${mine} and day < $2 and h0 <> ${WHOLE_DAY}`,
      values: [after, hours],
    },
    { text: `delete from rollup where ${mine} and day < $2`, values: [after, days] },
    { text: step, values: [after] },
  ]
}

/**
 * Series without a sum, after `AGE_STEP.series` of which `first` is before the first. The lock waits for commits under
 * way, which may be about to add to one of them, and keeps others waiting for as long as this takes.
 */
export function endStatements(after: number): Statement[] {
  return [
    { text: 'lock table series in access exclusive mode' },
    {
      text: `delete from series where id in (select id from series where id > $1 order by id limit ${AGE_STEP.series})
        and not exists (select 1 from rollup where series = series.id)`,
      values: [after],
    },
  ]
}

/** Whether any of the step has no sum. */
export function endedStatement(after: number): Statement {
  return {
    text: `select 1 from (select id from series where id > $1 order by id limit ${AGE_STEP.series}) s
      where not exists (select 1 from rollup where series = s.id) limit 1`,
    values: [after],
  }
}
