/** What a host said, or how it failed to say anything, as far as rules look at it; and whether a pattern means it. */

import { ReplyParser } from '#grammar/smtp'

import { FAILURES, STAGES } from './keys.ts'
import type { Failure, ReactionValues, Stage } from './keys.ts'

/** An attempt has it, and more. */
export type Said = {
  readonly stage: string
  /** 0 when there was no reply. */
  readonly code: number
  readonly enhanced: string
  readonly text: string
}

type Written = Pick<ReactionValues, 'stage' | 'code' | 'enhanced' | 'text' | 'failure'>

/** What a reaction looks for, made ready. Absent parts do not restrict. */
export type Pattern = {
  readonly stages?: ReadonlySet<string>
  readonly codes?: readonly RegExp[]
  readonly enhanced?: readonly RegExp[]
  /** Each text as its pieces between `*`, in lower case. */
  readonly texts?: readonly (readonly string[])[]
  readonly failures?: ReadonlySet<Failure>
}

export function patternOf({ stage, code, enhanced, text, failure }: Written): Pattern {
  return {
    ...(stage && { stages: new Set<string>(stage) }),
    // Of the file's text only digits, dots, `x` and `*` come in here: nothing that can run long.
    ...(code && { codes: code.map((one) => new RegExp(`^${one.replaceAll('x', '\\d')}$`)) }),
    ...(enhanced && { enhanced: enhanced.map((one) => new RegExp(`^${escaped(one)}$`)) }),
    ...(text && {
      texts: text.map((one) =>
        one
          .toLowerCase()
          .split('*')
          .filter((piece) => piece !== ''),
      ),
    }),
    ...(failure && { failures: new Set(failure) }),
  }
}

function escaped(enhanced: string): string {
  return enhanced.replaceAll('.', '\\.').replace('*', '[\\d.]+')
}

/** `lower` is the text in lower case: whoever asks for many patterns makes it once. */
export function matches(pattern: Pattern, said: Said, lower: string): boolean {
  const { stages, codes, enhanced, texts, failures } = pattern
  if (stages !== undefined && !stages.has(said.stage)) return false
  if (said.code === 0)
    return failures !== undefined && isAny(failures, failureOf(said)) && hasAny(texts, lower)
  if (failures !== undefined) return false
  if (codes !== undefined && !codes.some((one) => one.test(String(said.code)))) return false
  if (enhanced !== undefined && !enhanced.some((one) => one.test(said.enhanced))) return false
  return hasAny(texts, lower)
}

function isAny(failures: ReadonlySet<Failure>, failure: Failure | undefined): boolean {
  return failure !== undefined && failures.has(failure)
}

function hasAny(texts: Pattern['texts'], lower: string): boolean {
  return texts === undefined || texts.some((pieces) => hasInOrder(pieces, lower))
}

/** Each piece as early as it can be: whatever comes, one walk over the text is enough. */
function hasInOrder(pieces: readonly string[], lower: string): boolean {
  let from = 0
  for (const piece of pieces) {
    const at = lower.indexOf(piece, from)
    if (at < 0) return false
    from = at + piece.length
  }
  return true
}

/** How a connection ended without a reply, from the words that egress has for it. */
export function failureOf({ code, text }: Pick<Said, 'code' | 'text'>): Failure | undefined {
  if (code !== 0) return undefined
  if (/ECONNREFUSED|EHOSTUNREACH|ENETUNREACH/.test(text)) return 'refused'
  if (/ECONNRESET|EPIPE/.test(text)) return 'reset'
  if (/ETIMEDOUT|no answer for|no progress for|within \d+ s/.test(text)) return 'timeout'
  return /connection closed/.test(text) ? 'closed' : undefined
}

/**
 * Reads a sample as egress would read it from a host: `550 5.1.1 text`, `RCPT: 550 …`, `connect: reset`; `undefined`
 * when it is no reply. `otherwise` is the stage where the sample names none.
 */
export function parseSample(sample: string, otherwise: Stage): Said | undefined {
  const named = STAGES.find((one) => sample.startsWith(`${one}: `))
  const rest = named === undefined ? sample : sample.slice(named.length + 2)
  const stage = named ?? otherwise
  const failure = FAILURES.find((one) => one === rest)
  if (failure !== undefined) return { stage, code: 0, enhanced: '4.4.2', text: WORDS[failure] }
  const parser = new ReplyParser()
  parser.push(Buffer.from(`${rest.trim().replaceAll('\n', '\r\n')}\r\n`))
  const event = parser.next()
  if (event?.kind !== 'reply' || !parser.isEmpty) return undefined
  const { code, enhanced, lines } = event.reply
  return { stage, code, enhanced: enhanced ?? `${Math.floor(code / 100)}.0.0`, text: lines.join(' ') }
}

const WORDS: { readonly [K in Failure]: string } = {
  refused: 'connect to 192.0.2.1:25: ECONNREFUSED',
  reset: 'connection lost: read ECONNRESET',
  closed: 'connection closed by the peer',
  timeout: 'no progress for 300 s',
}
