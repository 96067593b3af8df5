/** SMTP replies as both sides see them. RFC 5321 §4.2 */

export type Reply = {
  readonly code: number
  /** RFC 3463, e.g. `2.1.5`. Absent from the greeting and from EHLO. RFC 2034 §4 */
  readonly enhanced?: string
  readonly lines: readonly [string, ...string[]]
}

export function reply(code: number, enhanced: string, text: string): Reply {
  return { code, enhanced, lines: [text] }
}

/** The bytes on the wire, CRLF included. */
export function formatReply({ code, enhanced, lines }: Reply): string {
  const prefix = enhanced === undefined ? '' : `${enhanced} `
  return lines.map((line, i) => `${code}${i < lines.length - 1 ? '-' : ' '}${prefix}${line}\r\n`).join('')
}
