/** The MTA-STS policy of a domain, as its web server gives it. Knows nothing of fetching it. RFC 8461 §3.2 */

import type { Parsed } from './parsed.ts'

export type StsMode = 'enforce' | 'testing' | 'none'

export type StsPolicy = {
  readonly mode: StsMode
  /** Lower case: host names, or `*.` and a name. Empty only where the mode is `none`. */
  readonly mx: readonly string[]
  /** Seconds for which it may be kept. */
  readonly maxAge: number
  /** Its lines without their ends, as a TLS report repeats them. RFC 8460 §4.4 */
  readonly lines: readonly string[]
}

/** A year: RFC 8461 §3.2. */
const MOST_AGE = 31_557_600

/** More than any domain has; who names more gets no policy rather than half of one. */
const MOST_MX = 100
const MOST_LINES = 1_000

export function parseStsPolicy(text: string): Parsed<StsPolicy> {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''))
  // The end of the last line, or a few of them.
  while (lines.at(-1)?.trim() === '') lines.pop()
  if (lines.length > MOST_LINES) return bad(`more than ${MOST_LINES} lines`)
  const fields = readFields(lines)
  if (!fields.ok) return fields
  const { first, mx } = fields.value
  if (first.get('version') !== 'STSv1') return bad('version is not STSv1')
  const mode = modeOf(first.get('mode'))
  if (mode === undefined) return bad('mode is not enforce, testing or none')
  const maxAge = ageOf(first.get('max_age'))
  if (maxAge === undefined) return bad(`max_age is not a number of seconds up to ${MOST_AGE}`)
  const wrong = mx.find((pattern) => !isPattern(pattern))
  if (wrong !== undefined) return bad(`mx is no host name: ${wrong.slice(0, 80)}`)
  if (mx.length === 0 && mode !== 'none') return bad('no mx')
  if (mx.length > MOST_MX) return bad(`more than ${MOST_MX} mx`)
  return { ok: true, value: { mode, mx, maxAge, lines: lines.filter((line) => line.trim() !== '') } }
}

/** RFC 8461 §4.1: `*` stands for exactly one label, and only at the beginning. `host` in lower case. */
export function matchesMx(patterns: readonly string[], host: string): boolean {
  return patterns.some((pattern) => {
    if (!pattern.startsWith('*.')) return pattern === host
    const dot = host.indexOf('.')
    return dot > 0 && host.slice(dot) === pattern.slice(1)
  })
}

type Fields = { readonly first: ReadonlyMap<string, string>; readonly mx: readonly string[] }

/** RFC 8461 §3.2: of a field that is repeated the first counts, but for mx; a field that nobody knows is passed over. */
function readFields(lines: readonly string[]): Parsed<Fields> {
  const first = new Map<string, string>()
  const mx: string[] = []
  for (const line of lines) {
    if (line.trim() === '') continue
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(0, colon)).trim()
    const value = line.slice(colon + 1).trim()
    if (name === '') return bad(`a line that is not name: value: ${line.slice(0, 80)}`)
    if (name === 'mx') mx.push(value.toLowerCase())
    else if (!first.has(name)) first.set(name, value)
  }
  return { ok: true, value: { first, mx } }
}

function modeOf(text: string | undefined): StsMode | undefined {
  return text === 'enforce' || text === 'testing' || text === 'none' ? text : undefined
}

function ageOf(text = ''): number | undefined {
  const seconds = /^\d{1,10}$/.test(text) ? Number(text) : MOST_AGE + 1
  return seconds > MOST_AGE ? undefined : seconds
}

function isPattern(text: string): boolean {
  const name = text.startsWith('*.') ? text.slice(2) : text
  return name.length <= 253 && name.split('.').every((label) => /^[a-z0-9_-]{1,63}$/.test(label))
}

function bad(why: string): { readonly ok: false; readonly why: string } {
  return { ok: false, why }
}
