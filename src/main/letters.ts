/** Letters to those who sign in here, sent by the node itself. */

import { randomUUID } from 'node:crypto'

import { parseMailbox } from '#grammar/address'
import type { Mailbox } from '#grammar/address'
import { compose } from '#grammar/composition'
import type { Config } from '#platform/config'
import type { Remote } from '#platform/thread'
import type { Letter, User } from '#product/user'

import type { TransportService } from './transport-thread.ts'

export type LetterParts = {
  readonly config: Config
  readonly transport: Pick<Remote<TransportService>, 'submitOwn'>
  readonly now: () => number
}

type Write = (to: Pick<User, 'email' | 'name'>, letter: Letter) => Promise<void>

/** What it gives resolves when the letter is kept, and rejects with the words of the refusal. */
export function letterWriter({ config, transport, now }: LetterParts): Write {
  const from = mailbox(config.api.mailFrom)
  return async ({ email, name }, { subject, text }) => {
    const to = mailbox(email)
    const unique = randomUUID().replaceAll('-', '')
    const bytes = compose({
      from: { name: 'Hikyaku', mailbox: from },
      to: [{ name, mailbox: to }],
      cc: [],
      replyTo: [],
      subject,
      // RFC 3834 §5: nobody's absence is answered to us.
      fields: [['Auto-Submitted', 'auto-generated']],
      text,
      attachments: [],
      charset: 'utf-8',
      date: now(),
      messageId: `<${unique}@${from.domain}>`,
      boundary: unique,
    })
    await transport.submitOwn('platform', { from, to, bytes })
  }
}

function mailbox(text: string): Mailbox {
  const parsed = parseMailbox(text, { smtputf8: true, looseDots: true })
  if (parsed.ok && parsed.rest === '') return parsed.value
  throw new Error(`${text} is not an address`)
}
