/** Messages and deliveries as the API shows them, and how they are made of what the spool keeps. */

import { Type } from 'typebox'
import type { Static } from 'typebox'

import type { Attempt, Delivery, Message, MessageView, Report } from '#engine/spool'
import { formatMailbox, formatPath } from '#grammar/address'
import { DELIVERY_STATES } from '#product/operation'

import { isoTime } from './text.ts'

const Time = Type.String({ format: 'date-time' })
const Maybe = Type.Optional

export const State = Type.Enum(DELIVERY_STATES)

export const DeliveryRow = Type.Object(
  {
    id: Type.String({ description: 'The message and the place of the recipient in it: `0sa94xg7r00.0`.' }),
    message: Type.String(),
    recipient: Type.String(),
    state: State,
    stream: Type.String(),
    from: Type.String({ description: 'The reverse-path; `<>` is the null one.' }),
    subject: Maybe(Type.String()),
    tags: Maybe(Type.Array(Type.String())),
    accepted_at: Time,
    next_attempt_at: Maybe(Time),
    ended_at: Maybe(Time),
    attempts: Type.Integer(),
    last_reply: Maybe(Type.String()),
  },
  { title: 'Delivery' },
)

const Step = Type.Object(
  {
    at: Time,
    event: Type.Enum([
      'delivered',
      'deferred',
      'bounced',
      'bounce-reported',
      'delay-reported',
      'success-reported',
      'complained',
      'unsubscribed',
      'opened',
      'clicked',
    ]),
    duration_ms: Maybe(Type.Integer()),
    source: Maybe(Type.String()),
    site: Maybe(Type.String()),
    host: Maybe(Type.String()),
    address: Maybe(Type.String()),
    tls: Maybe(Type.String()),
    stage: Maybe(Type.String()),
    code: Maybe(Type.Integer()),
    status: Maybe(Type.String({ description: 'RFC 3463' })),
    text: Type.String(),
    class: Maybe(Type.String()),
    type: Maybe(Type.Enum(['hard', 'soft', 'none'])),
  },
  { title: 'Step', description: 'What happened to a delivery, in the order of time.' },
)

export const MessageShown = Type.Object(
  {
    id: Type.String(),
    stream: Type.String(),
    from: Type.String(),
    subject: Maybe(Type.String()),
    tags: Maybe(Type.Array(Type.String())),
    metadata: Maybe(Type.Record(Type.String(), Type.String())),
    accepted_at: Time,
    expires_at: Time,
    size: Type.Integer(),
    door: Type.String(),
    deliveries: Type.Array(Type.Interface([DeliveryRow], { timeline: Type.Array(Step) })),
  },
  { title: 'MessageWithDeliveries' },
)

export function deliveryRow(message: Message, delivery: Delivery): Static<typeof DeliveryRow> {
  const { key, to, state, due, endedAt, attempts, lastReply } = delivery
  const { stream, from, subject, tags, acceptedAt } = message
  return {
    id: `${key.message}.${key.n}`,
    message: key.message,
    recipient: formatMailbox(to),
    state,
    stream,
    from: formatPath(from),
    ...(subject !== undefined && { subject }),
    ...(tags !== undefined && { tags: [...tags] }),
    accepted_at: isoTime(acceptedAt),
    ...(state === 'waiting' && { next_attempt_at: isoTime(due) }),
    ...(endedAt !== undefined && { ended_at: isoTime(endedAt) }),
    attempts,
    ...(lastReply !== undefined && { last_reply: lastReply }),
  }
}

export function messageShown({ message, deliveries }: MessageView): Static<typeof MessageShown> {
  const { id, stream, from, subject, tags, metadata, acceptedAt, expiresAt, size, door } = message
  return {
    id,
    stream,
    from: formatPath(from),
    ...(subject !== undefined && { subject }),
    ...(tags !== undefined && { tags: [...tags] }),
    ...(metadata !== undefined && { metadata: { ...metadata } }),
    accepted_at: isoTime(acceptedAt),
    expires_at: isoTime(expiresAt),
    size,
    door,
    deliveries: deliveries.map(({ delivery, attempts, reports }) => ({
      ...deliveryRow(message, delivery),
      timeline: [...attempts.map(ofAttempt), ...reports.map(ofReport)].toSorted((a, b) =>
        a.at < b.at ? -1 : 1,
      ),
    })),
  }
}

function ofAttempt(attempt: Attempt): Static<typeof Step> {
  const { at, outcome, duration, source, site, host, address, tls, stage, code, enhanced, text, bounce } =
    attempt
  return {
    at: isoTime(at),
    event: outcome,
    duration_ms: duration,
    source,
    site,
    ...present({ host, address, tls, stage }),
    ...(code !== 0 && { code }),
    ...present({ status: enhanced }),
    text,
    ...(bounce && { class: bounce.class, type: bounce.type }),
  }
}

const REPORTED = {
  bounce: 'bounce-reported',
  delay: 'delay-reported',
  success: 'success-reported',
  complaint: 'complained',
  unsubscribe: 'unsubscribed',
  open: 'opened',
  click: 'clicked',
} as const

function ofReport({ kind, at, host, status, text, bounce, reader }: Report): Static<typeof Step> {
  return {
    at: isoTime(at),
    event: REPORTED[kind],
    ...present({ host, status }),
    text,
    ...(bounce && { class: bounce.class, type: bounce.type }),
    ...(reader && { class: reader.class }),
  }
}

/** Without what is empty. */
function present<K extends string>(texts: Readonly<Record<K, string>>): Partial<Record<K, string>> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== '')) as Partial<
    Record<K, string>
  >
}
