/** Text as a terminal shows it: how wide it is, cut to a width, and harmless. */

/**
 * What moves the cursor, ends a line in some viewers, or shows other words than are there. Subjects, EHLO names and
 * replies are written by strangers.
 */
const UNSEEN = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** Of one line: controls become spaces. */
export function harmless(text: string): string {
  return text.replace(UNSEEN, ' ')
}

/** JSON escapes C0 itself; terminals obey DEL and C1 as well. */
export function harmlessJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\x7f-\x9f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Combining marks, joiners and selectors take no column of their own. */
const NONE = /^[\p{Mn}\p{Me}\p{Cf}]$/u

/** East Asian wide and full-width characters, and emoji shown as pictures, take two. Unicode TR 11 */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]$/u

/** Columns on a terminal. */
export function width(text: string): number {
  let columns = 0
  for (const character of text) columns += columnsOf(character)
  return columns
}

function columnsOf(character: string): number {
  if (character <= '~') return 1
  if (NONE.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}

/** Cut to `limit` columns, with an ellipsis where something is missing. */
export function cut(text: string, limit: number): string {
  if (width(text) <= limit) return text
  let columns = 1
  let kept = ''
  for (const character of text) {
    columns += columnsOf(character)
    if (columns > limit) break
    kept += character
  }
  return `${kept}…`
}
