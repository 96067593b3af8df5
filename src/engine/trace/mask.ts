/** What of a dialogue is secret, and what stands in its place. */

/** A command as it may be shown: without the initial response of AUTH. RFC 4954 §4 */
export function maskedCommand(line: string): string {
  const [verb = '', mechanism = '', response] = line.split(' ', 3)
  if (verb.toUpperCase() !== 'AUTH' || response === undefined) return line
  return `${verb} ${mechanism} ${SECRET}`
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
