/**
 * What has happened, as it is told to those who were not there: one log an organization, in order, kept for a while.
 * The spool writes what it does itself; others append what they alone know of.
 */

import { DELIVERY_EVENTS, EVENT_KINDS, OPERATION_EVENTS } from '#grammar/event'
import type { DeliveryEvent, EventKind } from '#grammar/event'
import { fromInteger } from '#grammar/message-id'
import type { MessageId } from '#grammar/message-id'

import type { Attempt, Instant, Metadata, Report } from './message.ts'

export { DELIVERY_EVENTS, EVENT_KINDS, OPERATION_EVENTS }
export type { DeliveryEvent, EventKind }

/** What the events of a kind say beside what all say. */
export type EventData = { readonly [name: string]: string | number | boolean }

/** An event that another room knows of. Counted, too, when it is one of `DELIVERY_EVENTS`. */
export type NewEvent = {
  readonly kind: EventKind
  readonly at: Instant
  readonly organization: string
  readonly stream?: string
  readonly message?: MessageId
  readonly n?: number
  /** The sender of the envelope; empty for the null reverse-path. */
  readonly from?: string
  readonly to?: string
  readonly tags?: readonly string[]
  readonly metadata?: Metadata
  readonly reason?: string
  readonly data?: EventData
  /** As what it is counted, of its kind: a class. */
  readonly class?: string
  /**
   * To be kept with the delivery in the same commit, where there is a record of it and nothing of this kind is kept: then
   * the event is the `first`, and counted as such.
   */
  readonly keep?: Report
}

export type Event = Omit<NewEvent, 'class' | 'keep'> & {
  /** Names it for good, on all nodes. */
  readonly id: string
  /** Tries until then, this one included. */
  readonly attempts?: number
  readonly attempt?: Attempt
  /** The first of its kind that is kept of the delivery. */
  readonly first?: true
  /** What came back about it, when that is what happened. */
  readonly report?: Report
  /** The host that had taken it gave it back: it was told as delivered before. */
  readonly late?: true
}

export type EventQuery = {
  /** Absent: of all organizations, for who runs the node. */
  readonly organization?: string
  /** Where an earlier answer ended. Absent: from the oldest that is kept, or from `since`. */
  readonly after?: Cursor
  /** Where no `after` says more: nothing that was written down before. */
  readonly since?: Instant
  /** Nothing that happened then or later. */
  readonly until?: Instant
  readonly kinds?: readonly EventKind[]
  readonly stream?: string
  readonly message?: MessageId
  /** An address as the envelope has it, or `@domain`. */
  readonly to?: string
  readonly limit: number
}

export type Events = {
  /** In the order of the log. */
  readonly events: readonly Event[]
  /** Where to go on; the same as `after` when nothing was there. */
  readonly next: Cursor
  /** Whether there was more when this was read. Pages without an event may have more after them. */
  readonly more: boolean
}

/**
 * A place in a log, for each node that has written to it: which page, and how many of its events are before the place.
 * Nodes write one page after the other, and each knows its own order only: so no page can be missed that another
 * node was about to commit when this place was reached.
 */
export type Cursor = string & { readonly cursor?: never }

export type Place = { readonly node: number; readonly page: number; readonly index: number }

/** Nodes that may share a database: see `node.number`. */
const NODES = 32

/** `1.m3v0k2q80.17`, one for each node, with `~` between them. */
export function formatCursor(places: readonly Place[]): Cursor {
  return places.map(({ node, page, index }) => [node, page, index].map(base36).join('.')).join('~')
}

/** `undefined` when it is none of ours. The empty one is the beginning. */
export function parseCursor(text: string): readonly Place[] | undefined {
  if (text === '') return []
  const parts = text.split('~', NODES + 1)
  const places = parts.map(placeOf).filter((place) => place !== undefined)
  const isWhole =
    places.length === parts.length && new Set(places.map(({ node }) => node)).size === parts.length
  return isWhole ? places : undefined
}

