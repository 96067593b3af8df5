/** What the main thread does about webhooks: sends, and removes what is old of what it sent. */

import type { NewEvent } from '#engine/spool'
import { Resolver } from '#platform/dns'
import { createHttpClient } from '#platform/http-client'
import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'
import { openQueue, openWebhooks, WebhookDispatcher } from '#product/webhook'
import type { Webhook, WebhookAttempt, Webhooks } from '#product/webhook'

import type { RunningNode } from './node.ts'
import { reachOf } from './reach.ts'
import { monotonic } from './security.ts'

/** What the API does with webhooks. */
export type WebhookService = Webhooks & {
  ping(webhook: Pick<Webhook, 'organization' | 'id'>): Promise<WebhookAttempt | undefined>
}

export type WebhookParts = Pick<RunningNode, 'config' | 'control' | 'key' | 'spool'> & {
  readonly log: Log
  readonly metrics: MetricsRegistry
}

/** Until it is disposed of: then what is under way ends, within the time that a request may take. */
export async function startWebhooks(
  parts: WebhookParts,
): Promise<AsyncDisposable & { service: WebhookService }> {
  const { config, control, key, spool, log, metrics } = parts
  const { batchEvents: batch, batchWait, timeout, retry, giveUp } = config.webhooks
  const dns = new Resolver({ config: config.dns, now: monotonic })
  const queue = await openQueue(control, config.node.number)
  const tell = (event: NewEvent): Promise<void> => spool.append(event)
  const plain = config.webhooks.allow.length > 0
  const webhooks = await openWebhooks(control, key, { now: Date.now, plain, tell })
  const dispatcher = new WebhookDispatcher({
    queue,
    source: spool,
    http: createHttpClient({
      dns,
      ...reachOf('webhooks.allow', config.webhooks.allow),
      port: 'any',
      userAgent: 'hikyaku',
    }),
    key,
    log,
    metrics,
    tell,
    settings: { batch, timeout, retry, giveUp },
    now: Date.now,
    random: Math.random,
  })
  const go = async (): Promise<void> => {
    try {
      await dispatcher.round()
    } catch (cause) {
      log.error('webhook.dispatch-failed', { cause })
    }
  }
  let round = go()
  const timer = setInterval(() => void (round = round.then(go)), batchWait).unref()
  return {
    service: { ...webhooks, ping: (webhook) => dispatcher.ping(webhook) },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await round
      await dispatcher.end()
      dns[Symbol.dispose]()
    },
  }
}
