/** What an operator does with users: sees them, and makes the link that lets an owner in. */

import type { Config } from '#platform/config'
import { OperationError } from '#product/operation'
import type { Operations } from '#product/operation'
import type { Accounts } from '#product/account'
import type { Users } from '#product/user'

import { linkTo } from './links.ts'
import { ensureOrganization, ofAll } from './organizations.ts'

type UserOperations = Pick<Operations, 'users' | 'ownerLink'>

export type UserOperationParts = {
  readonly config: Config
  readonly users: Users
  readonly accounts: Accounts
  readonly apiUrl: () => string
}

export function userOperations({ config, users, accounts, apiUrl }: UserOperationParts): UserOperations {
  return {
    users: () => ofAll(accounts, (organization) => users.members(organization)),
    async ownerLink({ organization }) {
      if (!config.api.enabled)
        throw new OperationError('refused', 'the link leads to the HTTP API, which is off: [api] enabled')
      await ensureOrganization(accounts, organization)
      return { organization, url: linkTo(apiUrl(), 'owner', await users.makeOwnerLink(organization)) }
    },
  }
}

/** The link for who installs this: as long as the first organization has no owner. */
export async function firstOwnerLink(
  users: Users,
  operations: Pick<Operations, 'ownerLink'>,
): Promise<string | undefined> {
  if (await users.hasOwner(FIRST)) return undefined
  return (await operations.ownerLink({ organization: FIRST })).url
}

const FIRST = 'default'
