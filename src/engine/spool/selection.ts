/** A filter as SQL, for both engines; every value is bound. */

import { toInteger } from '#grammar/message-id'

import type { DeliveryFilter } from './spool.ts'

/** The columns of a ClaimedRow, in its order; `m` is the message, `d` the delivery. */
export const CLAIMED = `m.id, m.accepted_at, m.organization, m.stream, m.sender, m.size, m.detail, d.n, d.recipient,
  d.queue, d.band, d.due, d.state, d.attempts, d.delay_notified, d.last_reply, d.ended_at, d.detail, m.tags, m.metadata, d.data`

/** The same without data, which may be much, for those who only look. */
export const LISTED = CLAIMED.replace(/d\.data$/, 'null as data')

/** What is told of what a filter selects. */
export function columnsOf({ n }: Selected): string {
  return n === undefined ? LISTED : CLAIMED
}

/** Whether the sender of a delivery `d` of a message `m` whose time is over has still to hear of it. */
export function untold({ property }: Dialect): string {
  const mode = property('m.detail', 'deliverBy', 'mode')
  return `d.state in ('waiting', 'active', 'held') and d.delay_notified = 0
    and not (d.state = 'held' and ${mode} = 'return')`
}

/** Where the last attempt of a delivery `d` says something of its recipient. */
export const TELLING = `d.state in ('bounced', 'expired')
  or exists (select 1 from report r where r.message = d.message and r.n = d.n)`

export type Selected = DeliveryFilter & {
  /** Only those whose time has not come by then. */
  readonly dueAfter?: number
}

export type Dialect = {
  readonly placeholder: (position: number) => string
  /** The last `length` characters of `column`. */
  readonly tail: (column: string, length: string) => string
  /** A property of the JSON in `column`, as text. */
  readonly property: (column: string, ...path: readonly string[]) => string
  /** Whether the JSON list in `column` has this text. */
  readonly lists: (column: string, text: string) => string
  /** Where `part` begins in `text`, from 1; 0 when it is not there. */
  readonly position: (text: string, part: string) => string
  /** With small letters of ASCII instead of large ones. */
  readonly small: (text: string) => string
}

export const SQLITE: Dialect = {
  placeholder: () => '?',
  tail: (column, length) => `substr(${column}, -${length})`,
  property: (column, ...path) => `json_extract(${column}, '$.${path.join('.')}')`,
  lists: (column, text) => `exists (select 1 from json_each(${column}) where value = ${text})`,
  position: (text, part) => `instr(${text}, ${part})`,
  small: (text) => `lower(${text})`,
}
export const POSTGRES: Dialect = {
  placeholder: (position) => `$${position}`,
  tail: (column, length) => `right(${column}, ${length}::integer)`,
  property: (column, ...path) => `${column}::json #>> '{${path.join(',')}}'`,
  lists: (column, text) =>
    `exists (select 1 from json_array_elements_text(${column}::json) one where one = ${text})`,
  position: (text, part) => `strpos(${text}, ${part})`,
  // What lower() makes of others is a matter of the database.
  small: (text) => `translate(${text}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')`,
}

type Value = string | number
type Condition = { readonly sql: string; readonly values: readonly Value[] }

/** Conditions over `message m` joined with `delivery d`; `sql` is never empty. Placeholders count from `values` on. */
export function selection(filter: Selected, dialect: Dialect, values: readonly Value[] = []): Condition {
  const bound = [...values]
  const bind = (value: Value): string => dialect.placeholder(bound.push(value))
  const address = (column: string, wanted: string): string => {
    if (!wanted.startsWith('@')) return `${column} = ${bind(wanted)}`
    return `${dialect.tail(column, bind(wanted.length))} = ${bind(wanted.toLowerCase())}`
  }
  const sql = ['true']
  const equal = (column: string, wanted: Value | undefined): void => {
    if (wanted !== undefined) sql.push(`${column} = ${bind(wanted)}`)
  }
  equal('d.message', filter.message && toInteger(filter.message))
  equal('d.n', filter.n)
  equal('d.queue', filter.queue)
  equal('m.stream', filter.stream)
  equal('m.organization', filter.organization)
  equal(dialect.property('m.detail', 'campaign'), filter.campaign)
  if (filter.said !== undefined)
    sql.push(`substr(d.last_reply, 1, length(${bind(filter.said)})) = ${bind(filter.said)}`)
  sql.push(...labelled(filter, dialect, bind))
  if (filter.states)
    sql.push(filter.states.length === 0 ? 'false' : `d.state in (${filter.states.map(bind).join(', ')})`)
  if (filter.dueAfter !== undefined) sql.push(`d.due > ${bind(filter.dueAfter)}`)
  if (filter.recipient !== undefined) sql.push(address('d.recipient', filter.recipient))
  if (filter.sender !== undefined) sql.push(address('m.sender', filter.sender === '<>' ? '' : filter.sender))
  if (filter.before) {
    sql.push(`(d.message, d.n) < (${bind(toInteger(filter.before.message))}, ${bind(filter.before.n)})`)
  }
  return { sql: sql.join(' and '), values: bound }
}

/** What the sender said of the message, and what was said of the delivery at last, or later. */
function labelled(
  { tag, subject, class: name }: Selected,
  { lists, position, small, property }: Dialect,
  bind: (value: Value) => string,
): readonly string[] {
  const sql: string[] = []
  if (tag !== undefined) sql.push(lists('m.tags', bind(tag)))
  if (subject !== undefined)
    sql.push(`${position(small(property('m.detail', 'subject')), small(bind(subject)))} > 0`)
  if (name !== undefined) {
    sql.push(`(exists (select 1 from attempt a where a.message = d.message and a.n = d.n and a.attempt = d.attempts
        and ${property('a.record', 'bounce', 'class')} = ${bind(name)})
      or exists (select 1 from report r where r.message = d.message and r.n = d.n and ${property('r.record', 'bounce', 'class')} = ${bind(name)}))`)
  }
  return sql
}
