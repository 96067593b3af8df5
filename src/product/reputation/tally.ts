/**
 * What became of the mail of one source at one group of receivers within some time, and which share of it is bad. Pure:
 * counts nothing itself, and knows no clock.
 */

import { MEASURES } from '#grammar/event'
import type { Measure } from '#grammar/event'
import { CLASSES } from '#grammar/bounce'
import type { BounceClass } from '#grammar/bounce'

/** So many outcomes of one kind, as they are kept by the hour. */
export type Outcomes = {
  readonly source: string
  readonly provider: string
  /** `returned`: a bounce that came after the host had taken the message. */
  readonly kind: (typeof OUTCOMES)[number]
  /** Why it was not taken; empty where it was. */
  readonly class: string
  readonly count: number
}

export const OUTCOMES = ['delivered', 'deferred', 'bounced', 'returned', 'expired', 'complained'] as const

export type Tally = {
  readonly source: string
  readonly provider: string
  readonly delivered: number
  /** Attempts, of which one delivery may have several. */
  readonly deferred: number
  /** At once, in answer to an attempt. */
  readonly bounced: number
  /** After the host had taken it: among `delivered` as well. */
  readonly returned: number
  /** Given up when its time was over. */
  readonly expired: number
  readonly complained: number
  /** Of bounced and returned: addresses that will never take mail. */
  readonly hard: number
  /** Of bounced and returned: for what is thought of the source. */
  readonly refused: number
  /** Of deferred: by a receiver that means the source, not one that is down or knows no sender yet. */
  readonly putOff: number
  /** Of bounced and returned: why, the most frequent first. */
  readonly classes: readonly { readonly class: string; readonly count: number }[]
}

export { MEASURES }
export type { Measure }

/** So many of so many. `bad` may be the larger: complaints come days later. */
export type Share = { readonly bad: number; readonly of: number }

/** Refusals that are about who sends, and not about the recipient, the message or its signatures. */
const REFUSED: ReadonlySet<string> = new Set<BounceClass>(['reputation', 'spam', 'reverse-dns'])

/** Deferrals that are no judgement. */
const NEUTRAL: ReadonlySet<string> = new Set<BounceClass>([
  'greylisted',
  'network',
  'dns',
  'host-unknown',
  'tls',
  'expired',
  'mailbox-full',
  'inactive',
  'system-full',
  'system-error',
])

/** One for each source and group of receivers that has a row, sorted by both. */
export function tallied(rows: readonly Outcomes[]): readonly Tally[] {
  const groups = Map.groupBy(rows, ({ source, provider }) => `${source}\0${provider}`)
  const sorted = [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return sorted.flatMap(([, group]) => (group[0] === undefined ? [] : [tallyOf(group[0], group)]))
}

/** The share that `measure` looks at. */
export function shareOf(tally: Tally, measure: Measure): Share {
  const { delivered, deferred, bounced, hard, refused, complained, putOff } = tally
  const ended = delivered + bounced
  switch (measure) {
    case 'complained':
      return { bad: complained, of: delivered }
    case 'refused':
      return { bad: refused, of: ended }
    case 'bounced':
      return { bad: hard, of: ended }
    case 'deferred':
      return { bad: putOff, of: ended + deferred }
  }
}

function tallyOf(
  { source, provider }: Pick<Outcomes, 'source' | 'provider'>,
  rows: readonly Outcomes[],
): Tally {
  const sum = (isIt: (row: Outcomes) => boolean): number =>
    rows.reduce((total, row) => (isIt(row) ? total + row.count : total), 0)
  const failed = rows.filter(({ kind }) => kind === 'bounced' || kind === 'returned')
  const classes = [...Map.groupBy(failed, (row) => row.class)].map(([name, all]) => ({
    class: name,
    count: all.reduce((total, { count }) => total + count, 0),
  }))
  const ofClasses = (isIt: (name: string) => boolean): number =>
    classes.reduce((total, one) => (isIt(one.class) ? total + one.count : total), 0)
  return {
    source,
    provider,
    delivered: sum(({ kind }) => kind === 'delivered'),
    deferred: sum(({ kind }) => kind === 'deferred'),
    bounced: sum(({ kind }) => kind === 'bounced'),
    returned: sum(({ kind }) => kind === 'returned'),
    expired: sum(({ kind }) => kind === 'expired'),
    complained: sum(({ kind }) => kind === 'complained'),
    hard: ofClasses(isHard),
    refused: ofClasses((name) => REFUSED.has(name)),
    putOff: sum((row) => row.kind === 'deferred' && !NEUTRAL.has(row.class)),
    classes: classes.toSorted((a, b) => b.count - a.count || (a.class < b.class ? -1 : 1)),
  }
}

function isHard(name: string): boolean {
  return Object.hasOwn(CLASSES, name) && CLASSES[name as BounceClass].type === 'hard'
}
