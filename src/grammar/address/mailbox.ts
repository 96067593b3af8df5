/** The addresses of the envelope as values; header addresses are in `#grammar/message`. */

/**
 * `local` is unquoted and may be UTF-8 (RFC 6531 §3.3). `domain` is lower-case A-labels, or an
 * address literal in brackets such as `[192.0.2.1]` or `[IPv6:2001:db8::1]`. RFC 5321 §4.1.2
 */
export type Mailbox = { readonly local: string; readonly domain: string }

/** `null` is the null reverse-path `<>`: mail that must never cause mail. RFC 5321 §4.5.5 */
export type ReversePath = Mailbox | null

export type ForwardPath = Mailbox
