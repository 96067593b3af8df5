/** Organizations and the credentials that send for them. */

import type { ScramVerifier } from '#grammar/sasl'

export type Organization = { readonly name: string; readonly createdAt: number }

export type Credential = {
  readonly login: string
  readonly organization: string
  readonly stream: string
  readonly note: string
  readonly createdAt: number
  readonly revokedAt?: number
  /** The last login, to a minute or so. */
  readonly usedAt?: number
}

export type { ScramVerifier }

/** What the submission door asks. Answers come from a cache at most a second old. */
export type Authenticator = {
  /** `undefined` for a wrong or revoked login, after the same work as for a right one. */
  password(login: string, password: string): Promise<Credential | undefined>
  /** For an unknown login, a verifier made up from it, the same at each call. RFC 5802 §5.1 */
  scram(
    login: string,
  ): Promise<{ readonly verifier: ScramVerifier; readonly credential: Credential | undefined }>
  /** To be told when `scram` has ended in a proof; `password` knows by itself. Never waits. */
  used(credential: Credential): void
  /** Records the logins that have not been yet. Before the control database is closed. */
  close(): Promise<void>
}

/**
 * `organization`: there is none of that name. `taken`: the name or login is in use. `malformed`: a name, login or
 * stream that cannot be one; the message says what it must look like.
 */
export class AccountError extends Error {
  override readonly name = 'AccountError'
  readonly code: 'organization' | 'taken' | 'malformed'
  constructor(code: 'organization' | 'taken' | 'malformed', message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
