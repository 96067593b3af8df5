/** Roles as data: what each may do, in the scopes that API keys have, so that every route asks both the same question. */

import { ROLES } from '#grammar/scope'
import type { Role } from '#grammar/scope'
import { OPERATOR, OPERATOR_SCOPES, SCOPES } from '#product/account'
import type { Scope } from '#product/account'

export { ROLES }

export type { Role }

const READ = SCOPES.filter((scope) => scope.endsWith(':read'))

/** Owners differ from admins in one thing that is no scope: only an owner makes or unmakes owners. */
const MAY: { readonly [R in Role]: readonly Scope[] } = {
  owner: SCOPES,
  admin: SCOPES,
  developer: SCOPES.filter((scope) => !scope.startsWith('users:') && !scope.startsWith('audit:')),
  marketer: [
    'messages:send',
    'messages:read',
    'suppressions:read',
    'suppressions:write',
    'events:read',
    'statistics:read',
    'domains:read',
    'templates:read',
    'templates:write',
  ],
  analyst: [
    'messages:read',
    'suppressions:read',
    'events:read',
    'statistics:read',
    'domains:read',
    'templates:read',
  ],
  'read-only': READ,
}

/** Within an organization. Owners and admins of the operator's are its operators. */
export function scopesOf(role: Role, organization: string): readonly Scope[] {
  const isOperator = organization === OPERATOR && (role === 'owner' || role === 'admin')
  return isOperator ? [...MAY[role], ...OPERATOR_SCOPES] : MAY[role]
}

export function isRole(text: string): text is Role {
  return ROLES.some((role) => role === text)
}

/** Who gives a role or a key away gives nothing that they have not themselves. */
export type Giver = {
  readonly role?: Role
  readonly organization: string
  readonly scopes: readonly Scope[]
}

/** An API key has no role, and makes no owners. */
export function mayGive(giver: Giver, role: Role): boolean {
  if (role === 'owner') return giver.role === 'owner'
  return scopesOf(role, giver.organization).every((scope) => giver.scopes.includes(scope))
}
