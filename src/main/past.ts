/** What deliveries taught of their recipients, from their records: the same that was learnt when it happened. */

import { isOurs } from '#engine/spool'
import type { Past, Report, Spool } from '#engine/spool'
import { addressKey } from '#grammar/address'
import { timeOf, toInteger } from '#grammar/message-id'
import type { Operations, PastExperience } from '#product/operation'

type PastOperations = Pick<Operations, 'experiences'>

export function pastOperations(spool: Pick<Spool, 'past'>): PastOperations {
  return {
    async experiences({ organization, after, limit }) {
      const page = await spool.past(after, limit)
      const last = page.at(-1)
      return {
        rows: page.flatMap((one) => (one.organization === organization ? taught(one) : [])),
        looked: page.length,
        // An empty page is the end, and so is one that is not full.
        ...(last !== undefined && { through: timeOf(toInteger(last.key.message)) }),
        ...(last !== undefined && page.length === limit && { next: last.key }),
      }
    },
  }
}

function taught(past: Past): readonly PastExperience[] {
  if (isOurs(past)) return []
  const { key, to, organization, stream, last } = past
  const known = {
    organization,
    stream,
    address: addressKey(to),
    delivery: `${key.message}.${key.n}`,
    ...(last?.site && { site: last.site }),
  }
  return [...ofEnd(past, known), ...past.reports.flatMap((report) => ofReport(report, past, known))]
}

type Known = Pick<PastExperience, 'organization' | 'stream' | 'address' | 'delivery' | 'site'>

function ofEnd({ state, endedAt: at, last, lastReply }: Past, known: Known): readonly PastExperience[] {
  if (at === undefined) return []
  if (state === 'delivered') return [{ ...known, at, kind: 'delivered' }]
  if ((state !== 'bounced' && state !== 'expired') || last?.bounce === undefined) return []
  const { class: what, type } = last.bounce
  return [{ ...known, at, kind: 'bounced', evidence: lastReply ?? last.text, class: what, type }]
}

function ofReport(report: Report, { state }: Past, known: Known): readonly PastExperience[] {
  const { at, text, status, bounce } = report
  switch (report.kind) {
    case 'complaint':
      return [{ ...known, at, kind: 'complained', evidence: text }]
    case 'unsubscribe':
      return [{ ...known, at, kind: 'unsubscribed', evidence: text }]
    case 'bounce': {
      // One that had bounced already was counted then.
      if (bounce === undefined || state === 'bounced' || state === 'expired') return []
      const { class: what, type } = bounce
      return [{ ...known, at, kind: 'bounced', evidence: text === '' ? status : text, class: what, type }]
    }
    case 'delay':
    case 'success':
    case 'open':
    case 'click':
      return []
  }
}
