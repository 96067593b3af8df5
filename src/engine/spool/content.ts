/** The bytes of one message, small in memory or large as a stream. */

/** Up to this many octets a message is one buffer; beyond it, chunked rows of the spool. */
export const WHOLE_LIMIT = 256 * 1024

export type Content =
  | { readonly kind: 'whole'; readonly bytes: Uint8Array }
  | { readonly kind: 'chunked'; readonly size: number; chunks(): AsyncIterable<Uint8Array> }
