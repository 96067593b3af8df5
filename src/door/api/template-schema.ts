/** How requests name a template, and what they fill it in with. */

import { Type } from 'typebox'

export const TemplateName = Type.String({
  pattern: '^[a-z0-9][a-z0-9._-]{0,99}$',
  description: 'Lower-case letters, digits, dots, hyphens, underscores.',
})

export const Variables = Type.Record(Type.String(), Type.Unknown(), {
  description:
    'What the template is filled in with: texts, numbers, lists, objects. What it has not is empty.',
})
