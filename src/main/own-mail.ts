/** Mail of this node's own on its way: reports about TLS, and letters to those who sign in here. */

import type { Intake } from '#engine/queue'
import { TLS_REPORT_STREAM } from '#engine/transport-security'
import { formatMailbox } from '#grammar/address'
import type { Mailbox } from '#grammar/address'

export type OwnMail = { readonly from: Mailbox; readonly to: Mailbox; readonly bytes: Uint8Array }

/** A stream that no policy holds back, and one for people. */
const STREAMS = { 'tls-report': TLS_REPORT_STREAM, platform: 'platform' } as const

export type OwnMailKind = keyof typeof STREAMS

/** Resolves when it is kept. @throws {Error} with the refusal's words when it is not */
export async function submitOwn(
  intake: Intake,
  door: OwnMailKind,
  { from, to, bytes }: OwnMail,
): Promise<void> {
  const refusal = intake.refusal()
  const accepted =
    refusal === undefined
      ? await intake.accept(
          {
            id: intake.newId(),
            envelope: {
              from,
              // A report that does not arrive is made known by the next one, a letter is asked for again.
              to: [{ to, notify: 'never' }],
              body: '7bit',
              smtputf8: /[^ -~]/.test(to.local),
              requireTls: false,
              priority: 0,
            },
            organization: 'default',
            stream: STREAMS[door],
            door,
            client: { address: '', helo: '', protocol: '' },
            headerFrom: formatMailbox(from),
          },
          bytes,
        )
      : { ok: false as const, reply: refusal }
  if (!accepted.ok) throw new Error(accepted.reply.lines[0])
}
