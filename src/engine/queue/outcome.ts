/** From what an attempt did to what is written down and who is told. Pure: the clock and the dice are arguments. */

import { classifyReply } from '#engine/bounce'
import type { Classified } from '#engine/bounce'
import type { Tried } from '#engine/egress'
import { afterAttempt, DAMAGED, whenLate } from '#engine/lifetime'
import type { RetryPolicy, Verdict } from '#engine/lifetime'
import type { NoRoute } from '#engine/routing'
import type { Attempt, Claimed, Instant, Settlement } from '#engine/spool'

import type { Entry } from './scheduled-queue.ts'

/**
 * What a sender is told of one delivery. RFC 3464 §2.3.3
 *
 * `relayed`: the next host sends no notifications. `deadline-dropped`: it does not know of the time for delivery.
 * `deadline-passed-on`: it does, and the sender asked to hear of each hop.
 * `came-back`, `late-beyond`, `arrived`: what a later host reported to a return path of ours, and is passed on.
 */
export type Notice =
  | 'failed'
  | 'delayed'
  | 'relayed'
  | 'deadline-dropped'
  | 'deadline-passed-on'
  | 'came-back'
  | 'late-beyond'
  | 'arrived'

export type Ending = {
  readonly claimed: Claimed
  readonly settlement: Settlement
  readonly notice?: Notice
}

export function judge(
  entry: Entry,
  tried: Tried,
  policy: RetryPolicy,
  at: { readonly now: Instant; readonly random: number },
): Ending {
  const { claimed } = entry
  const { dsnPassedOn, deadlinePassedOn, ...said } = tried
  const { damage } = entry.carried
  // What was sent before the damage was met, or refused whatever the content, has ended as it did.
  if (damage !== undefined && tried.outcome === 'deferred')
    return { claimed, settlement: quarantine(claimed, said, damage, at.now) }
  const verdict = afterAttempt(claimed, tried, policy, at)
  const attempt = said.outcome === 'delivered' ? said : { ...said, bounce: bounceOf(said, claimed) }
  const notice = noticeOf(claimed, verdict, { dsnPassedOn, deadlinePassedOn })
  const settlement = settlementOf(claimed, verdict, attempt, at.now)
  return { claimed, settlement, ...(notice === undefined ? {} : { notice }) }
}

/** Its time is over, and nothing was tried: what is known of it is what was said before. */
export function judgeLate(claimed: Claimed, policy: RetryPolicy, now: Instant): Ending {
  const { key, state, lastReply } = claimed.delivery
  const verdict = whenLate(claimed, policy, now)
  const notice = noticeOf(claimed, verdict, NOT_SENT)
  const settlement: Settlement =
    verdict.state === 'expired'
      ? { key, state: 'expired', due: now, at: now, reason: because(lastReply) }
      : {
          key,
          state: state === 'held' ? 'held' : 'waiting',
          due: verdict.due,
          at: now,
          delayNotified: true,
          reason: lastReply ?? '',
        }
  return { claimed, settlement, ...(notice === undefined ? {} : { notice }) }
}

const NOT_SENT = { dsnPassedOn: false, deadlinePassedOn: false }

function because(lastReply = ''): string {
  const why = 'the time by which it was to be delivered is over'
  return lastReply === '' ? why : `${why}: ${lastReply}`
}

/** Successes never come here: what they cost is nothing. */
function bounceOf(said: Attempt, { delivery }: Claimed): Classified {
  return classifyReply({
    ...said,
    host: said.host === '' ? said.site : said.host,
    domain: delivery.to.domain,
  })
}

/** What nobody could be asked about, as an attempt. */
export function unrouted({ kind, code, enhanced, text }: NoRoute, domain: string, now: Instant): Tried {
  return {
    at: now,
    duration: 0,
    outcome: kind,
    source: '',
    site: domain,
    host: '',
    address: '',
    tls: '',
    stage: 'route',
    code,
    enhanced,
    text,
    dsnPassedOn: false,
    deadlinePassedOn: false,
  }
}

/** Neither sent as it is nor returned as if it were what was accepted: an operator has to look. */
function quarantine(claimed: Claimed, tried: Attempt, damage: string, now: Instant): Settlement {
  const attempt = { ...tried, stage: DAMAGED, code: 0, enhanced: '4.3.0', text: damage }
  return { key: claimed.delivery.key, state: 'held', due: now, at: now, attempt, reason: damage }
}

function settlementOf(claimed: Claimed, verdict: Verdict, attempt: Attempt, now: Instant): Settlement {
  const base = { key: claimed.delivery.key, at: now, attempt, reason: reasonOf(verdict, attempt) }
  return verdict.state === 'waiting'
    ? {
        ...base,
        state: 'waiting',
        due: verdict.due,
        delayNotified: verdict.tellDelay || claimed.delivery.delayNotified,
      }
    : { ...base, state: verdict.state, due: now }
}

function reasonOf(verdict: Verdict, attempt: Attempt): string {
  const said = replyText(attempt)
  return verdict.state === 'expired' ? `given up after the last try: ${said}` : said
}

/** `550 5.1.1 No such user`, or the words alone when there was no reply. */
export function replyText({ code, enhanced, text }: Attempt): string {
  return [code === 0 ? '' : String(code), enhanced, text].filter((part) => part !== '').join(' ')
}

type PassedOn = Pick<Tried, 'dsnPassedOn' | 'deadlinePassedOn'>

function noticeOf({ message, delivery }: Claimed, verdict: Verdict, passedOn: PassedOn): Notice | undefined {
  // RFC 5321 §4.5.5: nothing is ever sent in answer to mail from the null reverse-path.
  if (message.from === null || delivery.notify === 'never') return undefined
  switch (verdict.state) {
    case 'delivered':
      return ofSuccess({ message, delivery }, passedOn)
    case 'bounced':
    case 'expired':
      // RFC 3461 §4.1: who says nothing wants to hear of failures.
      return delivery.notify === undefined || delivery.notify.includes('failure') ? 'failed' : undefined
    case 'waiting':
      return verdict.tellDelay ? 'delayed' : undefined
  }
}

/** All that we do is relay: who wants to know of success hears what became of that duty. */
function ofSuccess(
  { message: { deliverBy }, delivery }: Claimed,
  { dsnPassedOn, deadlinePassedOn }: PassedOn,
): Notice | undefined {
  // RFC 3461 §5.2.2: told by us only when the next server cannot.
  if (delivery.notify?.includes('success') === true && !dsnPassedOn) return 'relayed'
  // RFC 2852 §4.1.4.2: whatever NOTIFY asks for, NEVER excepted. Mode R never comes to such a host.
  if (deliverBy?.mode === 'notify' && !deadlinePassedOn) return 'deadline-dropped'
  // RFC 2852 §4.1.4: also by hosts that know of the time, one after the other.
  return deliverBy?.trace === true ? 'deadline-passed-on' : undefined
}
