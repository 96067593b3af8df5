/** base64 as SASL over SMTP has it: strict, and not too long. RFC 4954 §4 */

/** Octets of one response, decoded: two names and a password of the largest kind, and proofs. RFC 4616 §2 */
const LONGEST = 4096

// The padding must be right: two texts for one response are how filters and logs are fooled. RFC 4648 §3.2, §3.5
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/** `undefined` for what is not base64 in its one right form, or too long. */
export function decode(text: string): Buffer | undefined {
  if (text.length % 4 !== 0 || text.length > (LONGEST * 4) / 3 || !BASE64.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

/** UTF-8 text in base64; `undefined` also for octets that are not UTF-8. */
export function decodeText(text: string): string | undefined {
  const bytes = decode(text)
  try {
    return bytes === undefined ? undefined : UTF8.decode(bytes)
  } catch {
    return undefined
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function encode(data: Uint8Array | string): string {
  return (typeof data === 'string' ? Buffer.from(data) : Buffer.from(data)).toString('base64')
}
