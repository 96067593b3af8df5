/** JSON of requests: no deeper than anything here is. What it may say, schemas see to. RFC 8259 §9 */

import { Problem } from './problem.ts'

/** Levels of objects and arrays; the deepest schema has 6. */
export const DEPTH = 32

/** @throws {Problem} `malformed` */
export function parseJson(text: string): unknown {
  if (isDeeper(text, DEPTH))
    throw new Problem('malformed', `The JSON has more than ${DEPTH} levels of objects and arrays.`)
  try {
    // `__proto__` becomes a property like any other here, and closed schemas know none of that name.
    return JSON.parse(text)
  } catch (error) {
    throw new Problem('malformed', error instanceof Error ? error.message : String(error))
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** In one pass, over strings in leaps: a file in base64 is one string. */
function isDeeper(text: string, limit: number): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x5b: // [
      case 0x7b: // {
        depth += 1
        if (depth > limit) return true
        break
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1
        break
      case QUOTE:
        at = endOfString(text, at)
        break
      default:
    }
  }
  return false
}

/** Where the closing quote of the string is that opens at `open`; the end of the text when there is none. */
function endOfString(text: string, open: number): number {
  let quote = text.indexOf('"', open + 1)
  while (quote !== -1 && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1)
  return quote === -1 ? text.length : quote
}

function isEscaped(text: string, at: number): boolean {
  let first = at
  while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1
  return (at - first) % 2 === 1
}
