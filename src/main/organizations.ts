/** What the operator's functions share: an operator sees all organizations, and is told what he did wrong. */

import { SpoolError } from '#engine/spool'
import { AccountError } from '#product/account'
import type { Accounts } from '#product/account'
import { DomainError } from '#product/domain'
import { OperationError } from '#product/operation'
import { QuotaError } from '#product/quota'
import { SuppressionError } from '#product/suppression'
import { WebhookError } from '#product/webhook'

export async function ofAll<T>(
  accounts: Accounts,
  list: (organization: string) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const organizations = await accounts.organizations()
  return (await Promise.all(organizations.map(({ name }) => list(name)))).flat()
}

export async function ensureOrganization(accounts: Accounts, name: string): Promise<void> {
  const known = await accounts.organizations()
  if (!known.some((organization) => organization.name === name)) {
    await told(() => accounts.addOrganization(name))
  }
}

/** What people did wrong is told to them; everything else is for the log. */
export async function told<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (cause) {
    const isRefused = cause instanceof SpoolError && cause.code === 'refused'
    const isOurs =
      isRefused ||
      [AccountError, DomainError, QuotaError, SuppressionError, WebhookError].some(
        (kind) => cause instanceof kind,
      )
    if (!isOurs || !(cause instanceof Error)) throw cause
    throw new OperationError('invalid', cause.message, { cause })
  }
}
