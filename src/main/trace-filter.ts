/** Which sessions an operator wants to follow, as those who tell them look at it. */

import type { TraceFilter } from '#engine/trace'
import { parseRanges } from '#platform/address-range'
import type { TraceQuery } from '#product/operation'

export function filterOf({ way, client, domain, message }: TraceQuery): TraceFilter {
  const network = client === undefined ? undefined : parseRanges([client])
  return {
    ...(way === undefined ? {} : { way }),
    ...(network?.ok ? { peer: (address: string) => network.ranges.matches(address) } : {}),
    ...(domain === undefined ? {} : { domain }),
    ...(message === undefined ? {} : { message }),
  }
}
