/** What a sender calls the campaign that a message belongs to, and where it may say so. */

import { field } from './header.ts'
import type { Header } from './header.ts'
import { displayValue } from './value.ts'

/** Tells us and nobody else: it is removed from what is sent. In lower case, as parsed headers have names. */
export const CAMPAIGN_FIELD = 'x-hikyaku-campaign'

/** Characters of a name. */
const LONGEST = 100

/** Feedback-ID has four fields at most, of which the last names the sender. */
const FEEDBACK = 400

/**
 * The field of our own, or the first of several fields of Feedback-ID, `campaign:customer:type:sender`, which Gmail
 * reports complaints by; `undefined` where neither names one.
 */
export function campaignOf(header: Header): string | undefined {
  const own = field(header, CAMPAIGN_FIELD)
  const name = own && displayValue(header, own, LONGEST).trim()
  if (name) return name
  const feedback = field(header, 'feedback-id')
  const [first = '', ...more] = feedback ? displayValue(header, feedback, FEEDBACK).split(':') : []
  const said = more.length === 0 ? '' : first.trim().slice(0, LONGEST).toWellFormed()
  return said === '' ? undefined : said
}
