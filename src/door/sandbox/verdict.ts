/** What becomes of a command, given what the recipients asked for. Pure but for the memory it is handed. */

import { formatMailbox } from '#grammar/address'
import type { Mailbox } from '#grammar/address'
import { reply } from '#grammar/smtp'
import type { Reply } from '#grammar/smtp'

import type { Chosen, Refusal, Stage } from '#engine/receiver'
import type { Patience } from './patience.ts'

export type Verdict =
  | { readonly kind: 'take' }
  | { readonly kind: 'refuse'; readonly reply: Reply }
  /** The reply, and the connection ends. */
  | { readonly kind: 'close'; readonly reply: Reply }
  | { readonly kind: 'reset' }
  /** From now on every reply comes `delay` ms late. */
  | { readonly kind: 'slow'; readonly delay: number }
  | { readonly kind: 'swallow' }

export type Circumstances = {
  /** The client's address. */
  readonly client: string
  /** Milliseconds. */
  readonly now: number
  readonly slowness: number
  readonly greylisting: number
  readonly patience: Patience
}

const take: Verdict = { kind: 'take' }

export function judge(
  recipient: Mailbox,
  chosen: Chosen | undefined,
  at: Stage,
  around: Circumstances,
): Verdict {
  if (chosen?.behaviour.at !== at) return take
  const { does } = chosen.behaviour
  switch (does.kind) {
    case 'refuse':
    case 'close':
      return { kind: does.kind, reply: said(does.with, recipient, around) }
    case 'reset':
    case 'swallow':
      return { kind: does.kind }
    case 'slow':
      return { kind: 'slow', delay: chosen.number === undefined ? around.slowness : chosen.number * 1_000 }
    case 'refuse first':
      return until(recipient, does.with, around, ({ count }) => count > (chosen.number ?? 1))
    case 'refuse for a while':
      return until(recipient, does.with, around, ({ since }) => around.now - since >= around.greylisting)
  }
}

function until(
  recipient: Mailbox,
  refusal: Refusal,
  around: Circumstances,
  isEnough: (tries: { count: number; since: number }) => boolean,
): Verdict {
  const key = formatMailbox(recipient)
  if (!isEnough(around.patience.tried(key, around.now))) {
    return { kind: 'refuse', reply: said(refusal, recipient, around) }
  }
  around.patience.forget(key)
  return take
}

function said({ code, enhanced, lines }: Refusal, recipient: Mailbox, { client }: Circumstances): Reply {
  const [first, ...others] = lines
  const fill = (line: string): string =>
    line.replace('<a>', () => `<${formatMailbox(recipient)}>`).replace('[ip]', () => `[${client}]`)
  const filled = [fill(first), ...others.map(fill)] as const
  return enhanced === undefined ? { code, lines: filled } : { code, enhanced, lines: filled }
}

export const REPLIES = {
  ok: reply(250, '2.0.0', 'OK'),
  sender: reply(250, '2.1.0', 'OK'),
  recipient: reply(250, '2.1.5', 'OK'),
  bye: reply(221, '2.0.0', 'Bye'),
  start: { code: 354, lines: ['End data with <CRLF>.<CRLF>'] },
  tls: reply(220, '2.0.0', 'Ready to start TLS'),
  sequence: reply(503, '5.5.1', 'Bad sequence of commands'),
  noRecipients: reply(554, '5.5.1', 'No valid recipients'),
  unknown: reply(502, '5.5.1', 'Command not implemented'),
  malformed: reply(500, '5.5.2', 'Not a command line'),
  // RFC 5321 §4.5.3.1.10
  tooMany: reply(452, '4.5.3', 'Too many recipients'),
  tooLarge: reply(552, '5.3.4', 'Message too large'),
  badContent: reply(550, '5.6.0', 'Bare CR, bare LF or NUL in the content'),
  cannotVerify: reply(252, '2.5.0', 'Cannot VRFY, but will take the message'),
  busy: { code: 421, lines: ['mx.sandbox.test Service not available, closing channel'] },
  noService: { code: 554, lines: ['mx.sandbox.test No SMTP service here'] },
} as const satisfies { readonly [name: string]: Reply }
