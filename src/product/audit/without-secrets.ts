/** Requests as the audit log keeps them: without what opens anything, and not too long. */

/** Wherever such a word stands in the name of a field. */
const SECRET = /password|token|secret|code|content/i

const REDACTED = '[redacted]'

/** Characters of JSON that are kept of one value. */
const LONGEST = 4_000

/** As JSON. `undefined` of what is not there. */
export function kept(value: unknown): string | undefined {
  const text: string | undefined = JSON.stringify(value, (name, inner: unknown) =>
    SECRET.test(name) && inner !== null && inner !== undefined ? REDACTED : inner,
  )
  if (text === undefined || text.length <= LONGEST) return text
  return JSON.stringify({ cut: text.slice(0, LONGEST) })
}
