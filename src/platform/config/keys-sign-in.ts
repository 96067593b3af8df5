/** The keys for signing in by somebody else: providers of OpenID Connect. */

import { ROLES } from '#grammar/scope'

import { choice, flag, hosts, issuer, networks, optional, secret, text, texts } from './kinds.ts'
import { named, rows, table } from './schema.ts'

const MEMBERS = rows(
  'What a value of `claim` gives. Of several for one organization the first that matches.',
  {
    value: text({ example: 'mail-admins', is: 'One of the values of `claim`.' }),
    organization: text({ default: 'default', is: 'The organization that who has it belongs to.' }),
    role: choice(ROLES, { default: 'read-only', is: 'What they may do there.' }),
  },
)

const PROVIDERS = named(
  'A provider of OpenID Connect. Its name stands in the address that it sends people back to, which it must be told: `api.url` and `/sign-in/<name>`.',
  {
    title: optional(text({ example: 'Example Inc.', is: 'As people read it; absent: its name.' })),
    issuer: issuer({
      example: 'https://accounts.google.com',
      is: 'As the provider writes it. What else is to be known of it is asked of it.',
    }),
    clientId: text({ is: 'What the provider calls this installation.' }),
    clientSecret: secret(
      optional(text({ is: 'What the provider knows it by. Absent: nothing but PKCE (RFC 7636 §1).' })),
    ),
    scopes: texts({
      default: ['openid', 'email', 'profile'],
      is: 'What the provider is asked for; `openid` among it.',
    }),
    domains: hosts({
      default: [],
      example: ['example.com'],
      is: 'Addresses of these domains alone sign in. Empty: of any.',
    }),
    trustEmail: flag({
      default: false,
      is: 'Whether an address counts as verified where the provider does not say whether it is, as Entra ID does not. Only for a provider whose people cannot choose their address.',
    }),
    link: choice(['none', 'without-password', 'verified-email'], {
      default: 'none',
      is: 'Whether the first sign-in opens an account that there is, of the same verified address: none, one that has no password, or any. People link their account themselves whatever stands here.',
    }),
    provision: flag({
      default: false,
      is: 'Whether who has no account gets one, and belongs where `claim` or `organization` says, at each sign-in anew.',
    }),
    organization: text({ default: 'default', is: 'Where they belong, without `claim`.' }),
    role: choice(ROLES, { default: 'read-only', is: 'What they may do there, without `claim`.' }),
    claim: optional(
      text({
        example: 'groups',
        is: 'The claim, by its name or path (`realm_access.roles`), whose values `members` has: who has none of them is not let in.',
      }),
    ),
    members: MEMBERS,
    askCode: flag({
      default: false,
      is: 'Whether somebody with a second factor here is asked for its code after the provider has let them in.',
    }),
  },
  {},
)

export const SIGN_IN = table('Other ways to sign in to the HTTP API than a password and passkeys.', {
  allow: networks({
    default: [],
    example: ['10.0.0.0/8'],
    is: 'Private networks in which providers may be asked, without TLS too. Elsewhere only public addresses are, with TLS.',
  }),
  providers: PROVIDERS,
})
