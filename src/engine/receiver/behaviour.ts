/** How a receiver may treat a recipient, as a value. Which addresses ask for what is in the tables beside. */

export type Stage = 'rcpt' | 'data' | 'content' | 'end'

/** `<a>` in a text becomes the recipient, `[ip]` the client's address in brackets. Lines are the reply's lines. */
export type Refusal = {
  readonly code: number
  readonly enhanced?: string
  readonly lines: readonly [string, ...string[]]
}

export type Does =
  | { readonly kind: 'refuse'; readonly with: Refusal }
  /** As many tries as the number in the address says, then it takes the message. */
  | { readonly kind: 'refuse first'; readonly with: Refusal }
  /** Until the sandbox's greylisting delay has passed since the first try. */
  | { readonly kind: 'refuse for a while'; readonly with: Refusal }
  /** The reply, then the end of the connection. RFC 5321 §3.8 */
  | { readonly kind: 'close'; readonly with: Refusal }
  /** No reply, and a RST rather than a FIN. */
  | { readonly kind: 'reset' }
  /** This reply and all later ones come late: the number in the address, in seconds, or the sandbox's delay. */
  | { readonly kind: 'slow' }
  /** It says 250 and forgets the message. */
  | { readonly kind: 'swallow' }

export type Behaviour = {
  /** The local part; `+anything` may follow it, and a number stands where `N` does. */
  readonly name: string
  readonly at: Stage
  readonly does: Does
  readonly en: string
  readonly ja: string
  /** Where the text was seen, when it is a real receiver's. */
  readonly receiver?: string
}

export function text(code: number, enhanced: string, ...lines: [string, ...string[]]): Refusal {
  return { code, enhanced, lines }
}

/** As some receivers write it: without an enhanced code. */
export function bare(code: number, ...lines: [string, ...string[]]): Refusal {
  return { code, lines }
}

export const refuse = (said: Refusal): Does => ({ kind: 'refuse', with: said })
export const close = (said: Refusal): Does => ({ kind: 'close', with: said })
