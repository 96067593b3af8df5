/** What an operator does with the webhooks of all organizations. */

import type { AttemptQuery, NewWebhook, Webhook, WebhookAttempt } from '#product/webhook'

export type WebhookOperations = {
  /** Of all organizations, oldest first. */
  webhooks(): Promise<readonly Webhook[]>
  /** The secret is in the answer and nowhere else, ever. @throws {OperationError} `invalid` */
  webhookAdd(query: NewWebhook): Promise<{ readonly webhook: Webhook; readonly secret: string }>
  /** The secret until now signs as well for `overlap` ms. `null`, here and below: there is none of this id. */
  webhookRotate(query: {
    readonly id: string
    readonly overlap: number
  }): Promise<{ readonly webhook: Webhook; readonly secret: string } | null>
  webhookPause(query: { readonly id: string; readonly why: string }): Promise<Webhook | null>
  webhookResume(query: { readonly id: string }): Promise<Webhook | null>
  /** Sends what was written down since again, and then what follows. */
  webhookReplay(query: { readonly id: string; readonly since: number }): Promise<Webhook | null>
  webhookRemove(query: { readonly id: string }): Promise<Webhook | null>
  /** Sends a ping. @throws {OperationError} `not-running` */
  webhookTest(query: { readonly id: string }): Promise<WebhookAttempt | null>
  /** Newest first. */
  webhookAttempts(query: Omit<AttemptQuery, 'organization'>): Promise<readonly WebhookAttempt[] | null>
}
