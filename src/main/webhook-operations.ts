/** What an operator does with webhooks: those of every organization, each named by its id. */

import type { Spool } from '#engine/spool'
import type { Config } from '#platform/config'
import type { ServerKey } from '#platform/secret'
import type { Control } from '#platform/store'
import type { Accounts } from '#product/account'
import { OperationError } from '#product/operation'
import type { Operations, WebhookOperations } from '#product/operation'
import { openWebhooks } from '#product/webhook'
import type { Webhook } from '#product/webhook'

import { ofAll, told } from './organizations.ts'
import type { WebhookService } from './webhooks.ts'

export type WebhookOperationParts = {
  readonly config: Config
  readonly control: Control
  readonly key: ServerKey
  readonly spool: Pick<Spool, 'append'>
  /** Absent when no node runs. */
  readonly running?: Pick<WebhookService, 'ping'>
  readonly now: () => number
}

/** After `openAccounts` of the same database. */
export async function webhookOperations(
  { config, control, key, spool, now, running }: WebhookOperationParts,
  accounts: Accounts,
): Promise<Pick<Operations, keyof WebhookOperations>> {
  const plain = config.webhooks.allow.length > 0
  const webhooks = await openWebhooks(control, key, { now, plain, tell: (event) => spool.append(event) })
  const all = (): Promise<readonly Webhook[]> =>
    ofAll(accounts, (organization) => webhooks.list(organization))
  const of = async <T>(
    id: string,
    act: (organization: string) => Promise<T | undefined>,
  ): Promise<T | null> => {
    const found = (await all()).find((one) => one.id === id)
    return found === undefined ? null : ((await act(found.organization)) ?? null)
  }
  return {
    webhooks: all,
    // They hide their secret from whatever prints them whole; who asked for it gets a copy that does not.
    webhookAdd: async (query) => ({ ...(await told(() => webhooks.add(query))) }),
    async webhookRotate({ id, overlap }) {
      const issued = await of(id, (organization) => webhooks.rotate(organization, id, overlap))
      return issued === null ? null : { ...issued }
    },
    webhookPause: ({ id, why }) => of(id, (organization) => webhooks.pause(organization, id, why)),
    webhookResume: ({ id }) => of(id, (organization) => webhooks.resume(organization, id)),
    webhookReplay: ({ id, since }) => of(id, (organization) => webhooks.replay(organization, id, since)),
    webhookRemove: ({ id }) =>
      of(id, async (organization) => {
        const webhook = await webhooks.show(organization, id)
        return (await webhooks.remove(organization, id)) ? webhook : undefined
      }),
    webhookTest: ({ id }) =>
      of(id, async (organization) => {
        if (running === undefined)
          throw new OperationError('not-running', 'webhook test needs a running node: hikyaku serve')
        return running.ping({ organization, id })
      }),
    webhookAttempts: (query) => of(query.id, (organization) => webhooks.attempts({ ...query, organization })),
  }
}
