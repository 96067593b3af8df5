/** Whether a message without a report for machines tells of a failure: by who sent it, and by what it says. */

import { isAutomaticReply, isChallenge, isFromSystem, tellsDelay, tellsFailure } from './automatic.ts'
import type { Fields } from './entity.ts'
import { quotedReply } from './reply-text.ts'
import type { Seen } from './seen.ts'

const FINAL =
  /permanent|giv(?:en|ing) up|(?:has|have|been) failed|failed permanently|could not be delivered (?:for|after|within)|undeliverable/i

export function isDelayed({ subject, notice }: Seen): boolean {
  return tellsDelay(subject) || (tellsDelay(notice) && !FINAL.test(notice))
}

/** What absent people and machines answer is told from failures before anything is made of it. */
export function looksLikeBounce(seen: Seen): boolean {
  const { fields } = seen.message
  if (fields.has('x-failed-recipients') && isFromSystem(fields)) return true
  return !isChallenge(fields, seen.notice) && isEnough(signsOf(seen), seen)
}

/** The less the sender looks like a mail system, the more has to be said. */
function isEnough(signs: Signs, seen: Seen): boolean {
  const { fields, type } = seen.message
  if (isNamedSystem(fields)) return signs.inSubject || signs.inBody || signs.quotes || isDelayed(seen)
  if (isAutomaticReply(fields)) return signs.inSubject && signs.inBody && signs.quotes
  const nobody = isFromSystem(fields) || type === 'multipart/report'
  return nobody ? signs.inBody || hasProof(signs) : isPersonsBounce(seen, signs)
}

function hasProof({ inSubject, quotes, returns }: Signs): boolean {
  return inSubject && (quotes || returns)
}

type Signs = {
  readonly inSubject: boolean
  readonly inBody: boolean
  /** A reply of a mail host. */
  readonly quotes: boolean
  /** A message comes with it. */
  readonly returns: boolean
}

function signsOf({ subject, notice, original }: Seen): Signs {
  const start = notice.slice(0, 4000)
  const { code, enhanced } = quotedReply(start)
  return {
    inSubject: tellsFailure(subject),
    inBody: tellsFailure(start),
    quotes: code > 0 || enhanced.startsWith('5'),
    returns: original.fields.size > 0,
  }
}

/** From a name that is no person's: systems do not hide behind it. A person may write of bounces, and quote one. */
function isPersonsBounce({ subject, notice }: Seen, { inSubject, inBody, quotes, returns }: Signs): boolean {
  if (!inSubject || !inBody) return false
  // Some systems answer in the name of the recipient, in a few lines of which none is quoted.
  if (ANSWER.test(subject)) return notice.length < 800 && !quotes && !/^>/m.test(notice)
  return quotes || returns || STARTS.test(subject)
}

const ANSWER = /^\s*(?:re|aw|fwd?|tr|sv)\s*:/i
const STARTS = /^\W{0,5}(?:undeliver|non-deliver|delivery|failure|returned|unzustellbar)/i

function isNamedSystem(fields: Fields): boolean {
  // FML answers in the name of the list.
  return fields.has('x-mlserver') || isFromSystem(new Map([['from', fields.get('from') ?? ['']]]))
}
