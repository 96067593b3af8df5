/**
 * Names and passwords in the one form that is hashed and compared: the mapping, normalization and prohibition of
 * SASLprep, with the Unicode of this runtime in place of 3.2. The check of bidirectional text is left out. RFC 4013 §2
 */

/** RFC 4013 §2.1, RFC 3454 appendix B.1 */
const TO_NOTHING = /[\u00ad\u1806\u200b-\u200d\u2060\ufeff]|\u034f|[\u180b-\u180d]|[\ufe00-\ufe0f]/g
const TO_SPACE = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g

/** RFC 4013 §2.3: control characters, private use, surrogates, non-characters, those that change display. */
const PROHIBITED =
  /[\p{Cc}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u06dd\u070f\u180e\u200e\u200f\u202a-\u202e\u2061-\u2063\u206a-\u206f\ufff9-\uffff]/u

/** `undefined` when the text may be no name and no password. */
export function prepare(text: string): string | undefined {
  const prepared = text.replace(TO_SPACE, ' ').replace(TO_NOTHING, '').normalize('NFKC')
  return PROHIBITED.test(prepared) ? undefined : prepared
}
