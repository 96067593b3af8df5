/** An event as it is told to other programs, by the API and by webhooks alike. Fields are added, and none changes. */

import type { Attempt, Event, EventData, EventKind, Report } from '#engine/spool'

export type PublishedAttempt = {
  readonly duration_ms: number
  readonly source: string
  readonly site: string
  readonly provider?: string
  readonly host?: string
  readonly address?: string
  readonly tls?: string
  readonly stage?: string
  /** Absent when there was no reply. */
  readonly code?: number
  /** RFC 3463 */
  readonly status?: string
  readonly text: string
  readonly class?: string
  readonly type?: 'hard' | 'soft' | 'none'
}

export type PublishedReport = Pick<PublishedAttempt, 'host' | 'status' | 'text' | 'class' | 'type'>

export type PublishedEvent = {
  readonly id: string
  readonly kind: EventKind
  /** RFC 3339 */
  readonly time: string
  readonly stream?: string
  readonly message?: string
  /** The message and the place of the recipient in it: `0sa94xg7r00.0`. */
  readonly delivery?: string
  readonly from?: string
  readonly recipient?: string
  /** Tries until then. */
  readonly attempts?: number
  readonly tags?: string[]
  readonly metadata?: Record<string, string>
  readonly reason?: string
  /** The receiver had said that it took the message, and gave it back. */
  readonly late?: true
  /** Of an open or a click: the first of its delivery by anybody but a machine. */
  readonly first?: true
  readonly attempt?: PublishedAttempt
  readonly report?: PublishedReport
  readonly data?: Record<string, EventData[string]>
}

export function published(event: Event): PublishedEvent {
  return {
    id: event.id,
    kind: event.kind,
    time: new Date(event.at).toISOString(),
    ...about(event),
    ...of(event),
  }
}

type About = 'stream' | 'message' | 'delivery' | 'from' | 'recipient' | 'attempts' | 'tags' | 'metadata'

function about({
  stream,
  message,
  n,
  from,
  to,
  attempts,
  tags,
  metadata,
}: Event): Pick<PublishedEvent, About> {
  return {
    ...(stream !== undefined && { stream }),
    ...(message !== undefined && { message }),
    ...(message !== undefined && n !== undefined && { delivery: `${message}.${n}` }),
    ...(from !== undefined && { from: from === '' ? '<>' : from }),
    ...(to !== undefined && { recipient: to }),
    ...(attempts !== undefined && { attempts }),
    ...(tags !== undefined && { tags: [...tags] }),
    ...(metadata !== undefined && { metadata: { ...metadata } }),
  }
}

type Of = 'reason' | 'late' | 'first' | 'attempt' | 'report' | 'data'

function of({ reason, late, first, attempt, report, data }: Event): Pick<PublishedEvent, Of> {
  return {
    ...(reason !== undefined && { reason }),
    ...(late !== undefined && { late }),
    ...(first !== undefined && { first }),
    ...(attempt !== undefined && { attempt: ofAttempt(attempt) }),
    ...(report !== undefined && { report: ofReport(report) }),
    ...(data !== undefined && { data: { ...data } }),
  }
}

function ofAttempt(attempt: Attempt): PublishedAttempt {
  const { duration, source, site, provider, host, address, tls, stage, code, enhanced, text, bounce } =
    attempt
  return {
    duration_ms: duration,
    source,
    site,
    ...(provider !== undefined && { provider }),
    ...(host !== '' && { host }),
    ...(address !== '' && { address }),
    ...(tls !== '' && { tls }),
    ...(stage !== '' && { stage }),
    ...(code !== 0 && { code }),
    ...(enhanced !== '' && { status: enhanced }),
    text,
    ...(bounce && { class: bounce.class, type: bounce.type }),
  }
}

function ofReport({ host, status, text, bounce }: Report): PublishedReport {
  return {
    ...(host !== '' && { host }),
    ...(status !== '' && { status }),
    text,
    ...(bounce && { class: bounce.class, type: bounce.type }),
  }
}
