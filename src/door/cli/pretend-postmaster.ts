/** For tests: one message for the postmaster, in memory. */

import type { KeptMailView, Operations } from '#product/operation'

type PostmasterOperations = Pick<Operations, 'postmasterMails' | 'postmasterMail' | 'postmasterRemove'>

export function pretendPostmaster(now: number): PostmasterOperations {
  const text = 'From: eve@example.net\r\nSubject: Your \u001b[31mmail\r\n\r\nStop it!\r\n'
  const mail: KeptMailView = {
    id: '0ab3xk9m2pq',
    receivedAt: now - 3_600_000,
    client: '192.0.2.9',
    sender: 'eve@example.net',
    recipient: 'abuse@mx.example.org',
    author: 'eve@example.net',
    subject: '=Your \u001b[31mmail',
    size: text.length,
    content: Buffer.from(text).toString('base64'),
  }
  const kept = new Map([[mail.id, mail]])
  return {
    postmasterMails: async ({ limit }) => [...kept.values()].slice(0, limit),
    postmasterMail: async ({ id }) => kept.get(id) ?? null,
    async postmasterRemove({ ids }) {
      const gone = ids.flatMap((id) => kept.get(id) ?? [])
      for (const { id } of gone) kept.delete(id)
      return gone
    },
  }
}
