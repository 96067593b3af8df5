/**
 * How deliveries are found, on both engines: by what has entries where something asked for has, row by row where
 * nothing has. No question looks at more than so much: it ends there, and says where to go on.
 */

import { fromInteger, idAt, tickAt, toInteger } from '#grammar/message-id'

import type { ClaimedRow, Key, SearchedRows } from './engine.ts'
import { blockOf, eachFound, wanted } from './search-entries.ts'
import type { Range, Wanted } from './search-entries.ts'
import type { Selected } from './selection.ts'
import type { Page } from './spool.ts'

type Now<T> = T | Promise<T>

export type SearchSource = {
  /** What is newer than this message has entries; 0 when all has. */
  readonly without: number
  newest(): Now<number>
  /** The message before which, from `upper` down, so many deliveries are; less than 0 when there are fewer. */
  below(upper: number, deliveries: number): Now<number>
  /** Newest first, beyond `below` up to `upper`. */
  between(below: number, upper: number, filter: Selected, limit: number): Now<readonly ClaimedRow[]>
  /** The same of these, which come newest first. */
  among(ranges: readonly Range[], filter: Selected, limit: number): Now<readonly ClaimedRow[]>
  /** Entries that are in no segment yet. */
  recent(): Now<readonly Uint8Array[]>
  /** One block of each segment that has messages within the bounds: that of the newest messages first. */
  blocks(block: number, bounds: Bounds, part: Part): Now<readonly SegmentBlock[]>
  /** Lets go of the thread, if it is needed by others. */
  breathe(): Now<unknown>
}

export type Bounds = { readonly lowest: number; readonly upper: number }
export type Part = { readonly offset: number; readonly limit: number }
export type SegmentBlock = readonly [newest: number, entries: Uint8Array]

/** Deliveries looked at row by row between two looks at the commits that wait: some 5 ms. */
const SLICE = 10_000

/** And by their keys, wherever they lie: the same. */
const WIDTH = 2_000

/** What one question may cost, in deliveries looked at row by row. */
const BUDGET = 50_000

/** By key it costs as much as so many row by row. */
const KEY_COST = 5

/** Blocks read at a time: of what is common the first few have enough, of what is rare all are wanted. */
const FEW = 32
const MANY = 1_000

type Step = {
  readonly rows: readonly ClaimedRow[]
  /** Everything from here on was looked at: goes on with what is before. Absent: there is nothing before. */
  readonly end?: Key
  readonly cost: number
}

/** Rows newest first, up to the limit of the page; and where to go on, unless that was all. */
export async function search(source: SearchSource, filter: Selected, page: Page): Promise<SearchedRows> {
  const question = await asked(source, filter, page)
  const rows: ClaimedRow[] = []
  let left = BUDGET
  for (let place = question.start; place !== undefined;) {
    const step = await next(source, question, place, {
      limit: page.limit - rows.length,
      isFirst: left === BUDGET,
    })
    rows.push(...step.rows)
    const last = rows.at(-1)
    if (rows.length >= page.limit && last !== undefined) return [rows, [last[0], last[7]]]
    if (step.end === undefined || step.end[0] < question.lowest) return [rows, null]
    place = step.end
    left -= step.cost
    if (left <= 0) return [rows, place]
    await source.breathe()
  }
  return [rows, null]
}

type Question = {
  readonly filter: Selected
  /** Everything before this may be meant. */
  readonly start: Key | undefined
  /** Of messages. */
  readonly lowest: number
  readonly by: Wanted | undefined
}

/** One that came in later than `since` has a larger id than this. */
function firstIdOf(at: number): number {
  return Math.max(0, toInteger(idAt(tickAt(at), 0)))
}

async function asked(source: SearchSource, filter: Selected, page: Page): Promise<Question> {
  const { message, since, until } = filter
  const before = page.before ?? filter.before
  const starts: Key[] = before === undefined ? [] : [[toInteger(before.message), before.n]]
  if (until !== undefined) starts.push([firstIdOf(until), 0])
  if (message !== undefined) starts.push([toInteger(message) + 1, 0])
  const first = starts.toSorted(([a, n], [b, m]) => a - b || n - m)[0] ?? [(await source.newest()) + 1, 0]
  const lowest = Math.max(
    message === undefined ? 0 : toInteger(message),
    since === undefined ? 0 : firstIdOf(since),
  )
  return { filter, start: first[0] < lowest ? undefined : first, lowest, by: wantedOf(filter) }
}

