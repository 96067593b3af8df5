/** The mail of the spool's crash tests: what it must be like follows from its id. */

import type { MessageId, NewMessage, Settlement } from '#engine/spool'

export function bodyOf(id: MessageId): Buffer {
  return Buffer.from(`Message-ID: <${id}@example.com>\r\n\r\n${`${id} `.repeat(400)}\r\n`)
}

export function messageOf(id: MessageId): NewMessage {
  return {
    message: {
      id,
      acceptedAt: Date.now(),
      organization: 'acme',
      stream: 'transactional',
      door: 'submission',
      client: { address: '192.0.2.7', helo: 'app.example', protocol: 'ESMTP' },
      from: { local: 'sender', domain: 'acme.example' },
      size: bodyOf(id).length,
      body: '7bit',
      smtputf8: false,
      requireTls: false,
      priority: 0,
      expiresAt: Date.now() + 432_000_000,
    },
    deliveries: [
      { to: { local: id, domain: 'example.com' }, queue: 'q', band: 0, state: 'active', due: Date.now() },
    ],
  }
}

export function outcomeOf(message: MessageId): Settlement {
  const at = Date.now()
  const attempt = {
    at,
    duration: 1,
    outcome: 'delivered',
    source: 'main',
    site: 'mx.example.com',
    host: 'mx.example.com',
    address: '192.0.2.25',
    tls: '',
    stage: 'end of data',
    code: 250,
    enhanced: '2.0.0',
    text: 'Ok',
  } as const
  return { key: { message, n: 0 }, state: 'delivered', due: at, at, attempt, reason: '' }
}
