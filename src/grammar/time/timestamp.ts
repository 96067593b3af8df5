/** Timestamps of the Internet, `2026-11-22T10:21:49.123Z`. RFC 3339 §5.6 */

import { fromCivil } from './date-time.ts'

const TIMESTAMP =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,18}))?([Zz]|[+-]\d{2}:\d{2})$/

/** UTC with milliseconds; sorts as text. @throws {RangeError} for what is no time */
export function formatTimestamp(at: number): string {
  return new Date(at).toISOString()
}

/** Milliseconds since the epoch, or `undefined`. A zone is required; finer fractions are cut. */
export function parseTimestamp(text: string): number | undefined {
  const found = TIMESTAMP.exec(text)
  if (found === null) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', zone = ''] = found
  const date = { year: Number(year), month: Number(month) - 1, day: Number(day) }
  const time = { hour: Number(hour), minute: Number(minute), second: Number(second) }
  const local = fromCivil(date, time)
  const offset = parseOffset(zone)
  if (local === undefined || offset === undefined) return undefined
  return local + Number(fraction.padEnd(3, '0').slice(0, 3)) - offset
}

/** `Z` or `+09:00`, in milliseconds. */
function parseOffset(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(4))
  if (hours > 23 || minutes > 59) return undefined
  return (zone[0] === '-' ? -60_000 : 60_000) * (hours * 60 + minutes)
}
