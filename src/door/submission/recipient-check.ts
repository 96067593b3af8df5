/** Whether mail of an organization may go to a recipient: not when it is suppressed. */

import { exhaustedReply } from '#engine/queue'
import type { NewEvent } from '#engine/spool'
import { formatMailbox } from '#grammar/address'
import type { Mailbox } from '#grammar/address'
import type { Action, Event, Reply } from '#grammar/smtp'
import { reply } from '#grammar/smtp'
import type { Allowance } from '#product/quota'
import type { Suppression, SuppressionFilter } from '#product/suppression'

import type { Journal, Subject } from './journal.ts'
import { RECIPIENT_CHECK_FAILED } from './refusals.ts'

const WELCOME: Event = { kind: 'addressed' }

/** Puts an event into the log of its organization; who refuses mail does not wait for it. */
export type Tell = (event: NewEvent) => void

export type RecipientCheckParts = {
  readonly suppressions: Pick<SuppressionFilter, 'find'>
  readonly allowance?: Pick<Allowance, 'refusal'>
  readonly tell: Tell
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

export class RecipientCheck {
  readonly #filter: Pick<SuppressionFilter, 'find'>
  readonly #allowance: Pick<Allowance, 'refusal'> | undefined
  readonly #journal: Journal
  readonly #tell: Tell
  readonly #now: () => number

  constructor({ suppressions, allowance, tell, now }: RecipientCheckParts, journal: Journal) {
    this.#filter = suppressions
    this.#allowance = allowance
    this.#journal = journal
    this.#tell = tell
    this.#now = now
  }

  /** The answer to RCPT. A promise only where the recipient may be suppressed; it never rejects. */
  ask(
    { identity, to, before }: Extract<Action, { kind: 'recipient' }>,
    subject: () => Subject,
  ): Event | Promise<Event> {
    const exhausted = this.#allowance?.refusal(identity, { recipients: before + 1 }, this.#now())
    if (exhausted !== undefined) return { kind: 'addressed', reply: exhaustedReply(exhausted) }
    const found = this.#filter.find(identity.organization, identity.stream, to)
    if (found === undefined) return WELCOME
    return found.then(
      (suppression) => {
        if (suppression === undefined) return WELCOME
        this.#journal.suppressed(subject(), suppression)
        this.#tell(suppressedEvent({ ...identity, to }, suppression, this.#now()))
        return { kind: 'addressed', reply: suppressed(formatMailbox(to), suppression) }
      },
      (error: unknown) => {
        this.#journal.failed(subject(), error)
        return { kind: 'addressed', reply: RECIPIENT_CHECK_FAILED }
      },
    )
  }
}

type Refused = { readonly organization: string; readonly stream: string; readonly to: Mailbox }

export function suppressedEvent(
  { organization, stream, to }: Refused,
  { reason, class: what, evidence }: Suppression,
  at: number,
): NewEvent {
  const why = what === undefined ? reason : `${reason}, ${what}`
  const shown = evidence === '' ? why : `${why}: ${evidence}`
  return { kind: 'suppressed', at, organization, stream, to: formatMailbox(to), reason: shown }
}

/** Characters of evidence in a reply: a line has 512 octets. RFC 5321 §4.5.3.1.5 */
const EVIDENCE = 160

/** Only an organization's own senders hear it, so that it may say everything. RFC 3463 §3.8: 5.7.1 is a policy of ours. */
export function suppressed(
  address: string,
  { reason, class: what, createdAt, evidence }: Suppression,
): Reply {
  const day = new Date(createdAt).toISOString().slice(0, 10)
  const why = what === undefined ? reason : `${reason}, ${what}`
  const shown = evidence === '' ? '' : `: ${evidence.slice(0, EVIDENCE)}`
  return reply(550, '5.7.1', `<${address}> is suppressed since ${day} (${why})${shown}`)
}
