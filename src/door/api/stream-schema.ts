/** A stream in answers. */

import { Type } from 'typebox'
import type { Static } from 'typebox'

export const ShownStream = Type.Object(
  {
    stream: Type.String(),
    kind: Type.Enum(['transactional', 'marketing']),
    pool: Type.String({ description: 'Whose sources its mail leaves by.' }),
    weight: Type.Integer({ description: 'Its share of a path beside other streams.' }),
    list_unsubscribe: Type.Enum(['none', 'mail', 'one-click', 'both']),
    tracking: Type.Object({ opens: Type.Boolean(), clicks: Type.Boolean() }),
    retention_seconds: Type.Integer({ description: 'How long records of its messages are kept.' }),
    suppression: Type.Object(
      {
        complaint: Type.Enum(['stream', 'organization']),
        unsubscribe: Type.Enum(['stream', 'organization']),
        bounce: Type.Enum(['stream', 'organization']),
      },
      { description: 'What each of them keeps mail from: this stream, or all of the organization.' },
    ),
  },
  { title: 'Stream' },
)

export type ShownStream = Static<typeof ShownStream>
