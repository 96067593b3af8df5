/** What the operator and the domain demand of the way to the hosts that the DNS names. RFC 8461 §5 */

import { tlsDemand } from '#engine/transport-security'
import type { TlsLevel } from '#engine/transport-security'
import { matchesMx } from '#grammar/mta-sts'
import type { StsPolicy } from '#grammar/mta-sts'

import type { Destination } from './destination.ts'
import type { Route } from './route.ts'

type Found = Extract<Destination, { ok: true }>

/** A destination as the domain's own policy leaves it. */
export type Admitted = Found & { readonly isEnforced: boolean }

/** RFC 8461 §5: under enforce, a host that the policy does not name gets no mail; under testing it is only reported. */
export function admit(destination: Found, policy: StsPolicy | undefined): Admitted {
  if (policy?.mode !== 'enforce') return { ...destination, isEnforced: false }
  const candidates = destination.candidates.filter(({ name }) => matchesMx(policy.mx, name))
  return { ...destination, candidates, isEnforced: true }
}

/** `own`: what the operator demands. */
export function termsOf(
  admitted: Admitted,
  own: TlsLevel,
  dane: boolean,
): Pick<Route, 'tls' | 'vouchedBy' | 'dane'> {
  const tls = tlsDemand(own, admitted.isEnforced ? 'verified' : undefined)
  const vouchedBy = voucherOf(admitted)
  return { tls, ...(vouchedBy && { vouchedBy }), ...(dane && tls !== 'none' && { dane }) }
}

/** RFC 8689 §4.2.1: by DNSSEC or by the policy; an address that the sender wrote needs nobody's word. */
function voucherOf({ via, secure, isEnforced }: Admitted): Route['vouchedBy'] {
  if (via === 'literal') return 'configured'
  if (secure) return 'dnssec'
  return isEnforced ? 'mta-sts' : undefined
}
