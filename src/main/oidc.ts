/** Signing in by providers of OpenID Connect, as the configuration has them. */

import { Resolver } from '#platform/dns'
import { createHttpClient } from '#platform/http-client'
import { openAccounts } from '#product/account'
import { createOidc, openOidcRequests } from '#product/oidc'
import type { Oidc } from '#product/oidc'
import type { Users } from '#product/user'

import type { RunningNode } from './node.ts'
import { ensureOrganization } from './organizations.ts'
import { reachOf } from './reach.ts'
import { monotonic } from './security.ts'

export type OidcOfNode = {
  readonly node: Pick<RunningNode, 'config' | 'control' | 'key'>
  readonly users: Users
  /** Where people reach the API. */
  readonly site: () => string
}

/** Of `/sign-in` in `door/api`. */
const PAGE = '/sign-in'

/** What it opens is closed by `undo`. */
export async function openOidc({ node, users, site }: OidcOfNode, undo: AsyncDisposableStack): Promise<Oidc> {
  const { config, control, key } = node
  const { providers, allow } = config.signIn
  const requests = await openOidcRequests(control, key, Date.now)
  const accounts = await openAccounts(control, key, Date.now)
  for (const { provision, claim, organization, members } of providers) {
    if (!provision) continue
    const named = claim === undefined ? [organization] : members.map((rule) => rule.organization)
    for (const name of new Set(named)) await ensureOrganization(accounts, name)
  }
  const dns = undo.use(new Resolver({ config: config.dns, now: monotonic }))
  return createOidc({
    providers,
    users,
    requests,
    http: createHttpClient({
      dns,
      ...reachOf('sign_in.allow', allow),
      port: 'any',
      userAgent: 'hikyaku',
    }),
    now: Date.now,
    redirectOf: (provider) => `${site()}${PAGE}/${provider}`,
  })
}
