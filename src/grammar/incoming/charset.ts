/** Octets of a body that came in, as text: by its charset where that can be true, by what the octets are where not. */

import { isAscii, isUtf8 } from 'node:buffer'

import { decodeCharset } from '#grammar/message'

/** Says nothing of octets above 127: what mailers write who did not look. */
const SILENT = new Set([
  '',
  'us-ascii',
  'ascii',
  'iso-8859-1',
  'unknown',
  'unknown-8bit',
  'x-unknown',
  'utf-7',
])

/** ESC $ begins two octets a character, ESC ( ends it. RFC 1468 */
// oxlint-disable-next-line no-control-regex
const ISO_2022_JP = /\x1b\$[@B]/

const KANA = /[\u3041-\u30ff]/

/** Never fails: what cannot be decoded becomes U+FFFD, or Latin. */
export function decodeText(octets: Buffer, charset: string): string {
  if (isAscii(octets)) {
    const text = octets.toString('latin1')
    // Bounces of Japanese carriers often leave the charset out, or say US-ASCII.
    return ISO_2022_JP.test(text) ? (decodeCharset(octets, 'iso-2022-jp') ?? text) : text
  }
  // A label of seven bits is wrong for these octets, and UTF-8 is no accident.
  if (isUtf8(octets)) return octets.toString('utf8')
  const named = SILENT.has(charset) || charset.startsWith('iso-2022') ? '' : charset
  return decodeNamed(octets, named) ?? guess(octets)
}

function decodeNamed(octets: Buffer, charset: string): string | undefined {
  return charset === '' ? undefined : decodeCharset(octets, charset)
}

/** Shift_JIS and EUC-JP are tried where what comes out has kana; everything else is Latin. */
function guess(octets: Buffer): string {
  for (const charset of ['shift_jis', 'euc-jp']) {
    const text = decodeCharset(octets, charset)
    if (text !== undefined && !text.includes('\ufffd') && KANA.test(text)) return text
  }
  return decodeCharset(octets, 'windows-1252') ?? octets.toString('latin1')
}
