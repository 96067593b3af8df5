/** What an organization has used up of what it may send, and how its senders are told. Who counts: the floor above. */

import { reply } from '#grammar/smtp'
import type { Reply } from '#grammar/smtp'
import type { Instant } from '#engine/spool'

/** `stream`: where the limit is that of one stream. */
export type Exhausted = { readonly limit: number; readonly stream?: string } & (
  | {
      readonly quota: 'hour' | 'day' | 'month'
      /** Recipients that were accepted, and those that were to be. */
      readonly used: number
      readonly wanted: number
      /** When the next window begins. */
      readonly until: Instant
    }
  /** Recipients, or octets, of one message. */
  | { readonly quota: 'recipients' | 'size' }
)

/** What is asked before a message is kept. */
export type Allowing = {
  /** Counts it as accepted at `now`, unless that is too much. `over` says, once, whether it was kept. */
  take(
    of: { readonly organization: string; readonly stream: string },
    wanted: { readonly recipients: number },
    now: Instant,
  ):
    /** Without `over` there is nothing to say afterwards. */
    | { readonly ok: true; readonly over?: (isKept: boolean) => void }
    | { readonly ok: false; readonly exhausted: Exhausted }
}

/** Windows begin anew, so that the client is to come back: 452. RFC 5321 §4.2.1 */
export function exhaustedReply(exhausted: Exhausted): Reply {
  const { limit, stream } = exhausted
  const whose = stream === undefined ? 'your organization' : `the stream ${stream}`
  switch (exhausted.quota) {
    case 'size':
      // RFC 1870 §6.1
      return reply(552, '5.3.4', `Message size exceeds the quota of ${whose}: ${limit} octets`)
    case 'recipients':
      // RFC 5321 §4.5.3.1.10: the client sends the others in another transaction.
      return reply(452, '4.5.3', `Too many recipients: the quota of ${whose} is ${limit} a message`)
    case 'hour':
    case 'day':
    case 'month': {
      const { quota, used, until } = exhausted
      const left = used < limit ? `${limit - used} are left` : 'it is used up'
      const when = new Date(until).toISOString().replace('.000', '')
      const words = `The quota of ${whose} is ${limit} recipients ${AN[quota]}: ${left} until ${when}`
      // RFC 3463 §3.8: a policy of ours, as 5.7.1 is for a suppressed recipient.
      return reply(452, '4.7.1', words)
    }
  }
}

const AN = { hour: 'an hour', day: 'a day', month: 'a month' } as const
