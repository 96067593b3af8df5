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
export function formatReply(said: Reply): string {
  const { code, enhanced, lines } = said
  const prefix = enhanced === undefined ? '' : `${enhanced} `
  if (lines.length === 1) return `${code} ${prefix}${lines[0]}\r\n`
  // Of these only EHLO's is said often, and it is the same value each time.
  let text = formatted.get(said)
  if (text === undefined) {
    const last = lines.length - 1
    text = lines.map((line, i) => `${code}${i < last ? '-' : ' '}${prefix}${line}\r\n`).join('')
    formatted.set(said, text)
  }
  return text
}

const formatted = new WeakMap<Reply, string>()
