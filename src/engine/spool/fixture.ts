/** Messages and outcomes for tests: valid, small, and different where a test says so. */

import type { MessageId } from '#grammar/message-id'

import type { Content } from './content.ts'
import { messageIds } from './message-ids.ts'
import type { Attempt, DeliveryState, Message, NewDelivery, Settlement } from './message.ts'
import type { NewMessage, Spool } from './spool.ts'

/** 2026-01-01T00:00:00Z; tests bring their own time. */
export const NOON = 1_767_225_600_000

export const HELLO = Buffer.from('hello')

/** The queue of `entry`, unless a delivery says otherwise. */
export const QUEUE = 'transactional/example.com'

export const newId = messageIds(1, () => NOON)

export function entry(
  id: MessageId,
  deliveries: readonly Partial<NewDelivery>[] = [{}],
  message: Partial<Message> = {},
): NewMessage {
  return {
    message: {
      id,
      acceptedAt: NOON,
      organization: 'acme',
      stream: 'transactional',
      door: 'submission',
      client: { address: '192.0.2.7', helo: 'app.example', protocol: 'ESMTPSA' },
      from: { local: 'sender', domain: 'acme.example' },
      size: 5,
      body: '7bit',
      smtputf8: false,
      requireTls: false,
      priority: 0,
      expiresAt: NOON + 432_000_000,
      ...message,
    },
    deliveries: deliveries.map((delivery, n) => ({
      to: { local: `user${n}`, domain: 'example.com' },
      queue: QUEUE,
      band: 0,
      state: 'active',
      due: NOON,
      ...delivery,
    })),
  }
}

export function attempt(changes: Partial<Attempt> = {}): Attempt {
  return {
    at: NOON + 1000,
    duration: 12,
    outcome: 'delivered',
    source: 'default',
    site: 'mx.example.com',
    host: 'mx.example.com',
    address: '192.0.2.25',
    tls: '',
    stage: 'end of data',
    code: 250,
    enhanced: '2.0.0',
    text: 'Ok',
    ...changes,
  }
}

export function delivered(message: MessageId, n = 0, changes: Partial<Settlement> = {}): Settlement {
  return {
    key: { message, n },
    state: 'delivered',
    due: NOON,
    at: NOON + 1000,
    attempt: attempt(),
    reason: '',
    ...changes,
  }
}

export function deferred(message: MessageId, due: number, n = 0): Settlement {
  return {
    key: { message, n },
    state: 'waiting',
    due,
    at: NOON + 1000,
    attempt: attempt({ outcome: 'deferred', code: 451, enhanced: '4.3.0', text: 'Later' }),
    reason: '451 4.3.0 Later',
  }
}

/** The octets as latin1, one character each. */
export async function text(content: Content): Promise<string> {
  if (content.kind === 'whole') return Buffer.from(content.bytes).toString('latin1')
  return Buffer.concat(await Array.fromAsync(content.chunks())).toString('latin1')
}

export async function stateOf(spool: Spool, id: MessageId): Promise<DeliveryState | undefined> {
  return (await spool.show(id))?.deliveries[0]?.delivery.state
}
