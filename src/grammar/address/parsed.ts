/** What a parser of this house says: the value and what follows it, or what it expected and where. */

export type Parsed<T> =
  | { readonly ok: true; readonly value: T; readonly rest: string }
  | {
      readonly ok: false
      /** For the reply: `Expected ${expected}`. Never quotes the input. */
      readonly expected: string
      /** UTF-16 offset into the text. */
      readonly at: number
      /** Set when the text would have been right with SMTPUTF8: 553 5.6.7. RFC 6531 §3.5 */
      readonly needs?: 'SMTPUTF8'
    }
