/** A delivery that was claimed, for tests of what becomes of it; a test says what matters. */

import type { Claimed, Delivery, Message, MessageId } from '#engine/spool'

export function claimedOf(message: Partial<Message>, delivery: Partial<Delivery> = {}): Claimed {
  const id = '0000000000a' as MessageId
  return {
    message: {
      id,
      acceptedAt: 1_000_000,
      organization: 'default',
      stream: 'transactional',
      door: 'submission',
      client: { address: '192.0.2.1', helo: 'client.example.org', protocol: 'ESMTPSA' },
      from: { local: 'sender', domain: 'example.org' },
      size: 100,
      body: '7bit',
      smtputf8: false,
      requireTls: false,
      priority: 0,
      expiresAt: 1_000_000 + 5 * 86_400_000,
      ...message,
    },
    delivery: {
      key: { message: message.id ?? id, n: 0 },
      to: { local: 'jane', domain: 'example.com' },
      queue: 'default/transactional/example.com',
      band: 1,
      state: 'active',
      due: 1_000_000,
      attempts: 0,
      delayNotified: false,
      ...delivery,
    },
  }
}
