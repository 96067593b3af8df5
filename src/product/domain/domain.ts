/** The domains an organization sends from, and their DKIM keys. */

export type Domain = {
  /** A-labels. */
  readonly name: string
  readonly organization: string
  readonly createdAt: number
  readonly verifiedAt?: number
}

/** One signing key, private part decrypted. Never logged, never serialised. */
export type DkimKey = {
  readonly domain: string
  readonly selector: string
  readonly algorithm: 'rsa-sha256' | 'ed25519-sha256'
  /** PKCS #8 PEM. */
  readonly privateKey: string
  /** The TXT record's value. RFC 6376 §3.6.1 */
  readonly record: string
}

/** What doors and signing ask. Answers come from a cache at most a second old. */
export type DomainDirectory = {
  /** Whether `organization` may send from `domain`: its own verified domain, or a subdomain of one. */
  maySend(organization: string, domain: string): Promise<boolean>
  /** The keys that sign for the author's `domain`, of the closest registered parent; empty when there are none. */
  keys(domain: string): Promise<readonly DkimKey[]>
}
