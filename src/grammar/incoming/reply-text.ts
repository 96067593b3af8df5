/** What words that quote a mail host say of its reply: code, enhanced status code, and where in the session it was. */

/** Where in the session a reply was given, in the words of the queue. */
export type ReplyStage = 'connect' | 'EHLO' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | 'end of data'

export type Quoted = {
  /** 0 when no reply is quoted. */
  readonly code: number
  /** RFC 3463; empty when none is quoted. */
  readonly enhanced: string
  readonly stage?: ReplyStage
}

// Neither part of a number, an address, a host name nor of an enhanced code.
const CODE = /(?:^|[\s>:;,"'([#])([45][0-5]\d)(?=[\s\-:,;)\]"']|$)/
const ENHANCED = /(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)/

/** Looks at the beginning of `text` only. */
export function quotedReply(text: string): Quoted {
  const start = text.slice(0, 4000)
  const stage = quotedStage(start)
  return {
    code: Number(CODE.exec(start)?.[1] ?? 0),
    enhanced: ENHANCED.exec(start)?.[1] ?? '',
    ...(stage === undefined ? {} : { stage }),
  }
}

const COMMAND =
  '(end of data|\\.|data|rcpt|mail|auth|ehlo|helo|lhlo|connect|initial connection|starttls|banner)'

/** These show the last command; the reply was to the content that followed. */
const LAST_COMMAND: readonly RegExp[] = [
  new RegExp(`did not like our (?:final )?${COMMAND}\\b`, 'i'),
  new RegExp(`smtp command[ -]*\\n${COMMAND}\\b`, 'i'),
  new RegExp(`(?:sent|command)[ ]?(?:<<<|>>>|:)[ ]?${COMMAND}\\b`, 'i'),
  new RegExp(`^[ \\t]*>>>[ ]?${COMMAND}\\b`, 'im'),
]

/** In the order of how sure they are. Each captures the name of a command. */
const TOLD: readonly RegExp[] = [
  new RegExp(`in reply to (?:the )?${COMMAND}`, 'i'),
  new RegExp(`(?:after|in response to)(?: sending)?(?: pipelined)? ${COMMAND}`, 'i'),
  new RegExp(`\\bsmtp:${COMMAND}\\b`, 'i'),
  new RegExp(`\\[${COMMAND}(?:_to|_from)?\\]`, 'i'),
  ...LAST_COMMAND,
]

// Before the stage is told, white space is evened out: the words are often folded.
export function quotedStage(text: string): ReplyStage | undefined {
  // Sendmail pipelines: what it shows after DATA may be the reply to RCPT, and its own last word tells which.
  if (/^(?:>>> DATA|<<< )/im.test(text) && /\.\.\. user unknown\s*$/im.test(text)) return 'RCPT'
  const folded = text.replace(/[ \t]{0,20}\n[ \t]+/g, ' ')
  for (const told of TOLD) {
    const command = told.exec(LAST_COMMAND.includes(told) ? text : folded)?.[1]
    if (command !== undefined) return stageOf(command.toLowerCase(), told)
  }
  return googleState(folded)
}

const STAGES = new Map<string, ReplyStage>([
  ['rcpt', 'RCPT'],
  ['mail', 'MAIL'],
  ['auth', 'AUTH'],
  ['ehlo', 'EHLO'],
  ['helo', 'EHLO'],
  ['lhlo', 'EHLO'],
  ['starttls', 'EHLO'],
  ['end of data', 'end of data'],
  ['.', 'end of data'],
])

function stageOf(command: string, told: RegExp): ReplyStage {
  if (command !== 'data') return STAGES.get(command) ?? 'connect'
  return LAST_COMMAND.includes(told) ? 'end of data' : 'DATA'
}

/** `(state 14)` in older notices of Gmail. */
function googleState(text: string): ReplyStage | undefined {
  const state = Number(/\(state (\d{1,2})\)/.exec(text)?.[1] ?? 0)
  if (state >= 13 && state <= 15) return 'RCPT'
  return state >= 17 && state <= 18 ? 'end of data' : undefined
}
