/** A report about TLS on its way: a message of this node's own, in a stream that no policy holds back. */

import type { Intake } from '#engine/queue'
import { TLS_REPORT_STREAM } from '#engine/transport-security'
import { formatMailbox } from '#grammar/address'
import type { Mailbox } from '#grammar/address'

export type ReportMail = { readonly from: Mailbox; readonly to: Mailbox; readonly bytes: Uint8Array }

/** Resolves when it is kept. @throws {Error} with the refusal's words when it is not */
export async function submitReport(intake: Intake, { from, to, bytes }: ReportMail): Promise<void> {
  const refusal = intake.refusal()
  const accepted =
    refusal === undefined
      ? await intake.accept(
          {
            id: intake.newId(),
            envelope: {
              from,
              // A report that does not arrive is made known by the next one: nobody wants to hear of it.
              to: [{ to, notify: 'never' }],
              body: '7bit',
              smtputf8: false,
              requireTls: false,
              priority: 0,
            },
            organization: 'default',
            stream: TLS_REPORT_STREAM,
            door: 'tls-report',
            client: { address: '', helo: '', protocol: '' },
            headerFrom: formatMailbox(from),
          },
          bytes,
        )
      : { ok: false as const, reply: refusal }
  if (!accepted.ok) throw new Error(accepted.reply.lines[0])
}
