/** What a rehearsal came to, as lines and tables of text, in English and Japanese. */

import type { Binding, Part, Phase, Rehearsed } from '#engine/rehearsal'

import { ENGLISH_REHEARSAL } from './rehearsal-english.ts'
import { JAPANESE_REHEARSAL } from './rehearsal-japanese.ts'
import type { Assumed, Columns, RehearsalWords } from './rehearsal-wording.ts'
import { limitPlace, placeOf } from './shaping-place.ts'
import { span } from './span.ts'
import type { Language } from './words.ts'

/** Texts by column; replies in them are the words of strangers. */
export type ToldTable = {
  readonly titles: readonly string[]
  /** Which columns are numbers. */
  readonly right: readonly boolean[]
  readonly rows: readonly (readonly string[])[]
}

export type ToldRehearsal = {
  readonly head: readonly string[]
  readonly parts: ToldTable
  /** Below the table; empty where all parts are in it. */
  readonly more: string
  /** Of each part and source, what held it back from when till when; none where that was one thing all the time. */
  readonly ways: readonly { readonly title: string; readonly phases: ToldTable }[]
  readonly assumed: { readonly title: string; readonly lines: readonly string[] }
}

const WORDS: { readonly [K in Language]: RehearsalWords } = { en: ENGLISH_REHEARSAL, ja: JAPANESE_REHEARSAL }

/** Parts of a table that somebody reads. */
const PARTS = 20

export function tellRehearsal(rehearsed: Rehearsed, assumed: Assumed, language: Language): ToldRehearsal {
  const words = WORDS[language]
  const { parts, start, after, seed } = rehearsed
  const length = (ms: number): string => lengthOf(ms, words)
  const [told, others] = [parts.slice(0, PARTS), parts.slice(PARTS)]
  const rest = others.reduce((sum, { messages }) => sum + messages, 0)
  return {
    head: [
      words.head(rehearsed, { length: length(after), end: momentOf(start + after) }),
      words.outcome(rehearsed),
    ],
    parts: partsTable(told, words),
    more: others.length === 0 ? '' : words.others(others, rest),
    ways: told.flatMap((part) => waysOf(part, rehearsed, words)),
    assumed: { title: words.assumptions, lines: words.assumed(assumed, seed, length) },
  }
}

type Column<T> = { readonly title: Columns; readonly right?: true; readonly cell: (row: T) => string }

function table<T>(rows: readonly T[], columns: readonly Column<T>[], words: RehearsalWords): ToldTable {
  return {
    titles: columns.map(({ title }) => words.columns[title]),
    right: columns.map(({ right = false }) => right),
    rows: rows.map((row) => columns.map(({ cell }) => cell(row))),
  }
}

function partsTable(parts: readonly Part[], words: RehearsalWords): ToldTable {
  const has = (of: (part: Part) => number): boolean => parts.some((part) => of(part) > 0)
  const number = (title: Columns, of: (part: Part) => number): readonly Column<Part>[] =>
    has(of) ? [{ title, right: true, cell: (part) => String(of(part)) }] : []
  return table<Part>(
    parts,
    [
      { title: 'to', cell: ({ name }) => name },
      { title: 'domains', cell: ({ domains }) => domains.join(', ') },
      { title: 'messages', right: true, cell: ({ messages }) => String(messages) },
      { title: 'after', right: true, cell: ({ after }) => lengthOf(after, words) },
      { title: 'nearly', right: true, cell: ({ nearly }) => lengthOf(nearly, words) },
      { title: 'pace', right: true, cell: ({ perMinute }) => rateOf(perMinute / 60_000, words) },
      ...number('refused', ({ bounced }) => bounced),
      ...number('putOff', ({ deferrals }) => deferrals),
      ...number('retries', ({ retries }) => retries),
      ...number('expired', ({ expired }) => expired),
      { title: 'bound', cell: ({ bound }) => `${briefOf(bound, words)}${placeText(bound, words)}` },
    ],
    words,
  )
}

