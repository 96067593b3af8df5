/** Text in requests and answers. */

import { Type } from 'typebox'
import type { TString, TStringOptions } from 'typebox'

/** No CR, LF or NUL: what goes into a header section or a line of a log stays in its place. */
export function Line(options: TStringOptions = {}): TString {
  return Type.String({ pattern: '^[^\\r\\n\\u0000]*$', ...options })
}

export function isoTime(at: number): string {
  return new Date(at).toISOString()
}
