/** How much was accepted in the windows of now: from sums that are kept in the commit of each message, and never by counting. */

import { OURS } from '#engine/spool'
import type { CountRow, Spool } from '#engine/spool'

import { SPANS, windowOf } from './quota.ts'
import type { Quota, QuotaStanding, Span } from './quota.ts'

export type CountSource = Pick<Spool, 'counts'>

/** `stream` absent: of all together. */
export type Used = (span: Span, stream?: string) => number

/** Of one organization. Two questions, whatever the number of messages. */
export async function usedBy(source: CountSource, organization: string, at: number): Promise<Used> {
  const [hour, day, month] = SPANS.map((span) => windowOf(span, at)) as [Win, Win, Win]
  // What was accepted had no path yet.
  const accepted = { organization, source: '', provider: '' }
  const [ofHour, ofDays] = await Promise.all([
    source.counts({ ...accepted, from: hour.begin, to: hour.end, by: ['stream', 'class'] }),
    source.counts({ ...accepted, from: month.begin, to: month.end, by: ['day', 'stream', 'class'] }),
  ])
  const rows: { readonly [S in Span]: readonly CountRow[] } = {
    hour: ofHour,
    day: ofDays.filter(({ key }) => key.day === day.begin),
    month: ofDays,
  }
  return (span, stream) =>
    rows[span]
      .filter(({ key }) => key.class !== OURS && (stream === undefined || key.stream === stream))
      .reduce((sum, { counts }) => sum + (counts.accepted ?? 0), 0)
}

type Win = ReturnType<typeof windowOf>

/** What is left of each, as of now, whichever node accepted the mail. */
export async function standingsOf(
  source: CountSource,
  quotas: readonly Quota[],
  at: number,
): Promise<readonly QuotaStanding[]> {
  const organizations = Map.groupBy(quotas, ({ organization }) => organization)
  const standings: QuotaStanding[] = []
  for (const [organization, ofOne] of organizations) {
    const used = await usedBy(source, organization, at)
    for (const quota of ofOne) standings.push({ ...quota, windows: windowsOf(quota, used, at) })
  }
  return standings
}

function windowsOf({ stream, limits }: Quota, used: Used, at: number): QuotaStanding['windows'] {
  return SPANS.flatMap((span) => {
    const limit = limits[span]
    return limit === undefined
      ? []
      : [{ span, limit, used: used(span, stream), until: windowOf(span, at).end }]
  })
}