function placeOf(text: string): Place | undefined {
  const numbers = text.split('.', 4).map(ofBase36)
  const [node, page, index] = numbers
  if (numbers.length !== 3 || node === undefined || page === undefined || index === undefined)
    return undefined
  if (node >= NODES) return undefined
  return { node, page, index }
}

function base36(value: number): string {
  return value.toString(36)
}

function ofBase36(text: string): number | undefined {
  if (!/^[0-9a-z]{1,11}$/.test(text)) return undefined
  const value = Number.parseInt(text, 36)
  return Number.isSafeInteger(value) ? value : undefined
}

/** The place behind an event that was read from `cursor` on: going on there begins with the one after it. */
export function cursorBehind(cursor: Cursor, { id }: Pick<Event, 'id'>): Cursor {
  const [node = 0, page = 0, index = 0] = id.split('-').map((part) => Number.parseInt(part, 36))
  const others = (parseCursor(cursor) ?? []).filter((place) => place.node !== node)
  return formatCursor([...others, { node, page, index: index + 1 }].toSorted((a, b) => a.node - b.node))
}

/** Names one event: the node, the page and the place on it. */
export function eventId(node: number, page: number, index: number): string {
  return [node, page, index].map(base36).join('-')
}

/** What a page has of an accepted message: one entry, whatever the number of recipients. */
export type AcceptedEntry = readonly [
  kind: 'accepted',
  at: number,
  message: number,
  firstN: number,
  stream: string,
  from: string,
  to: readonly string[],
  tags?: readonly string[] | null,
  metadata?: Metadata,
]

/** What a page has of a delivery whose state changed. */
export type ChangedEntry = readonly [
  kind: EventKind,
  at: number,
  message: number,
  n: number,
  stream: string,
  to: string,
  attempts: number,
  reason: string | null,
  attempt: Attempt | null,
  tags?: readonly string[] | null,
  metadata?: Metadata,
]

/** Without what the page itself says. */
export type OtherEntry = Omit<Event, 'id' | 'organization'>

export type Entry = AcceptedEntry | ChangedEntry | OtherEntry

/** As the store has it: JSON of a list of entries. */
export type StoredPage = readonly [node: number, id: number, organization: string, entries: string]

/** In order; their number is that of the page. @throws {SyntaxError} when the page is damaged */
export function eventsOf([node, page, organization, text]: StoredPage): readonly Event[] {
  const events: Event[] = []
  const add = (event: OtherEntry): void => {
    events.push({ id: eventId(node, page, events.length), organization, ...event })
  }
  for (const entry of JSON.parse(text) as readonly Entry[]) {
    if (!isTuple(entry)) add(entry)
    else if (isAccepted(entry)) for (const event of acceptedEvents(entry)) add(event)
    else add(changedEvent(entry))
  }
  return events
}

function isTuple(entry: Entry): entry is AcceptedEntry | ChangedEntry {
  return Array.isArray(entry)
}

function isAccepted(entry: AcceptedEntry | ChangedEntry): entry is AcceptedEntry {
  return entry[0] === 'accepted'
}

function acceptedEvents([
  kind,
  at,
  id,
  first,
  stream,
  from,
  to,
  ...labels
]: AcceptedEntry): readonly OtherEntry[] {
  const message = fromInteger(id)
  const said = labelled(labels)
  return to.map((one, i) => ({ kind, at, stream, message, n: first + i, from, to: one, ...said }))
}

function changedEvent(entry: ChangedEntry): OtherEntry {
  const [kind, at, id, n, stream, to, attempts, reason, attempt, ...labels] = entry
  return {
    kind,
    at,
    stream,
    message: fromInteger(id),
    n,
    to,
    attempts,
    ...(reason === null ? {} : { reason }),
    ...(attempt === null ? {} : { attempt }),
    ...labelled(labels),
  }
}

function labelled([tags, metadata]: readonly [(readonly string[] | null)?, Metadata?]): Pick<
  Event,
  'tags' | 'metadata'
> {
  return {
    ...(tags === undefined || tags === null ? {} : { tags }),
    ...(metadata === undefined ? {} : { metadata }),
  }
}
