/** What of a dialogue is secret, and what stands in its place. */

/** Mechanisms by name: what else stands behind AUTH may be a password in the wrong place. */
const MECHANISM =
  /^(?:SCRAM-SHA-\d+(?:-PLUS)?|SCRAM-SHA-1|PLAIN|LOGIN|CRAM-MD5|XOAUTH2|OAUTHBEARER|EXTERNAL)$/i

/** A command as it may be shown: of AUTH only the mechanism, however wrong the rest is. RFC 4954 §4 */
export function maskedCommand(line: string): string {
  if (!/^\s*AUTH/i.test(line)) return line
  const [, mechanism = '', ...rest] = line.trim().split(/\s+/)
  if (!MECHANISM.test(mechanism)) return line.trim().length === 4 ? 'AUTH' : `AUTH ${SECRET}`
  return rest.length === 0 ? `AUTH ${mechanism}` : `AUTH ${mechanism} ${SECRET}`
}

const VERB = /^(?:EHLO|HELO|MAIL|RCPT|DATA|BDAT|RSET|NOOP|QUIT|VRFY|EXPN|HELP|STARTTLS|AUTH|XCLIENT)(?: |$)/i

/** Whether a line can only be a command. Behind AUTH that was refused, some send the credentials all the same. */
export function isCommand(line: string): boolean {
  return VERB.test(line)
}

/** What answers a challenge. */
export const SECRET = '(credentials)'

/** A reply, one line each; the challenge in a 334 belongs to the credentials. */
export function maskedReply({
  code,
  enhanced,
  lines,
}: {
  readonly code: number
  readonly enhanced?: string
  readonly lines: readonly string[]
}): readonly string[] {
  if (code === 334) return ['334 (challenge)']
  const status = enhanced === undefined ? '' : `${enhanced} `
  return lines.map((line, i) => `${code}${i < lines.length - 1 ? '-' : ' '}${status}${line}`)
}

/** Content, of which nothing is shown. */
export function maskedContent(octets: number): string {
  return `(${octets} ${octets === 1 ? 'octet' : 'octets'} of content)`
}
