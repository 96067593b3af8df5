/** Whether mail of an organization may go to a recipient: not when it is suppressed. */

import { formatMailbox } from '#grammar/address'
import type { Action, Event, Reply } from '#grammar/smtp'
import { reply } from '#grammar/smtp'
import type { Suppression, SuppressionFilter } from '#product/suppression'

import type { Journal, Subject } from './journal.ts'
import { RECIPIENT_CHECK_FAILED } from './refusals.ts'

const WELCOME: Event = { kind: 'addressed' }

export class RecipientCheck {
  readonly #filter: Pick<SuppressionFilter, 'find'>
  readonly #journal: Journal

  constructor(filter: Pick<SuppressionFilter, 'find'>, journal: Journal) {
    this.#filter = filter
    this.#journal = journal
  }

  /** The answer to RCPT. A promise only where the recipient may be suppressed; it never rejects. */
  ask(
    { identity, to }: Extract<Action, { kind: 'recipient' }>,
    subject: () => Subject,
  ): Event | Promise<Event> {
    const found = this.#filter.find(identity.organization, identity.stream, to)
    if (found === undefined) return WELCOME
    return found.then(
      (suppression) => {
        if (suppression === undefined) return WELCOME
        this.#journal.suppressed(subject(), suppression)
        return { kind: 'addressed', reply: suppressed(formatMailbox(to), suppression) }
      },
      (error: unknown) => {
        this.#journal.failed(subject(), error)
        return { kind: 'addressed', reply: RECIPIENT_CHECK_FAILED }
      },
    )
  }
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
