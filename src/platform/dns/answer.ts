/** What a question to the DNS comes to: always a value, never a throw. */

export type Mx = { readonly preference: number; readonly exchange: string }

/** RFC 6698 §2.1. Any length of `data`: whoever uses it judges it. */
export type Tlsa = {
  readonly usage: number
  readonly selector: number
  readonly matchingType: number
  readonly data: Uint8Array
}

/** Names are lower case, without the final dot; the root is `.`. */
export type RecordData = {
  readonly A: string
  readonly AAAA: string
  readonly CNAME: string
  readonly PTR: string
  readonly MX: Mx
  readonly TLSA: Tlsa
  /** The strings of one record put together, as RFC 7208 §3.3 and RFC 6376 §3.6.2.2 want them. */
  readonly TXT: string
}

export type RecordType = keyof RecordData

export type Failure = 'timeout' | 'unreachable' | 'servfail' | 'refused' | 'malformed' | 'loop'

export type Answer<T extends RecordType = RecordType> = {
  /** On the resolver's clock: until then the same question has the same answer. */
  readonly expires: number
} & (
  | {
      readonly kind: 'records'
      /** Who owns the records: the name asked for, or the end of its CNAMEs. RFC 1034 §3.6.2 */
      readonly name: string
      /** Validated by a resolver we trust to say so. RFC 4035 §3.2.3 */
      readonly authentic: boolean
      readonly records: readonly RecordData[T][]
    }
  /** The name does not exist, or cannot: a label too long, a character that no query of ours carries. */
  | { readonly kind: 'nxdomain'; readonly name: string; readonly authentic: boolean }
  /** The name exists, with no record of this type. RFC 2308 §2.2 */
  | { readonly kind: 'nodata'; readonly name: string; readonly authentic: boolean }
  /** Nobody knows now; ask again later. */
  | { readonly kind: 'failed'; readonly reason: Failure; readonly text: string }
)

export type Dns = {
  /** Follows CNAMEs. Settles within the configured timeouts; never rejects. */
  query<T extends RecordType>(name: string, type: T): Promise<Answer<T>>
  /** The answer, if it is known without asking anybody. */
  cached<T extends RecordType>(name: string, type: T): Answer<T> | undefined
}