/** What is rarest first. */
function wantedOf({ message, recipient, tag, organization }: Selected): Wanted | undefined {
  if (message !== undefined) return undefined
  if (recipient !== undefined && !recipient.startsWith('@')) return wanted('recipient', recipient)
  if (tag !== undefined) return wanted('tag', tag)
  if (recipient !== undefined) return wanted('domain', recipient.slice(1).toLowerCase())
  return organization === undefined ? undefined : wanted('organization', organization)
}

async function next(
  source: SearchSource,
  question: Question,
  place: Key,
  { limit, isFirst }: { readonly limit: number; readonly isFirst: boolean },
): Promise<Step> {
  const { by, lowest } = question
  // Where there is one organization, as in most places, a few rows are found sooner without its entries.
  const isQuick = isFirst && by?.family === 'organization'
  if (by === undefined || isQuick || newestBefore(place) <= source.without)
    return await scan(source, question, place, limit)
  const floor = Math.max(lowest, source.without + 1)
  const found = await candidates(source, by, { place, lowest: floor })
  const filter = { ...question.filter, before: keyOf(place) }
  const rows = found.ranges.length === 0 ? [] : await source.among(found.ranges, filter, limit)
  const end = found.end ?? (floor > lowest ? ([floor, 0] as const) : undefined)
  return { rows, cost: found.width * KEY_COST, ...(end && { end }) }
}

function keyOf([id, n]: Key): NonNullable<Page['before']> {
  return { message: fromInteger(id), n }
}

async function scan(source: SearchSource, question: Question, place: Key, limit: number): Promise<Step> {
  const { lowest, filter } = question
  const upper = newestBefore(place)
  // A message of more recipients than a slice has is one slice.
  const found = upper <= lowest ? upper - 1 : Math.min(await source.below(upper, SLICE), upper - 1)
  const below = Math.max(found, lowest - 1)
  const rows = await source.between(below, upper, { ...filter, before: keyOf(place) }, limit)
  return { rows, cost: SLICE, ...(below >= lowest && below >= 0 && { end: [below + 1, 0] as const }) }
}

function newestBefore([message, n]: Key): number {
  return n === 0 ? message - 1 : message
}

type Found = {
  /** Newest first, none twice. */
  readonly ranges: readonly Range[]
  /** Deliveries of all of them. */
  readonly width: number
  readonly end?: Key
}

/** The newest before `place`: some, or all there are. */
async function candidates(
  source: SearchSource,
  by: Wanted,
  { place, lowest }: { readonly place: Key; readonly lowest: number },
): Promise<Found> {
  const pool: Range[] = []
  const take = (range: Range): void => {
    const clipped = clip(range, place, lowest)
    if (clipped !== undefined) pool.push(clipped)
  }
  for (const entries of await source.recent()) eachFound(by, entries, take)
  const bounds = { lowest, upper: place[0] }
  for (let part = { offset: 0, limit: FEW }; ; part = { offset: part.offset + part.limit, limit: MANY }) {
    const blocks = await source.blocks(blockOf(by), bounds, part)
    for (const [newest, entries] of blocks) {
      // What is in this segment and those after it is older than all of these.
      if (pool.length > 0 && widthOf(pool, newest) >= WIDTH) return cut(pool, newest)
      eachFound(by, entries, take)
    }
    if (blocks.length < part.limit) return cut(pool, -1)
  }
}

function clip([id, first, last]: Range, [message, n]: Key, lowest: number): Range | undefined {
  if (id > message || id < lowest) return undefined
  const end = id === message ? Math.min(last, n - 1) : last
  return end < first ? undefined : [id, first, end]
}

function widthOf(pool: readonly Range[], beyond: number): number {
  let width = 0
  for (const [id, first, last] of pool) if (id > beyond) width += last - first + 1
  return width
}

/** As many as are looked at in one step, of those beyond `floor`: there may be more at or below it. */
function cut(pool: readonly Range[], floor: number): Found {
  const all = pool.filter(([id]) => id > floor).toSorted(([a, , m], [b, , n]) => b - a || n - m)
  const ranges: Range[] = []
  let width = 0
  for (const range of all) {
    const [id, first, last] = range
    const before = ranges.at(-1)
    if (before !== undefined && before[0] === id && before[1] <= first) continue
    if (width >= WIDTH) return { ranges, width, end: endOf(ranges) }
    const from = Math.max(first, last - (WIDTH - width) + 1)
    ranges.push([id, from, last])
    width += last - from + 1
    if (from > first) return { ranges, width, end: [id, from] }
  }
  return { ranges, width, ...(floor >= 0 && { end: [floor + 1, 0] as const }) }
}

function endOf(ranges: readonly Range[]): Key {
  const [id = 0, first = 0] = ranges.at(-1) ?? []
  return [id, first]
}
