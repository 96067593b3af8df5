/** How long a receiver takes, in ms. */

export type Pace = {
  /** From MAIL to the reply to the content. */
  readonly transaction: number
  /** From the first packet to the reply to EHLO, TLS included. */
  readonly connecting: number
}
