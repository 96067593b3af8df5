/** Times as people type them. */

import { CliError } from './host.ts'

/** `2026-11-01` or `2026-11-01T09:00+09:00`: a date is its midnight in UTC, a time without a zone is in UTC too. */
export function timeArgument(text: string): number {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text)
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?$/.test(text)
  const time = isDate
    ? Date.parse(text)
    : isTime
      ? Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`)
      : Number.NaN
  if (Number.isNaN(time))
    throw new CliError('usage', `${text} is not a time such as 2026-11-01 or 2026-11-01T09:00+09:00`)
  return time
}

/** `+09:00` as minutes. */
export function zoneArgument(text: string): number {
  const [, sign, hours = '', minutes = ''] = /^([+-])(\d\d):(\d\d)$/.exec(text) ?? []
  const offset = Number(hours) * 60 + Number(minutes)
  if (sign === undefined || Number(minutes) > 59 || offset > 14 * 60)
    throw new CliError('usage', `${text} is not a zone such as +09:00`)
  return sign === '-' ? -offset : offset
}
