/** What may be done over the API, as words: of keys, and of roles. */

/** What a key may do. Each route of the API asks for one. */
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
  'accounts:read',
  'accounts:write',
  'users:read',
  'users:write',
  'audit:read',
] as const

export type Scope = (typeof SCOPES)[number]

export function isScope(text: string): text is Scope {
  return SCOPES.some((scope) => scope === text)
}
