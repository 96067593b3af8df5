/** Why mail is not taken, as classes: what each means and what to do, in both languages. */

import { Type } from 'typebox'

import { BOUNCE_CLASSES, CLASSES } from '#grammar/bounce'

import type { Routes } from './parts.ts'
import { needs } from './security.ts'

const Words = Type.Object({ what: Type.String(), todo: Type.String() })

const Class = Type.Object(
  {
    class: Type.String(),
    type: Type.Enum(['hard', 'soft', 'none'], {
      description: '`hard`: the address will never take mail; `soft`: it may; `none`: no failure.',
    }),
    ja: Words,
    en: Words,
  },
  { title: 'BounceClass' },
)

export const bounceClassRoutes: Routes = (app, { authenticate }) => {
  app.route({
    method: 'GET',
    url: '/v1/bounce-classes',
    schema: {
      operationId: 'listBounceClasses',
      summary: 'Why mail is not taken: all classes, with what they mean in Japanese and English',
      tags: ['deliveries'],
      ...needs('messages:read'),
      response: { 200: Type.Object({ data: Type.Array(Class) }) },
    },
    async handler(request) {
      await authenticate(request, 'messages:read')
      return { data: BOUNCE_CLASSES.map((name) => ({ class: name, ...CLASSES[name] })) }
    },
  })
}
