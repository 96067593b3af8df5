/** The DKIM-Signature field as text: its tags, its folds, and its own canonical form. RFC 6376 §3.5 */

/** Columns of a line at most, CRLF not counted. RFC 5322 §2.1.1 */
const COLUMNS = 78

export type Tags = {
  readonly algorithm: 'rsa-sha256' | 'ed25519-sha256'
  readonly domain: string
  readonly selector: string
  /** Seconds since the epoch. */
  readonly signedAt: number
  readonly expiresAt?: number
  readonly names: readonly string[]
  readonly bodyHash: string
}

export type UnsignedField = {
  /** As it is hashed: relaxed, `b=` empty, no CRLF. RFC 6376 §3.7 */
  readonly canonical: string
  /** As it is sent, with its CRLF. */
  signed(signature: Buffer): string
}

/**
 * No `l=`: with it anybody could append to a signed body (RFC 6376 §8.2). No `i=` and `q=`: their defaults are meant.
 * No `z=`: it would tell the receiver nothing that the header does not.
 */
export function unsignedField(tags: Tags): UnsignedField {
  const lines = new Lines('DKIM-Signature:')
  for (const tag of ['v=1;', `a=${tags.algorithm};`, 'c=relaxed/relaxed;']) lines.word(tag)
  lines.word(`d=${tags.domain};`)
  lines.word(`s=${tags.selector};`)
  lines.word(`t=${tags.signedAt};`)
  if (tags.expiresAt !== undefined) lines.word(`x=${tags.expiresAt};`)
  for (const [i, name] of tags.names.entries()) {
    const text = `${name}${i < tags.names.length - 1 ? ':' : ';'}`
    if (i === 0) lines.word(`h=${text}`)
    else lines.more(text)
  }
  lines.word(`bh=${tags.bodyHash};`)
  lines.word('b=')
  return {
    canonical: `dkim-signature:${lines.canonical.trimStart()}`,
    signed: (signature) => `${lines.raw}${foldedBase64(signature, lines.column)}\r\n`,
  }
}

/** Builds a folded field beside its relaxed form, so that neither is worked out from the other. */
class Lines {
  raw: string
  canonical = ''
  column: number

  constructor(name: string) {
    this.raw = name
    this.column = name.length
  }

  /** A word with white space before it. */
  word(text: string): void {
    const folds = this.column + 1 + text.length > COLUMNS
    this.raw += folds ? `\r\n ${text}` : ` ${text}`
    this.canonical += ` ${text}`
    this.column = (folds ? 0 : this.column) + 1 + text.length
  }

  /** Text that may follow without white space; where it folds there is some, and the canonical form has it too. */
  more(text: string): void {
    if (this.column + text.length > COLUMNS) return this.word(text)
    this.raw += text
    this.canonical += text
    this.column += text.length
  }
}

/** White space within `b=` is the verifier's to remove. RFC 6376 §3.5, §3.7 */
function foldedBase64(signature: Buffer, column: number): string {
  const text = signature.toString('base64')
  let folded = text.slice(0, COLUMNS - column)
  for (let at = folded.length; at < text.length; at += COLUMNS - 1) {
    folded += `\r\n ${text.slice(at, at + COLUMNS - 1)}`
  }
  return folded
}
