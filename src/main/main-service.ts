/** What a transport thread asks of the main thread: writing that must not hold up mail. */

import type { Log } from '#platform/log'
import type { ServerKey } from '#platform/secret'
import type { Control } from '#platform/store'
import { openAccounts } from '#product/account'
import { openRecorder } from '#product/suppression'
import type { Experience, Policy } from '#product/suppression'

export type MainService = {
  /** Writes down what deliveries taught of their recipients, and suppresses those that `policy` says. */
  experienced(batch: readonly Experience[], policy: Policy): Promise<void>
}

export type MainServiceParts = { readonly control: Control; readonly key: ServerKey; readonly log: Log }

export async function mainService({ control, key, log }: MainServiceParts): Promise<MainService> {
  // Suppressions belong to organizations, whose table has to be there first.
  await openAccounts(control, key, Date.now)
  const recorder = await openRecorder(control, Date.now)
  return {
    async experienced(batch, policy) {
      for (const made of await recorder.record(batch, policy)) {
        const { organization, stream, address, reason, delivery, evidence, expiresAt } = made
        log.info('suppression.added', {
          organization,
          stream,
          to: address,
          reason,
          class: made.class,
          delivery,
          evidence,
          until: expiresAt === undefined ? undefined : new Date(expiresAt).toISOString(),
        })
      }
    },
  }
}
