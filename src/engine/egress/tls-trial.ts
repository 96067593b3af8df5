/** What one try at TLS with a host came to, for those who report and those who explain. RFC 8460 §4.3 */

import type { CertificateFault, Dane } from '#engine/transport-security'

/** As TLS reports call it, of what can be seen from here. */
export type TlsFault =
  | CertificateFault
  | 'starttls-not-supported'
  | 'validation-failure'
  | 'dnssec-invalid'
  | 'dane-required'

export type TlsTrial = {
  /** As the route names it. */
  readonly host: string
  /** Theirs; empty when none was connected. */
  readonly address: string
  /** Ours, as far as we can see it; empty when none was connected. */
  readonly from: string
  readonly dane: Dane
  /** Why there is no TLS, or none that DANE allows; absent when there is. */
  readonly failure?: TlsFailure
  /** Why no authority vouches for the certificate; absent when one does, or there was none to look at. */
  readonly doubt?: TlsFailure
}

export type TlsFailure = { readonly fault: TlsFault; readonly text: string }

/** Told of the tries behind the first transaction for a domain on a connection, or behind the want of one. */
export type TlsWitness = (domain: string, trials: readonly TlsTrial[]) => void
