/** Events as the API shows them: the same as webhooks bring. */

import { Type } from 'typebox'

import { EVENT_KINDS } from '#engine/spool'
import { formatMailbox, parseDomain, parseMailbox } from '#grammar/address'
import { parseMessageId } from '#grammar/message-id'
import type { EventFilter } from '#product/event'

import { Problem } from './problem.ts'
import { Line } from './text.ts'

const Time = Type.String({ format: 'date-time' })
const Maybe = Type.Optional
const Text = Type.String()
const TYPES = ['hard', 'soft', 'none'] as const

const Report = Type.Object(
  {
    host: Maybe(Text),
    status: Maybe(Type.String({ description: 'RFC 3463' })),
    text: Text,
    class: Maybe(Text),
    type: Maybe(Type.Enum(TYPES)),
  },
  { description: 'What came back about it.' },
)

const Attempt = Type.Interface([Report], {
  duration_ms: Type.Integer(),
  source: Text,
  site: Text,
  provider: Maybe(Text),
  address: Maybe(Text),
  tls: Maybe(Text),
  stage: Maybe(Text),
  code: Maybe(Type.Integer()),
})

export const EventShown = Type.Object(
  {
    id: Text,
    kind: Type.Enum(EVENT_KINDS),
    time: Time,
    stream: Maybe(Text),
    message: Maybe(Text),
    delivery: Maybe(Text),
    from: Maybe(Type.String({ description: 'The reverse-path; `<>` is the null one.' })),
    recipient: Maybe(Text),
    attempts: Maybe(Type.Integer()),
    tags: Maybe(Type.Array(Text)),
    metadata: Maybe(Type.Record(Text, Text)),
    reason: Maybe(Text),
    late: Maybe(Type.Boolean({ description: 'Given back by a host that had taken it.' })),
    first: Maybe(
      Type.Boolean({ description: 'The first open or click of its delivery by anybody but a machine.' }),
    ),
    attempt: Maybe(Attempt),
    report: Maybe(Report),
    data: Maybe(Type.Record(Text, Type.Union([Text, Type.Number(), Type.Boolean()]))),
  },
  { title: 'Event' },
)

/** Names of kinds with commas between them. */
const Kinds = Type.String({
  maxLength: 400,
  pattern: `^(?:${EVENT_KINDS.join('|')})(?:,(?:${EVENT_KINDS.join('|')}))*$`,
  description: `Of ${EVENT_KINDS.join(', ')}; several with commas.`,
})

export const EVENT_FILTER = {
  kind: Maybe(Kinds),
  stream: Maybe(Line({ maxLength: 63 })),
  recipient: Maybe(Line({ maxLength: 320, description: 'An address, or `@domain` for all of one.' })),
  message: Maybe(Line({ maxLength: 40 })),
}

export type EventFilterQuery = {
  readonly kind?: string
  readonly stream?: string
  readonly recipient?: string
  readonly message?: string
}

/** @throws {Problem} `invalid` */
export function filterOf({ kind, stream, recipient, message }: EventFilterQuery): EventFilter {
  const id = message === undefined ? undefined : parseMessageId(message)
  if (message !== undefined && id === undefined) throw wrong('message', 'that is no id of a message')
  const to = recipient === undefined ? undefined : canonicalRecipient(recipient)
  if (recipient !== undefined && to === undefined)
    throw wrong('recipient', 'expected an address, or @ and a domain')
  const kinds = kind?.split(',')
  return {
    ...(kinds !== undefined && { kinds: EVENT_KINDS.filter((one) => kinds.includes(one)) }),
    ...(stream !== undefined && { stream }),
    ...(id !== undefined && { message: id }),
    ...(to !== undefined && { to }),
  }
}

/** As the envelope has it; `undefined` when it is neither an address nor `@domain`. */
export function canonicalRecipient(text: string): string | undefined {
  if (text.startsWith('@')) {
    const domain = parseDomain(text.slice(1))
    return domain === undefined ? undefined : `@${domain}`
  }
  const mailbox = parseMailbox(text, { smtputf8: true, looseDots: true, furtherHop: true })
  return mailbox.ok ? formatMailbox(mailbox.value) : undefined
}

function wrong(field: string, detail: string): Problem {
  return new Problem('invalid', detail, { places: [{ pointer: `#/${field}`, detail }] })
}
