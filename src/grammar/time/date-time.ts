/** The date-time of mail header fields, `Sun, 22 Nov 2026 10:21:49 +0000`. RFC 5322 §3.3 */

const MINUTE = 60_000
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** Hours east of UTC of the zones with names. RFC 5322 §4.3 */
const ZONES = new Map([
  ['ut', 0],
  ['utc', 0],
  ['gmt', 0],
  ['z', 0],
  ['est', -5],
  ['edt', -4],
  ['cst', -6],
  ['cdt', -5],
  ['mst', -7],
  ['mdt', -6],
  ['pst', -8],
  ['pdt', -7],
  // No standard has it, and much Japanese mail does.
  ['jst', 9],
])

/** A date-time with comments and folding; what is longer is not one. */
const LONGEST = 200

/**
 * Formats milliseconds since the epoch; `offset` is the zone in minutes east of UTC.
 * @throws {RangeError} for what is no time, or a year that does not have four digits
 */
export function formatDateTime(at: number, offset = 0): string {
  const date = new Date(at + offset * MINUTE)
  const year = date.getUTCFullYear()
  if (!(year >= 1000 && year <= 9999)) throw new RangeError(`no date-time: ${at}`)
  const day = `${DAYS[date.getUTCDay()]}, ${two(date.getUTCDate())} ${MONTHS[date.getUTCMonth()]} ${year}`
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`
  return `${day} ${time} ${formatZone(offset)}`
}

function formatZone(offset: number): string {
  if (offset === 0) return '+0000'
  const minutes = Math.abs(offset)
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`
}

function two(number: number): string {
  return number < 10 ? `0${number}` : `${number}`
}

// The obsolete forms too: no day name, two-digit years, no seconds, zones with names. RFC 5322 §4.3
const DATE_TIME =
  /^(?:[a-z]{3,9} ?,? ?)?(\d{1,2})[ -]([a-z]{3,9})[ -](\d{2,4}) (\d{1,2}) ?: ?(\d{2})(?: ?: ?(\d{2}))?(?: ?([+-]\d{4}|[a-z]{1,5}))?(?: |$)/

/** Milliseconds since the epoch, or `undefined`. Obsolete forms and comments are understood. RFC 5322 §4.3 */
export function parseDateTime(text: string): number | undefined {
  if (text.length > LONGEST) return undefined
  const plain = withoutComments(text).replace(/\s+/g, ' ').trim().toLowerCase()
  const found = DATE_TIME.exec(plain)
  if (found === null) return undefined
  const [, day, monthName = '', yearText = '', hour, minute, second = '0', zone] = found
  const month = MONTHS.findIndex((name) => monthName.startsWith(name.toLowerCase()))
  const offset = parseZone(zone)
  if (month < 0 || offset === undefined) return undefined
  const date = { year: fullYear(yearText), month, day: Number(day) }
  const time = { hour: Number(hour), minute: Number(minute), second: Number(second) }
  const local = fromCivil(date, time)
  return local === undefined ? undefined : local - offset * MINUTE
}

/** RFC 5322 §4.3: 00 to 49 are of this century, 50 to 99 and three digits of the last. */
function fullYear(text: string): number {
  const year = Number(text)
  if (text.length === 4) return year
  return text.length === 2 && year < 50 ? year + 2000 : year + 1900
}

function parseZone(zone: string | undefined): number | undefined {
  // RFC 5322 §4.3: a zone that is not known, military letters among them, says no more than -0000.
  if (zone === undefined) return 0
  if (zone[0] !== '+' && zone[0] !== '-') return (ZONES.get(zone) ?? 0) * 60
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(3))
  if (minutes > 59) return undefined
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes)
}

type CivilDate = { readonly year: number; readonly month: number; readonly day: number }
type CivilTime = { readonly hour: number; readonly minute: number; readonly second: number }

/** Milliseconds as if in UTC; `month` from 0. `undefined` for a day or time that does not exist. */
export function fromCivil(date: CivilDate, time: CivilTime): number | undefined {
  if (time.hour > 23 || time.minute > 59 || time.second > 60) return undefined
  // The leap second has no millisecond of its own: it is the last one before it.
  const second = Math.min(time.second, 59)
  const built = new Date(0)
  built.setUTCFullYear(date.year, date.month, date.day)
  if (built.getUTCMonth() !== date.month || built.getUTCDate() !== date.day) return undefined
  return built.setUTCHours(time.hour, time.minute, second)
}

/** Comments may nest; an unclosed one swallows the rest. */
function withoutComments(text: string): string {
  if (!text.includes('(')) return text
  let depth = 0
  let plain = ''
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i] ?? ''
    if (c === '\\') i += 1
    else if (c === '(') depth += 1
    else if (c === ')') depth = Math.max(0, depth - 1)
    else if (depth === 0) plain += c
  }
  return plain
}
