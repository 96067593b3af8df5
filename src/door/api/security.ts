/** What a route asks of who calls it, as its description has it: a scope, or a person who has signed in. */

import type { Scope } from '#product/account'

type Security = readonly { readonly [scheme: string]: readonly string[] }[]

/** A key or a session with this scope. Names of scopes stand where OpenAPI 3.1 has them: in the requirement. */
export function needs(scope: Scope): { readonly security: Security } {
  return { security: [{ key: [scope] }, { session: [scope] }] }
}

/** A person, whatever their role: no key is one. */
export const SIGNED_IN: { readonly security: Security } = { security: [{ session: [] }] }
