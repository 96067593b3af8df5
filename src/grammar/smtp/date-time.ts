/** The date-time of Internet protocols, with its offset always said. RFC 3339 §5.6 */

const DATE_TIME = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):(\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i

/** Milliseconds since the epoch; `undefined` for what is no date, no time, or has no offset. */
export function parseDateTime(text: string): number | undefined {
  const [, date, time, second, fraction = '', offset = ''] = DATE_TIME.exec(text) ?? []
  if (date === undefined || time === undefined || second === undefined) return undefined
  // RFC 3339 §5.6: a leap second is second 60. Date has none: it is the first instant of the next minute.
  const seconds = second === '60' ? '59' : second
  const day = Date.parse(`${date}T${time}:${seconds}Z`)
  // Date.parse takes 30 February for 2 March; nobody who writes that means 2 March.
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== date) return undefined
  const minutes = offsetMinutes(offset.toUpperCase())
  if (minutes === undefined) return undefined
  return day - minutes * 60_000 + Math.floor(Number(`0${fraction}`) * 1000) + (second === '60' ? 1000 : 0)
}

function offsetMinutes(offset: string): number | undefined {
  if (offset === 'Z') return 0
  const hours = Number(offset.slice(1, 3))
  const minutes = Number(offset.slice(4))
  if (hours > 23 || minutes > 59) return undefined
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}
