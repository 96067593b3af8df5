/** Whether what is said of ways to sign in fits together. */

import type { Config } from './config.ts'

type ProviderConfig = Config['signIn']['providers'][number]

export function signInProblems({ signIn: { allow, providers } }: Config): string[] {
  return providers.flatMap((provider) => {
    const path = `sign_in.providers.${provider.name}`
    const problems = claimProblems(provider, path)
    if (!provider.scopes.includes('openid')) problems.push(`${path}.scopes: openid must be among them`)
    if (provider.issuer.startsWith('http:') && allow.length === 0)
      problems.push(`${path}.issuer: http: is for networks that sign_in.allow names; there are none`)
    return problems
  })
}

function claimProblems({ claim, members }: ProviderConfig, path: string): string[] {
  if (claim === undefined && members.length > 0)
    return [`${path}.members: has no meaning without ${path}.claim`]
  if (claim !== undefined && members.length === 0)
    return [`${path}.claim: gives nothing to anybody without [[${path}.members]]`]
  return []
}

export function signInWarnings({ api, signIn: { providers } }: Config): string[] {
  if (providers.length === 0) return []
  if (!api.enabled) return ['sign_in.providers: have no effect while api.enabled is false']
  const idle = providers.filter(({ claim, provision }) => claim !== undefined && !provision)
  const warnings = idle.map(
    ({ name }) => `sign_in.providers.${name}.claim: gives nothing while provision is false`,
  )
  if (api.url === undefined)
    warnings.push(
      'sign_in.providers: without api.url they send people back to the address that the API listens on',
    )
  return warnings
}
