/** What a transport thread asks of the main thread: writing that must not hold up mail. */

import type { Kept, Reported, ReportTaken } from '#engine/feedback'
import type { Log } from '#platform/log'
import type { ServerKey } from '#platform/secret'
import type { Control } from '#platform/store'
import { openAccounts } from '#product/account'
import { openDirectory } from '#product/domain'
import { openPostmasterMail } from '#product/postmaster'
import { openReceivedReports } from '#product/received-report'
import { openRecorder } from '#product/suppression'
import type { Experience, Policy } from '#product/suppression'

import { reportsIn } from './reports-in.ts'

export type MainService = {
  /** Writes down what deliveries taught of their recipients, and suppresses those that `policy` says. */
  experienced(batch: readonly Experience[], policy: Policy): Promise<void>
  /** Reads a report about domains of ours, and keeps it. */
  reported(reported: Reported): Promise<ReportTaken>
  /** Keeps mail that nobody else gets. */
  keptForPostmaster(mail: Kept, content: Uint8Array): Promise<void>
}

export type MainServiceParts = { readonly control: Control; readonly key: ServerKey; readonly log: Log }

export async function mainService({ control, key, log }: MainServiceParts): Promise<MainService> {
  // Suppressions belong to organizations, whose table has to be there first.
  await openAccounts(control, key, Date.now)
  const recorder = await openRecorder(control, Date.now)
  const postmaster = await openPostmasterMail(control)
  const reports = await openReceivedReports(control)
  const owners = await openDirectory(control, key, Date.now)
  return {
    reported: reportsIn({ reports, owners, log, now: Date.now }),
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
    async keptForPostmaster(mail, content) {
      const dropped = await postmaster.keep(mail, content)
      const { id, client, sender, recipient, author, subject } = mail
      log.warn('postmaster.kept', { message: id, client, from: sender, to: recipient, author, subject })
      if (dropped > 0) log.warn('postmaster.dropped', { messages: dropped })
    },
  }
}
