/** The statements of one commit: a few for the whole batch, whatever its size, with the rows as arrays. */

import { keyStatements } from './postgres-idempotency.ts'
import { FACTS } from './postgres-ledger.ts'
import type { FactsRow } from './postgres-ledger.ts'
import type { Statement } from './postgres-transaction.ts'
import type { Batch, MessageRow, SettlementRow } from './engine.ts'

export function acceptStatements(batch: Batch, node: number): Statement[] {
  const { accepts } = batch
  if (accepts.length === 0) return []
  const late = deadlineStatement(accepts, node)
  return [
    ...keyStatements(accepts),
    messageStatement(accepts),
    deliveryStatement(accepts, node),
    ...late,
    ...bodyStatement(batch),
  ]
}

function deadlineStatement(accepts: readonly MessageRow[], node: number): Statement[] {
  const rows = accepts.filter((row) => row[13] !== null && row[10].length > 0)
  if (rows.length === 0) return []
  return [
    {
      text: `insert into deadline select message, $3, at
        from unnest($1::bigint[], $2::bigint[]) as given (message, at)`,
      values: [rows.map((row) => row[0]), rows.map((row) => row[13]), node],
    },
  ]
}

function messageStatement(accepts: readonly MessageRow[]): Statement {
  return {
    name: 'accept messages',
    text: `insert into message
      select id, accepted_at, organization, stream, sender, size, open,
        case when chunked then (select count(*) from chunk c where c.message = id) else 0 end, null, detail, tags, metadata
      from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[],
        $8::boolean[], $9::integer[], $10::text[], $11::text[])
        as given (id, accepted_at, organization, stream, sender, size, detail, chunked, open, tags, metadata)`,
    values: [
      ...[0, 1, 2, 3, 4, 5, 6].map((column) => accepts.map((row) => row[column])),
      accepts.map((row) => row[7] < 0),
      accepts.map((row) => row[10].length),
      accepts.map((row) => row[11]),
      accepts.map((row) => row[12]),
    ],
  }
}

function deliveryStatement(accepts: readonly MessageRow[], node: number): Statement {
  const rows = accepts.flatMap((row) => row[10].map((delivery, n) => ({ id: row[0], n, delivery })))
  return {
    name: 'accept deliveries',
    text: `insert into delivery
      select message, n, $10, state, due, 0, 0, band, queue, recipient, null, null, detail, data
      from unnest($1::bigint[], $2::integer[], $3::text[], $4::text[], $5::integer[], $6::bigint[], $7::text[],
        $8::text[], $9::text[]) as given (message, n, recipient, queue, band, due, state, detail, data)`,
    values: [
      rows.map(({ id }) => id),
      rows.map(({ n }) => n),
      ...[0, 1, 2, 3, 4, 5, 6].map((column) => rows.map(({ delivery }) => delivery[column])),
      node,
    ],
  }
}

/** The bodies go as one value, cut on the server: an array of them would be sent as text, twice as long. */
function bodyStatement({ accepts, bytes }: Batch): Statement[] {
  const whole = accepts.filter((row) => row[7] >= 0)
  const last = whole.at(-1)
  if (!last) return []
  return [
    {
      name: 'accept bodies',
      text: `insert into body select id, crc, substring($5::bytea from start + 1 for length)
        from unnest($1::bigint[], $2::bigint[], $3::integer[], $4::integer[]) as given (id, crc, start, length)`,
      values: [
        whole.map((row) => row[0]),
        whole.map((row) => row[9]),
        whole.map((row) => row[7]),
        whole.map((row) => row[8]),
        Buffer.from(bytes.buffer, bytes.byteOffset, last[7] + last[8]),
      ],
    },
  ]
}

/** What is left of a settlement in the answer: which delivery it changed, and what is known of it. */
export type SettledRow = readonly [id: number, n: number, ...FactsRow]

/** One statement changes a delivery once: a second settlement of the same delivery comes in a second one. */
export function settleStatements(
  settlements: readonly SettlementRow[],
): { readonly rows: readonly SettlementRow[]; readonly statement: Statement }[] {
  const statements = []
  for (let rest = settlements; rest.length > 0;) {
    const seen = new Set<string>()
    const rows = rest.filter(([id, n]) => !seen.has(`${id}.${n}`) && seen.add(`${id}.${n}`))
    statements.push({ rows, statement: settleStatement(rows) })
    const taken = new Set(rows)
    rest = rest.filter((row) => !taken.has(row))
  }
  return statements
}

function settleStatement(rows: readonly SettlementRow[]): Statement {
  return {
    name: 'settle',
    text: `with settled as (
        update delivery d set state = g.state, due = g.due,
          attempts = d.attempts + case when g.record is null then 0 else 1 end,
          delay_notified = greatest(d.delay_notified, g.delay_notified), last_reply = g.reply,
          ended_at = case when g.state in ('delivered', 'bounced', 'expired', 'cancelled') then g.at end,
          data = case when g.state in ('waiting', 'held') then d.data end
        from unnest($1::bigint[], $2::integer[], $3::text[], $4::bigint[], $5::bigint[], $6::smallint[],
          $7::text[], $8::text[]) as g (message, n, state, due, at, delay_notified, reply, record)
        join delivery old on old.message = g.message and old.n = g.n
        where d.message = g.message and d.n = g.n and (old.state = 'active'
          or old.state in ('held', 'cancelled') and g.state in ('delivered', 'bounced')
          or old.state = 'held' and g.state = 'held' and g.delay_notified = 1)
        returning d.message, d.n, d.attempts, d.recipient, d.state, d.ended_at, g.record, old.state as was),
      tried as (
        insert into attempt select message, n, attempts, record from settled where record is not null),
      ended as (
        update message m set open = m.open - e.count, ended_at = case when m.open = e.count then e.at end
        from (select message, count(*)::integer as count, max(ended_at) as at from settled
          where ended_at is not null and was <> 'cancelled' group by message) e
        where m.id = e.message returning m.id, m.open),
      chunks as (delete from chunk using ended where chunk.message = ended.id and ended.open = 0),
      bodies as (delete from body using ended where body.id = ended.id and ended.open = 0)
      select d.message, d.n, ${FACTS} from settled d join message m on m.id = d.message`,
    values: [0, 1, 2, 3, 4, 5, 6, 7].map((column) => rows.map((row) => row[column])),
  }
}

/** What the log has said of messages that were refused all the same. */
export function withdrawnStatement(ids: readonly number[]): Statement {
  return {
    text: `select d.message, d.n, ${FACTS} from delivery d join message m on m.id = d.message
      where d.message = any ($1::bigint[])`,
    values: [ids],
  }
}

/** Every trace of messages that were refused. */
export function removeStatement(ids: readonly number[]): Statement {
  return {
    text: `with gone as (select unnest($1::bigint[]) as id),
      attempts as (delete from attempt using gone where attempt.message = gone.id),
      deliveries as (delete from delivery using gone where delivery.message = gone.id),
      bodies as (delete from body using gone where body.id = gone.id),
      chunks as (delete from chunk using gone where chunk.message = gone.id),
      deadlines as (delete from deadline using gone where deadline.message = gone.id),
      keys as (delete from idempotency_key k using gone, message m
        where m.id = gone.id and k.at = m.accepted_at and k.message = m.id)
      delete from message using gone where message.id = gone.id`,
    values: [ids],
  }
}

export function touchStatement(now: number): Statement {
  return {
    text: `insert into mark values ('written', $1) on conflict (name) do update set value = excluded.value`,
    values: [now],
  }
}
