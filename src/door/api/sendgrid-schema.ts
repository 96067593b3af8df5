/** What `POST /v3/mail/send` of SendGrid takes, as far as it can be honoured here; the rest is refused by name. */

import { Type } from 'typebox'
import type { Static, TObject } from 'typebox'

import { ATTACHMENTS, BASE64, MEDIA_TYPE, NO_NUL, RECIPIENTS } from './message-schema.ts'
import { Line } from './text.ts'

const CLOSED = { additionalProperties: false }

export const PERSONALIZATIONS = 1000
/** Octets of all substitutions, or all custom arguments, of one personalization. */
export const TEXTS = 10_000

const Address = Type.Object(
  { email: Line({ minLength: 3, maxLength: 320 }), name: Type.Optional(Line({ maxLength: 255 })) },
  CLOSED,
)
const Addresses = Type.Array(Address, { minItems: 1, maxItems: RECIPIENTS })
const Subject = Type.Optional(Line({ minLength: 1, maxLength: 998 }))
const Headers = Type.Optional(
  Type.Record(Type.String({ pattern: '^[A-Za-z0-9!#$%&*+^_`|~-]{1,76}$' }), Line({ maxLength: 998 }), CLOSED),
)
const Texts = Type.Optional(Type.Record(Type.String(), Type.String({ pattern: NO_NUL })))
/** Seconds since the epoch. */
const SendAt = Type.Optional(Type.Integer({ minimum: 0 }))

/** A setting that may be there as long as it is off. */
function off(): TObject {
  return Type.Object({ enable: Type.Optional(Type.Literal(false)) })
}

const Attachment = Type.Object(
  {
    content: Type.String({ pattern: BASE64, minLength: 1 }),
    filename: Line({ minLength: 1, maxLength: 255 }),
    type: Type.Optional(Type.String({ pattern: MEDIA_TYPE })),
    disposition: Type.Optional(Type.Enum(['attachment', 'inline'])),
    content_id: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9!#$%&*+/=?^_.{|}~@-]{1,255}$' })),
  },
  CLOSED,
)

const Personalization = Type.Object(
  {
    to: Addresses,
    from: Type.Optional(Address),
    cc: Type.Optional(Addresses),
    bcc: Type.Optional(Addresses),
    subject: Subject,
    headers: Headers,
    substitutions: Texts,
    custom_args: Texts,
    send_at: SendAt,
  },
  CLOSED,
)

const MailSettings = Type.Object(
  {
    bypass_list_management: Type.Optional(off()),
    bypass_spam_management: Type.Optional(off()),
    bypass_bounce_management: Type.Optional(off()),
    bypass_unsubscribe_management: Type.Optional(off()),
    footer: Type.Optional(off()),
    sandbox_mode: Type.Optional(Type.Object({ enable: Type.Optional(Type.Boolean()) }, CLOSED)),
  },
  CLOSED,
)

const TrackingSettings = Type.Object(
  {
    click_tracking: Type.Optional(
      Type.Object(
        {
          enable: Type.Optional(Type.Boolean()),
          enable_text: Type.Optional(Type.Literal(false)),
        },
        CLOSED,
      ),
    ),
    open_tracking: Type.Optional(Type.Object({ enable: Type.Optional(Type.Boolean()) }, CLOSED)),
    subscription_tracking: Type.Optional(off()),
    ganalytics: Type.Optional(off()),
  },
  CLOSED,
)

export const SendGridRequest = Type.Object(
  {
    personalizations: Type.Array(Personalization, { minItems: 1, maxItems: PERSONALIZATIONS }),
    from: Address,
    reply_to: Type.Optional(Address),
    reply_to_list: Type.Optional(Addresses),
    subject: Subject,
    content: Type.Array(
      Type.Object(
        {
          type: Type.Enum(['text/plain', 'text/html']),
          value: Type.String({ minLength: 1, pattern: NO_NUL }),
        },
        CLOSED,
      ),
      { minItems: 1, maxItems: 2 },
    ),
    attachments: Type.Optional(Type.Array(Attachment, { maxItems: ATTACHMENTS })),
    headers: Headers,
    categories: Type.Optional(Type.Array(Line({ minLength: 1, maxLength: 255 }), { maxItems: 10 })),
    custom_args: Texts,
    send_at: SendAt,
    mail_settings: Type.Optional(MailSettings),
    tracking_settings: Type.Optional(TrackingSettings),
  },
  { ...CLOSED, title: 'SendGridMail' },
)

export type SendGridRequest = Static<typeof SendGridRequest>
export type Personalization = Static<typeof Personalization>
