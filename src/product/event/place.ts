/** The log of one organization as others read it: by places that they keep and come back with. */

import { cursorBehind } from '#engine/spool'
import type { Cursor, EventQuery, Spool } from '#engine/spool'

import { published } from './published.ts'
import type { PublishedEvent } from './published.ts'

/** Where to go on: behind what was read, or, while nothing was, with what was written down since a time. */
export type LogPlace = { readonly after: Cursor; readonly since: number }

export type EventFilter = Pick<EventQuery, 'until' | 'kinds' | 'stream' | 'message' | 'to'>

export type EventSource = Pick<Spool, 'events'>

/** `t` and a time as long as there was no event; then the log's own words. */
export function formatPlace({ after, since }: LogPlace): string {
  return after === '' ? `t${since.toString(36)}` : after
}

/** `undefined` for what cannot be one. */
export function parsePlace(text: string): LogPlace | undefined {
  const [, time] = /^t([0-9a-z]{1,10})$/.exec(text) ?? []
  if (time !== undefined) return { after: '', since: Number.parseInt(time, 36) }
  return /^[0-9a-z.~]{5,1000}$/.test(text) ? { after: text, since: 0 } : undefined
}

export type EventPage = {
  /** Each with the place behind it. */
  readonly events: readonly { readonly event: PublishedEvent; readonly place: LogPlace }[]
  readonly next: LogPlace
  readonly more: boolean
}

/** What follows `place`. @throws {SpoolError} `refused` when that is no place in the log */
export async function readEvents(
  source: EventSource,
  query: EventFilter & { readonly organization: string; readonly limit: number },
  { after, since }: LogPlace,
): Promise<EventPage> {
  const page = await source.events({ ...query, ...(after === '' ? { since } : { after }) })
  let cursor = after
  const events = page.events.map((event) => {
    cursor = cursorBehind(cursor, event)
    return { event: published(event), place: { after: cursor, since } }
  })
  return { events, next: { after: page.next, since }, more: page.more }
}
