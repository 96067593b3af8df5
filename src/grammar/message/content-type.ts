/** The Content-Type field taken apart: type and parameters. RFC 2045 §5.1 */

export type ContentType = {
  /** `text/plain`, lower case. */
  readonly type: string
  /** Names in lower case; the first of equals wins. RFC 2231 continuations are names like any other. */
  readonly parameters: ReadonlyMap<string, string>
}

/** What a part is without Content-Type. RFC 2045 §5.2 */
export const TEXT_PLAIN: ContentType = { type: 'text/plain', parameters: new Map() }

/** Parameters that anything looks at come first; a hundred thousand may follow. */
const PARAMETERS = 50

const TYPE = /^\s*([\w!#$&^.+-]+)\s*\/\s*([\w!#$&^.+-]+)/
// A quoted string keeps its escapes until they are taken out: one pass, no alternation under a star.
const PARAMETER = /;\s*([^\s;="]+)\s*=\s*(?:"([^"]*)"|([^\s;"]*))/g

/** What cannot be read is `text/plain`, as RFC 2045 §5.2 advises. `value` is unfolded. */
export function parseContentType(value: string): ContentType {
  const type = TYPE.exec(value)
  if (type === null) return TEXT_PLAIN
  const [whole, main = '', sub = ''] = type
  const parameters = new Map<string, string>()
  for (const [, name = '', quoted, token = ''] of value.slice(whole.length).matchAll(PARAMETER)) {
    const key = name.toLowerCase()
    if (!parameters.has(key)) parameters.set(key, quoted?.replace(/\\(.)/g, '$1') ?? token)
    if (parameters.size >= PARAMETERS) break
  }
  return { type: `${main}/${sub}`.toLowerCase(), parameters }
}