function waysOf(part: Part, { start }: Rehearsed, words: RehearsalWords): ToldRehearsal['ways'] {
  const isLong = part.after >= DAY
  // One phase of one source is the line of the table above.
  if (part.sources.length === 1 && (part.sources[0]?.phases.length ?? 0) <= 1) return []
  return part.sources.map(({ source, sent, phases }) => ({
    title: words.way(part.name, source, sent, part.sites),
    phases: table<Phase>(
      phases,
      [
        { title: 'from', right: true, cell: ({ from }) => clockOf(from, isLong, words) },
        { title: 'till', right: true, cell: ({ to }) => clockOf(to, isLong, words) },
        { title: 'clock', cell: ({ from }) => momentOf(start + from) },
        { title: 'pace', right: true, cell: (phase) => rateOf(phase.sent / (phase.to - phase.from), words) },
        { title: 'by', cell: (phase) => phaseOf(phase, words) },
      ],
      words,
    ),
  }))
}

const DAY = 86_400_000

/** `00:40:10`, and with days `2d 03:12`: how long since the beginning. */
function clockOf(ms: number, isLong: boolean, { span: [d] }: RehearsalWords): string {
  const seconds = Math.round(ms / 1_000)
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  if (isLong) return `${Math.floor(hours / 24)}${d} ${two(hours % 24)}:${two(minutes)}`
  return `${two(hours)}:${two(minutes)}:${two(seconds % 60)}`
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}

/** `11-24 09:00Z`: the time of day counts, the year does not. */
function momentOf(time: number): string {
  return `${new Date(time).toISOString().slice(5, 16).replace('T', ' ')}Z`
}

function lengthOf(ms: number, { span: units }: RehearsalWords): string {
  return ms < 1_000 ? `${Math.round(ms) / 1_000}${units[3]}` : span(ms, units)
}

/** In the largest of its units in which it is one or more. `perMs` may be anything where no time has passed. */
function rateOf(perMs: number, words: RehearsalWords): string {
  if (!Number.isFinite(perMs) || perMs <= 0) return '-'
  const perDay = perMs * DAY
  if (perMs >= 0.001) return words.perSecond(plain(perMs * 1_000))
  if (perMs * 60_000 >= 1) return words.perMinute(plain(perMs * 60_000))
  return perDay >= 24 ? words.perHour(plain(perDay / 24)) : words.perDay(plain(perDay))
}

function plain(number: number): string {
  return number >= 10 ? String(Math.round(number)) : String(Math.round(number * 10) / 10)
}

function phaseOf({ by, from, to, times = 1, lasted }: Phase, words: RehearsalWords): string {
  const brief = briefOf(by, words, { length: lasted ?? to - from, times })
  return `${brief}${placeText(by, words)}${'reaction' in by ? words.reply(by.reaction.reply) : ''}`
}

/** Without `lasting`, as long as the rule says. */
function briefOf(
  by: Binding,
  words: RehearsalWords,
  lasting?: { readonly length: number; readonly times: number },
): string {
  if (by.at === 'limit') return words.limit(by)
  if (by.at === 'warm-up') return words.warmUp(by)
  // The table pairs each with its words; TypeScript cannot follow a pair through a lookup.
  if (!('reaction' in by)) return (words.other[by.at] as (binding: Binding) => string)(by)
  const { length = by.reaction.for, times = 1 } = lasting ?? {}
  return words.reaction[by.at](by.reaction, { length: lengthOf(length, words), times })
}

/** Which rule says so, and where. */
function placeText(by: Binding, words: RehearsalWords): string {
  const place = by.at === 'limit' ? configured(by.limit) : 'reaction' in by ? placeOf(by.reaction) : ''
  return place === '' ? '' : words.place(place)
}

function configured(limit: Parameters<typeof limitPlace>[0]): string {
  const { origin } = limit ?? {}
  return origin?.layer === 'configuration' ? origin.key : limitPlace(limit)
}
