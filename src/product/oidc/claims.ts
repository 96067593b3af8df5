/** What a provider says of somebody, and what that gives here. */

import type { Grant, Identity, Language } from '#product/user'

import type { Provider } from './provider.ts'

export type Claims = Readonly<Record<string, unknown>>

/** The address counts only when the provider vouches for it. OpenID Connect Core §5.1 */
export function identityOf({ trustEmail }: Provider, claims: Claims): Identity {
  const email = textOf(claims, 'email')
  const isVerified = claims['email_verified'] === true || (trustEmail && !('email_verified' in claims))
  return {
    issuer: textOf(claims, 'iss') ?? '',
    subject: textOf(claims, 'sub') ?? '',
    ...(email !== undefined && isVerified && { email }),
    name: nameOf(claims, email ?? ''),
    language: languageOf(claims),
  }
}

function textOf(claims: Claims, name: string): string | undefined {
  const value = claims[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Characters of a name. */
const LONGEST = 100

function nameOf(claims: Claims, otherwise: string): string {
  const said = textOf(claims, 'name') ?? textOf(claims, 'preferred_username') ?? otherwise
  const line = said.replaceAll(/\p{Cc}/gu, ' ').trim()
  return Array.from(line).slice(0, LONGEST).join('') || '–'
}

function languageOf(claims: Claims): Language {
  return textOf(claims, 'locale')?.toLowerCase().startsWith('ja') === true ? 'ja' : 'en'
}

/** Whether the address is of a domain that the provider may sign in. */
export function isOfDomain({ domains }: Provider, { email }: Identity): boolean {
  if (domains.length === 0) return true
  const domain = email?.slice(email.lastIndexOf('@') + 1).toLowerCase()
  return domain !== undefined && domains.includes(domain)
}

/** Absent: claims give nothing here. Of several rules for one organization the first that matches holds. */
export function grantsOf(provider: Provider, claims: Claims): readonly Grant[] | undefined {
  const { provision, organization, role, claim, members } = provider
  if (!provision) return undefined
  if (claim === undefined) return [{ organization, role }]
  const values = valuesOf(claims, claim)
  const grants = new Map<string, Grant>()
  for (const rule of members)
    if (values.includes(rule.value) && !grants.has(rule.organization))
      grants.set(rule.organization, { organization: rule.organization, role: rule.role })
  return [...grants.values()]
}

/** By its name; where there is none, by its path: `realm_access.roles`. */
function valuesOf(claims: Claims, claim: string): readonly unknown[] {
  const found = claim in claims ? claims[claim] : atPath(claims, claim.split('.'))
  return Array.isArray(found) ? found : [found]
}

function atPath(claims: Claims, path: readonly string[]): unknown {
  let inner: unknown = claims
  for (const name of path) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, name)) return undefined
    inner = Reflect.get(inner, name)
  }
  return inner
}

/** Whether the ID token says all that is asked of it here; else the provider is asked for more. */
export function saysEnough({ claim, provision }: Provider, claims: Claims): boolean {
  const hasClaim = !provision || claim === undefined || valuesOf(claims, claim)[0] !== undefined
  return hasClaim && 'email' in claims
}
