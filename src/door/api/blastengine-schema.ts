/** What Blastengine's REST API takes, as far as it is honoured here; the rest is refused by name. */

import { Type } from 'typebox'
import type { Static } from 'typebox'

import { NO_NUL, RECIPIENTS } from './message-schema.ts'
import { Line } from './text.ts'

const CLOSED = { additionalProperties: false }

const Email = Line({ minLength: 3, maxLength: 254 })
const Person = Type.Object({ email: Email, name: Type.Optional(Line({ maxLength: 255 })) }, CLOSED)

/** `__key__` or `%%key%%`, wherever it stands in subject and text. */
const InsertCodes = Type.Array(
  Type.Object(
    {
      key: Type.String({ pattern: '^(?:__[0-9A-Za-z]{1,100}__|%%[0-9A-Za-z]{1,100}%%)$' }),
      value: Type.String({ maxLength: 10_000, pattern: NO_NUL }),
    },
    CLOSED,
  ),
  { maxItems: 50 },
)

const Text = Type.String({ pattern: NO_NUL })

const CONTENT = {
  from: Person,
  reply_to: Type.Optional(Person),
  subject: Line({ minLength: 1, maxLength: 998 }),
  encode: Type.Optional(Type.Enum(['UTF-8', 'ISO-2022-JP'])),
  text_part: Type.Optional(Text),
  html_part: Type.Optional(Text),
  list_unsubscribe: Type.Optional(
    Type.Object(
      {
        mailto: Type.Optional(Type.String({ pattern: '^mailto:[^\\s<>,]{3,450}$' })),
        url: Type.Optional(Type.String({ pattern: '^https?://[^\\s<>,]{3,450}$' })),
      },
      CLOSED,
    ),
  ),
}

const Others = Type.Optional(Type.Array(Email, { maxItems: 10 }))

export const Transaction = Type.Object(
  { ...CONTENT, to: Email, cc: Others, bcc: Others, insert_code: Type.Optional(InsertCodes) },
  { ...CLOSED, title: 'BlastengineTransaction' },
)

export const BulkBegin = Type.Object(CONTENT, { ...CLOSED, title: 'BlastengineBulk' })

/** Recipients take the place of those before. */
export const BulkUpdate = Type.Object(
  {
    ...Type.Partial(Type.Object(CONTENT)).properties,
    to: Type.Optional(
      Type.Array(Type.Object({ email: Email, insert_code: Type.Optional(InsertCodes) }, CLOSED), {
        maxItems: RECIPIENTS,
      }),
    ),
  },
  { ...CLOSED, title: 'BlastengineBulkUpdate' },
)

export const BulkCommit = Type.Object({ reservation_time: Type.String({ format: 'date-time' }) }, CLOSED)

export type Transaction = Static<typeof Transaction>

export const DeliveryId = Type.Object({ id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) })
