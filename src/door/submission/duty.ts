/** What a kind of listener makes of a transaction: who may send, to whom, and where the content goes. */

import type { Action, Event, Offer } from '#grammar/smtp'

import type { Door, Policy } from './door.ts'
import type { Subject } from './journal.ts'
import { MxDuty } from './mx.ts'
import { Reception } from './reception.ts'
import type { Origin, Receiver } from './reception.ts'
import { SenderCheck } from './sender-check.ts'

export type Duty = {
  /** The answer to MAIL. It never rejects. */
  open(action: Extract<Action, { kind: 'open' }>): Event | Promise<Event>
  /** The answer to RCPT. It never rejects. */
  recipient(action: Extract<Action, { kind: 'recipient' }>): Event | Promise<Event>
  receiver(offer: Offer, client: Origin): Receiver
}

export function dutyOf(door: Door, policy: Policy, subject: () => Subject): Duty {
  switch (policy.listener.kind) {
    case 'submission':
      return submissionDuty(door, policy, subject)
    case 'mx':
      return new MxDuty(door)
  }
}

function submissionDuty(door: Door, { limits }: Policy, subject: () => Subject): Duty {
  const senders = new SenderCheck(door, (error) => door.journal.failed(subject(), error))
  return {
    open: (action) => senders.open(action),
    recipient: (action) => door.recipients.ask(action, subject),
    receiver: (offer, client) =>
      new Reception({
        offer,
        client,
        door,
        by: 'submission',
        limits,
        mostOctets: door.allowance?.size(offer.identity),
        maySend: (domain) => senders.maySend(offer.identity.organization, domain),
      }),
  }
}
