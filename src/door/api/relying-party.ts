/** The site as passkeys know it: by the address at which people reach the API. */

import { isIP } from 'node:net'

import type { RelyingParty } from '#product/user'

/** `undefined` where browsers make none: at an IP address, or without TLS elsewhere than at localhost. */
export function relyingParty(site: string): RelyingParty | undefined {
  const url = URL.parse(site)
  if (url === null) return undefined
  const { hostname, origin, protocol } = url
  if (hostname.startsWith('[') || isIP(hostname) !== 0) return undefined
  const isLocal = hostname === 'localhost' || hostname.endsWith('.localhost')
  return protocol === 'https:' || isLocal ? { origin, id: hostname } : undefined
}
