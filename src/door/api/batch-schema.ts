/** What `POST /v1/messages/batch` takes and gives, as data: checked, and published as OpenAPI. */

import { Type } from 'typebox'
import type { Static } from 'typebox'

import { Address, MessageRequest, NO_NUL } from './message-schema.ts'
import { TemplateName, Variables } from './template-schema.ts'
import { Line } from './text.ts'

const CLOSED = { additionalProperties: false }

/** Recipients of one call in JSON, and of one message: what comes as a stream is kept as several. */
export const BATCH = 10_000

const {
  from,
  reply_to,
  headers,
  attachments,
  stream,
  send_at,
  charset,
  charset_fallback,
  tags,
  metadata,
  tracking,
} = MessageRequest.properties

const LIQUID = 'A template in Liquid, such as `Dear {{ name }}`.'

/** One letter for all of them: what a message has, but for its recipients. */
const LETTER = {
  from,
  reply_to,
  template: Type.Optional(TemplateName),
  subject: Type.Optional(
    Line({ maxLength: 998, description: `${LIQUID} Required unless \`template\` names one.` }),
  ),
  text: Type.Optional(Type.String({ pattern: NO_NUL, description: LIQUID })),
  html: Type.Optional(
    Type.String({
      pattern: NO_NUL,
      description: `${LIQUID} What variables bring is escaped, unless it says \`| raw\`.`,
    }),
  ),
  headers,
  attachments,
  stream,
  send_at,
  charset,
  charset_fallback,
  tags,
  metadata,
  tracking,
}

export const LetterRequest = Type.Object(LETTER, { ...CLOSED, title: 'Letter' })

export const LetterRecipient = Type.Object(
  {
    to: Address,
    variables: Type.Optional(Variables),
  },
  { ...CLOSED, title: 'LetterRecipient' },
)

export const BatchRequest = Type.Object(
  {
    ...LETTER,
    // What is wrong with one of them is told of that one, and the others are sent to.
    recipients: Type.Array(Type.Union([LetterRecipient, Type.Unknown()]), { minItems: 1, maxItems: BATCH }),
  },
  { ...CLOSED, title: 'Batch' },
)

export type LetterRequest = Static<typeof LetterRequest>
export type LetterRecipient = Static<typeof LetterRecipient>
export type BatchRequest = Static<typeof BatchRequest>

const Fate = {
  email: Type.Optional(Type.String({ description: 'As it is written in the envelope.' })),
  status: Type.Enum(['queued', 'suppressed', 'invalid']),
  delivery: Type.Optional(
    Type.String({ description: 'Where it is queued, for everything asked about it later.' }),
  ),
  detail: Type.Optional(Type.String({ description: 'Why it is not sent to.' })),
  pointer: Type.Optional(Type.String({ description: 'Where the request is wrong. RFC 6901' })),
}

export const RecipientFate = Type.Object(Fate, { title: 'RecipientFate' })
export type RecipientFate = Static<typeof RecipientFate>

export const BatchAccepted = Type.Object(
  {
    id: Type.Optional(Type.String({ description: 'Of the message; absent when nobody is sent to.' })),
    recipients: Type.Array(RecipientFate, { description: 'In the order of the request.' }),
  },
  { title: 'BatchAccepted', description: 'The message is kept, and survives whatever happens.' },
)
