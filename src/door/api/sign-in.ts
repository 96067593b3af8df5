/** What ways to sign in there are, for who is about to. */

import { Type } from 'typebox'

import type { Routes } from './parts.ts'
import { relyingParty } from './relying-party.ts'

export const ProviderName = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' })

const Ways = Type.Object(
  {
    passkeys: Type.Boolean({ description: 'Whether browsers make passkeys for this site.' }),
    providers: Type.Array(
      Type.Object({ name: Type.String(), title: Type.String({ description: 'As people read it.' }) }),
    ),
  },
  { title: 'SignIn' },
)

export const signInRoutes: Routes = (app, { oidc, site }) => {
  app.route({
    method: 'GET',
    url: '/v1/sign-in',
    schema: {
      operationId: 'showSignIn',
      summary: 'What signs people in beside a password',
      tags: ['session'],
      security: [],
      response: { 200: Ways },
    },
    handler: () => ({
      passkeys: relyingParty(site()) !== undefined,
      providers: oidc.providers.map((each) => ({ ...each })),
    }),
  })
}
