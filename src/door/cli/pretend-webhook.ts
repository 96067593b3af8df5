/** For tests: one webhook that fails. */

import type { WebhookOperations } from '#product/operation'
import type { Webhook, WebhookAttempt } from '#product/webhook'

export function pretendWebhooks(now: number): WebhookOperations {
  const webhook: Webhook = {
    id: '4f1c0d7e9a2b6358',
    organization: 'default',
    url: 'https://shop.example/hooks/mail',
    note: 'the shop',
    kinds: ['delivered', 'bounced'],
    state: { at: 'failing', since: now - 3_600_000, failures: 9, next: now + 600_000 },
    createdAt: now,
  }
  const attempt: WebhookAttempt = {
    id: 'a1',
    at: now,
    duration: 87,
    what: 'events',
    request: 'evt_1',
    events: 3,
    ok: false,
    status: 503,
    excerpt: 'maintenance',
  }
  const of = <T>(id: string, value: T): Promise<T | null> => Promise.resolve(id === webhook.id ? value : null)
  const secret = 'whsec_once_only'
  return {
    webhooks: () => Promise.resolve([webhook]),
    webhookAdd: (query) =>
      Promise.resolve({ webhook: { ...webhook, ...query, state: { at: 'active' } }, secret }),
    webhookRotate: ({ id, overlap }) =>
      of(id, { webhook: { ...webhook, oldSecretUntil: now + overlap }, secret }),
    webhookPause: ({ id }) => of(id, webhook),
    webhookResume: ({ id }) => of(id, webhook),
    webhookReplay: ({ id }) => of(id, webhook),
    webhookRemove: ({ id }) => of(id, webhook),
    webhookTest: ({ id }) =>
      of(id, { ...attempt, what: 'ping', events: 0, ok: true, status: 204, excerpt: '' }),
    webhookAttempts: ({ id }) => of(id, [attempt]),
  }
}
