/** One line an event, JSON on one stream. Values are data: control characters never reach the terminal. */

export type Fields = { readonly [name: string]: unknown }

/** `event` is a word of docs/events.md; the message id, where there is one, is in `fields.message`. */
export type Log = {
  debug(event: string, fields?: Fields): void
  info(event: string, fields?: Fields): void
  warn(event: string, fields?: Fields): void
  error(event: string, fields?: Fields): void
  /** A log that adds `fields` to each line. */
  with(fields: Fields): Log
}
