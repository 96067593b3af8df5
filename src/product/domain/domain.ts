/** The domains an organization sends from, and their DKIM keys. */

export type Domain = {
  /** A-labels. */
  readonly name: string
  readonly organization: string
  readonly createdAt: number
  /** Since when the organization is known to own it. Until then it is a claim, with no effect. */
  readonly verifiedAt?: number
  /** The operator said whose it is; otherwise a record in the DNS shows it. */
  readonly vouched: boolean
  readonly health: Health
  /** When the DNS was asked last. */
  readonly checkedAt?: number
}

/**
 * Whether the DNS has what receivers need: `unchecked`, nobody has looked yet; `incomplete`, never so far; `good`;
 * `broken`, it had, and two looks in a row found it gone or changed.
 */
export type Health = 'unchecked' | 'incomplete' | 'good' | 'broken'

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

/**
 *   published ──▶ active ──▶ retired
 *
 * `published`: its record is to be put into DNS, nothing is signed with it yet. `active`: it signs. `retired`: it
 * signs no more, but its record must stay for mail that is still under way.
 */
export type KeyState = 'published' | 'active' | 'retired'

/** What doors and signing ask. Answers come from a cache at most a second old. */
export type DomainDirectory = {
  /** Whether `organization` may send from `domain`: its own verified domain, or a subdomain of one. */
  maySend(organization: string, domain: string): Promise<boolean>
  /**
   * The active keys that sign for the author's `domain`, of the closest verified parent; empty when there are none.
   * The same key is the same object for as long as it does not change.
   */
  keys(domain: string): Promise<readonly DkimKey[]>
}

/** For who has a domain and wants to know whose it is. */
export type DomainOwners = {
  /** The organization of the closest verified parent; `undefined` when nobody has it here. */
  owner(domain: string): Promise<string | undefined>
}

export type DomainErrorCode = 'malformed' | 'taken' | 'organization' | 'rotation' | 'limit'

/**
 * `malformed`: no DNS name. `taken`: it belongs to an organization already. `organization`: there is none of that name.
 * `rotation`: no key waits to be activated. `limit`: the organization claims too many that it has not shown to be its.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError'
  readonly code: DomainErrorCode
  constructor(code: DomainErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
