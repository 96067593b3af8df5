/** What may be done over the API, as words: of keys, and of the roles that stand for some of them. */

/** What a key may do to its own organization. Each route of the API asks for one. */
export const SCOPES = [
  'messages:send',
  'messages:read',
  'messages:write',
  'suppressions:read',
  'suppressions:write',
  'events:read',
  'statistics:read',
  'domains:read',
  'domains:write',
  'webhooks:read',
  'webhooks:write',
  'templates:read',
  'templates:write',
  'accounts:read',
  'accounts:write',
  'users:read',
  'users:write',
  'audit:read',
] as const

/** What concerns the whole installation, or another organization: for the operator's organization alone. */
export const OPERATOR_SCOPES = ['operator:read', 'operator:write'] as const

/** The organization that is there from the first start: of who runs the installation. */
export const OPERATOR = 'default'

export type Scope = (typeof SCOPES)[number] | (typeof OPERATOR_SCOPES)[number]

export function isScope(text: string): text is Scope {
  return [...SCOPES, ...OPERATOR_SCOPES].some((scope) => scope === text)
}

export function isOperatorScope(scope: Scope): boolean {
  return OPERATOR_SCOPES.some((one) => one === scope)
}

/** What somebody is in an organization. Who may do the most comes first. */
export const ROLES = ['owner', 'admin', 'developer', 'marketer', 'analyst', 'read-only'] as const

export type Role = (typeof ROLES)[number]
