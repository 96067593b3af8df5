/** What `POST /v1/messages` takes, as data: checked, and published as OpenAPI. */

import { Type } from 'typebox'
import type { Static } from 'typebox'

import { METADATA, TAGS } from '#engine/spool'

import { TemplateName, Variables } from './template-schema.ts'
import { Line } from './text.ts'

export const NO_NUL = '^[^\\u0000]*$'

/** RFC 6838 §4.2 */
export const MEDIA_TYPE = '^[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}$'

export const BASE64 = '^[A-Za-z0-9+/\\r\\n]*={0,2}[\\r\\n]*$'

const CLOSED = { additionalProperties: false }

/** As many as an envelope of ours takes. */
export const RECIPIENTS = 1000
/** Of one message. */
export const ATTACHMENTS = 100

export const Address = Type.Union(
  [
    Line({ minLength: 3, maxLength: 998, examples: ['user@example.com'] }),
    Type.Object(
      {
        email: Line({ minLength: 3, maxLength: 320 }),
        name: Type.Optional(Line({ maxLength: 255 })),
      },
      CLOSED,
    ),
  ],
  { description: '`user@example.com`, `Name <user@example.com>`, or an object of `email` and `name`.' },
)

const Addresses = Type.Union([Address, Type.Array(Address, { maxItems: RECIPIENTS })])

const Attachment = Type.Object(
  {
    name: Line({ minLength: 1, maxLength: 255 }),
    type: Type.Optional(
      Type.String({
        pattern: MEDIA_TYPE,
        description: 'Its media type; `application/octet-stream` when absent.',
      }),
    ),
    content: Type.String({ pattern: BASE64, description: 'Base64.' }),
    content_id: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9!#$%&*+/=?^_.{|}~@-]{1,255}$',
        description: 'Shows it inside the HTML, where that says `cid:` and this.',
      }),
    ),
  },
  CLOSED,
)

/** How it may be found, and what is told again with what becomes of it. */
export const LABELS = {
  tags: Type.Optional(
    Type.Array(Line({ minLength: 1, maxLength: TAGS.length, examples: ['welcome'] }), {
      maxItems: TAGS.count,
      description: 'What mail is told apart by: in events, statistics and when it is looked for.',
    }),
  ),
  metadata: Type.Optional(
    Type.Record(
      Type.String({ pattern: `^[A-Za-z0-9_.-]{1,${METADATA.name}}$` }),
      Line({ maxLength: METADATA.octets }),
      {
        ...CLOSED,
        maxProperties: METADATA.count,
        description: `Told again with each event; ${METADATA.octets} octets in all.`,
        examples: [{ order: '1234' }],
      },
    ),
  ),
}

/** Whether it is told that a recipient opened it or followed a link in it. */
export const TRACKING = {
  tracking: Type.Optional(
    Type.Object(
      { opens: Type.Optional(Type.Boolean()), clicks: Type.Optional(Type.Boolean()) },
      {
        ...CLOSED,
        description: 'What is told of HTML of this message, whatever its stream says. See docs/tracking.md.',
      },
    ),
  ),
}

/** What a message made here and one made elsewhere have in common. */
const WHERE_AND_WHEN = {
  stream: Type.Optional(
    Type.String({
      pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
      description: 'Which stream it belongs to; that of the API key when absent.',
    }),
  ),
  send_at: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'When it is to be sent: at once when absent, a year ahead at most. RFC 3339.',
    }),
  ),
}

export const MessageRequest = Type.Object(
  {
    from: Address,
    to: Addresses,
    cc: Type.Optional(Addresses),
    bcc: Type.Optional(Addresses),
    reply_to: Type.Optional(Addresses),
    template: Type.Optional(TemplateName),
    variables: Type.Optional(Variables),
    subject: Type.Optional(Line({ maxLength: 998, description: 'Required unless a template says it.' })),
    text: Type.Optional(Type.String({ pattern: NO_NUL })),
    html: Type.Optional(Type.String({ pattern: NO_NUL })),
    headers: Type.Optional(
      Type.Record(Type.String({ pattern: '^[A-Za-z0-9!#$%&*+^_`|~-]{1,76}$' }), Line({ maxLength: 998 }), {
        ...CLOSED,
        maxProperties: 50,
        description: 'More header fields, such as `X-Order` or `In-Reply-To`.',
      }),
    ),
    attachments: Type.Optional(Type.Array(Attachment, { maxItems: ATTACHMENTS })),
    ...WHERE_AND_WHEN,
    ...LABELS,
    ...TRACKING,
    charset: Type.Optional(
      Type.Enum(['utf-8', 'iso-2022-jp'], {
        default: 'utf-8',
        description: 'Of the text and the header section.',
      }),
    ),
    charset_fallback: Type.Optional(
      Type.Enum(['refuse', 'utf-8'], {
        default: 'refuse',
        description: 'What becomes of a message with characters that `iso-2022-jp` has not.',
      }),
    ),
  },
  { ...CLOSED, title: 'Message' },
)

export type MessageRequest = Static<typeof MessageRequest>
export type AddressRequest = Static<typeof Address>

const Plain = Line({ minLength: 3, maxLength: 320, description: 'An address without a name.' })

/** The envelope of a message made elsewhere. */
export const Envelope = Type.Object(
  {
    from: Plain,
    to: Type.Union([Plain, Type.Array(Plain, { minItems: 1, maxItems: RECIPIENTS })]),
    ...WHERE_AND_WHEN,
  },
  CLOSED,
)

export const RawRequest = Type.Interface(
  [Envelope],
  {
    content: Type.String({ pattern: BASE64, description: 'The message, RFC 5322, in base64.' }),
    ...LABELS,
    ...TRACKING,
  },
  { ...CLOSED, title: 'RawMessage' },
)

export const MessageAccepted = Type.Object(
  {
    id: Type.String({ description: 'Of the message, for everything that is asked about it later.' }),
    recipients: Type.Array(
      Type.Object({
        email: Type.String(),
        status: Type.Enum(['queued', 'suppressed']),
        detail: Type.Optional(Type.String({ description: 'Why it is not sent to.' })),
      }),
    ),
  },
  { title: 'MessageAccepted', description: 'The message is kept, and survives whatever happens.' },
)
