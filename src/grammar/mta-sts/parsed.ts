/** What reading a text came to. */

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  /** In words for the domain's postmaster. */
  | { readonly ok: false; readonly why: string }
