/** What a line of the log says of a reaction. */

import type { Live } from './live.ts'

export function logFields(live: Live): { readonly [name: string]: unknown } {
  const { id, rule, act, source, site, stream, campaign, from, until, cause, place, again } = live
  const { attempt, delivery } = cause
  const { code, enhanced, text, stage, host } = attempt
  return {
    reaction: id,
    rule,
    ...(place.file === undefined ? {} : { file: place.file, line: place.line }),
    does: act.do,
    source,
    site,
    ...stream,
    ...campaign,
    began: new Date(from).toISOString(),
    until: new Date(until).toISOString(),
    again,
    stage,
    host,
    reply: [code === 0 ? '' : String(code), enhanced, text].filter((part) => part !== '').join(' '),
    ...(delivery === undefined ? {} : { delivery }),
  }
}
