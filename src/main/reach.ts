/** Whom the HTTP client may ask: public addresses by TLS, and private ones where the operator says so. */

import { isPrivate, parseRanges } from '#platform/address-range'
import type { HttpClientOptions } from '#platform/http-client'

/** Nobody is led into our own network by an address, but to where `allow` names it; there without TLS too. */
export function reachOf(
  path: string,
  allow: readonly string[],
): Pick<HttpClientOptions, 'isForbidden' | 'isPlain'> {
  if (allow.length === 0) return { isForbidden: isPrivate }
  const parsed = parseRanges(allow)
  if (!parsed.ok) throw new Error(`${path}: ${parsed.wrong.join(', ')}`)
  const { ranges } = parsed
  return {
    isForbidden: (address) => isPrivate(address) && !ranges.matches(address),
    isPlain: (address) => ranges.matches(address),
  }
}
