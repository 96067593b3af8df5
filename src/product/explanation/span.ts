/** Lengths of time in the two largest units they have. */

/** `units` are what days, hours, minutes and seconds are called, right behind their number. */
export function span(milliseconds: number, units: readonly [string, string, string, string]): string {
  const seconds = Math.round(milliseconds / 1_000)
  const [days, hours, minutes] = [86_400, 3_600, 60].map((size) => Math.floor(seconds / size))
  const [d, h, m, s] = units
  if (days) return `${days}${d}${pad((hours ?? 0) % 24)}${h}`
  if (hours) return `${hours}${h}${pad((minutes ?? 0) % 60)}${m}`
  if (minutes) return `${minutes}${m}${pad(seconds % 60)}${s}`
  return `${seconds}${s}`
}

function pad(number: number): string {
  return String(number).padStart(2, '0')
}

/** A rate as people say it. */
export function round(rate: number): number {
  return rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate)
}
