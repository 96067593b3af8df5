/** What a caller lets an address be. Everything left out is refused. */

export type AddressRules = {
  /** UTF-8 in local parts, U-labels in domains. RFC 6531 §3.3 */
  readonly smtputf8?: boolean
  /**
   * `a..b@` and `c.@` without quotes, as docomo and au once gave out; a list names the domains where they may be, and
   * `*.example` all below one. They are formatted quoted.
   */
  readonly looseDots?: boolean | readonly string[]
  /** The domain that `<postmaster>` without one belongs to. Only paths have it. RFC 5321 §4.5.1 */
  readonly postmasterDomain?: string
  /** Local parts that ask for a further hop: `u%v@`, `v!u@`, `"u@v"@`. Only for those who may relay anyway. */
  readonly furtherHop?: boolean
}
