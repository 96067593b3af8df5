/** Organizations and the credentials that send for them. */

export type Organization = { readonly name: string; readonly createdAt: number }

export type Credential = {
  readonly login: string
  readonly organization: string
  readonly stream: string
  readonly note: string
  readonly createdAt: number
  readonly revokedAt?: number
}

/** What SCRAM needs of a credential; never the password. RFC 5802 §3 */
export type ScramVerifier = {
  readonly salt: Uint8Array
  readonly iterations: number
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
}

/** What the submission door asks. Answers come from a cache at most a second old. */
export type Authenticator = {
  /** `undefined` for a wrong or revoked login, after the same work as for a right one. */
  password(login: string, password: string): Promise<Credential | undefined>
  /** For an unknown login, a verifier made up from it, the same at each call. RFC 5802 §5.1 */
  scram(login: string): Promise<{ readonly verifier: ScramVerifier; readonly credential: Credential | undefined }>
}
