/** What one stage of an attempt came to, before it is known which deliveries it is about. */

import type { ClientReply, ReplyError } from '#grammar/smtp'

/** Where words were said, or expected and not said. `content` is this side's: the message could not be read. */
export type Stage =
  | 'route'
  | 'connect'
  | 'greeting'
  | 'EHLO'
  | 'tls'
  | 'AUTH'
  | 'content'
  | 'RSET'
  | 'MAIL'
  | 'RCPT'
  | 'DATA'
  | 'end of data'

export type Verdict = {
  readonly outcome: 'delivered' | 'deferred' | 'bounced'
  readonly stage: Stage
  /** 0 when there was no reply. */
  readonly code: number
  readonly enhanced: string
  readonly text: string
}

/** Why a connection is of no more use. */
export type Lost =
  | { readonly kind: 'closed' }
  | { readonly kind: 'error'; readonly text: string }
  | { readonly kind: 'timeout'; readonly after: number }
  /** The peer said something that is no reply, or more than anybody should read. */
  | { readonly kind: 'garbled'; readonly error: ReplyError }
  /** A reply to nothing, or of a kind that cannot answer what was said: no later reply can be trusted. */
  | { readonly kind: 'out-of-step'; readonly text: string }
  /** This side gave it up. */
  | { readonly kind: 'stopped'; readonly text: string }

/** As kept with an attempt. */
const TEXT_LIMIT = 1000

// C0, DEL and C1: what a terminal may obey.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\0-\x1f\x7f-\x9f]+/g

/** RFC 5321 §4.2.1: the first digit decides; what is neither 2, 4 nor 5 cannot end a stage. */
export function verdictOf(reply: ClientReply, stage: Stage): Verdict {
  const digit = Math.floor(reply.code / 100)
  return {
    outcome: digit === 2 ? 'delivered' : digit === 5 ? 'bounced' : 'deferred',
    stage,
    code: reply.code,
    enhanced: reply.enhanced ?? `${digit}.0.0`,
    text: printable(reply.lines.length === 1 ? reply.lines[0] : reply.lines.join(' ')),
  }
}

export function deferred(stage: Stage, enhanced: string, text: string): Verdict {
  return { outcome: 'deferred', stage, code: 0, enhanced, text: printable(text) }
}

export function bounced(stage: Stage, enhanced: string, text: string): Verdict {
  return { outcome: 'bounced', stage, code: 0, enhanced, text: printable(text) }
}

/** A lost connection proves nothing about the message: it is always deferred. */
export function lostVerdict(lost: Lost, stage: Stage): Verdict {
  switch (lost.kind) {
    case 'closed':
      return deferred(stage, '4.4.2', `connection closed by the peer ${waiting(stage)}`)
    case 'error':
      return deferred(stage, '4.4.2', `connection lost ${waiting(stage)}: ${lost.text}`)
    case 'timeout':
      return deferred(stage, '4.4.2', `no progress for ${Math.round(lost.after / 1000)} s ${waiting(stage)}`)
    case 'garbled':
      return deferred(stage, '4.5.0', `the peer does not speak SMTP (${lost.error}) ${waiting(stage)}`)
    case 'out-of-step':
      return deferred(stage, '4.5.0', `replies out of step ${waiting(stage)}: ${lost.text}`)
    case 'stopped':
      return deferred(stage, '4.3.2', lost.text)
  }
}

function waiting(stage: Stage): string {
  return stage === 'connect' ? 'while connecting' : `at stage ${stage}`
}

/** Remote text is data: no control characters, bounded. */
export function printable(text: string): string {
  const safe = text.replace(CONTROL, ' ')
  return safe.length <= TEXT_LIMIT ? safe : safe.slice(0, TEXT_LIMIT)
}
