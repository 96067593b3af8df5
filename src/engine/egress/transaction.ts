/**
 * One mail transaction as a value that replies are fed to: what is to be said next, and what became of each
 * recipient. No sockets, no clock, no awaiting. RFC 5321 §3.3, RFC 2920 §3.1, RFC 3030 §2
 *
 *   RSET? ─▶ MAIL ─▶ RCPT × n ─┬▶ DATA ─▶ end of data ─▶ over
 *                              └▶ (BDAT) ▶ end of data ─▶ over
 */

import type { ClientReply } from '#grammar/smtp'

import { lostVerdict, verdictOf } from './verdict.ts'
import type { Lost, Verdict } from './verdict.ts'

export type Plan = {
  /** The transaction before this one failed half-way: begin with RSET. */
  readonly reset: boolean
  /** MAIL and RCPT lines with CRLF. */
  readonly mail: string
  readonly rcpt: readonly string[]
  readonly pipelining: boolean
  /** `BDAT at once`: the content goes with the envelope, before any reply; only with pipelining. */
  readonly body: 'DATA' | 'BDAT' | 'BDAT at once'
}

/** What the connection is to do. */
export type Order = {
  /** Commands to write first; may be empty. */
  readonly say: string
  /** Then the content: dot-stuffed with its end, or as one last chunk. `sent` is to be called when it is written. */
  readonly content?: 'DATA' | 'BDAT'
  /** Every recipient has its verdict. `reset`: the connection may go on, with RSET first. */
  readonly over?: 'ready' | 'reset' | 'close'
}

type State = 'RSET' | 'MAIL' | 'RCPT' | 'DATA' | 'end of data'

const WAIT: Order = { say: '' }
const READY: Order = { say: '', over: 'ready' }
const RESET: Order = { say: '', over: 'reset' }
const CLOSE: Order = { say: '', over: 'close' }
const LONE_DOT: Order = { say: '.\r\n' }

export class Transaction {
  readonly #plan: Plan
  readonly #verdicts: (Verdict | undefined)[]
  #state: State
  /** Recipients whose reply has come. */
  #answered = 0
  /** Recipients that the peer will take the message for. */
  #accepted = 0
  #content: 'unsent' | 'sending' | 'sent' = 'unsent'
  #taken = false

  constructor(plan: Plan) {
    this.#plan = plan
    this.#state = plan.reset ? 'RSET' : 'MAIL'
    this.#verdicts = Array.from({ length: plan.rcpt.length }, () => undefined)
  }

  /** What is being waited for. */
  get stage(): State {
    return this.#state
  }

  /** The peer has taken no command of it: it may be begun anew elsewhere without a doubt. */
  get isUntouched(): boolean {
    return !this.#taken && this.#content === 'unsent'
  }

  /** Recipients the peer accepted. */
  get accepted(): number {
    return this.#accepted
  }

  get isSent(): boolean {
    return this.#content === 'sent'
  }

  /** In the order of `rcpt`; complete when an order says `over`, or after `lost`. */
  get verdicts(): readonly (Verdict | undefined)[] {
    return this.#verdicts
  }

  begin(): Order {
    const { pipelining, body, mail, rcpt, reset } = this.#plan
    if (!pipelining) return { say: reset ? 'RSET\r\n' : mail }
    const envelope = `${reset ? 'RSET\r\n' : ''}${mail}${rcpt.join('')}`
    if (body === 'BDAT at once') {
      this.#content = 'sending'
      return { say: envelope, content: 'BDAT' }
    }
    // RFC 2920 §3.1: DATA may be the last of a group, for no content follows it before the reply.
    return { say: body === 'DATA' ? `${envelope}DATA\r\n` : envelope }
  }

  /** The content, its end included, was given to the socket. */
  sent(): void {
    this.#content = 'sent'
  }

  /** `isLast`: nothing else of the peer has been read yet. */
  reply(reply: ClientReply, isLast: boolean): Order {
    // RFC 5321 §3.8: 421 may be the answer to anything, and the peer closes after it.
    if (reply.code === 421) return this.#close(verdictOf(reply, this.#state))
    const stage = this.#state
    const order = this.#step(reply, isLast)
    if (isLast || order === WAIT) return order
    // It said more than it was asked. What was answered in order stands; what would be said now cannot be matched.
    return order.over === undefined ? this.#outOfStep(reply, stage) : CLOSE
  }

  #step(reply: ClientReply, isLast: boolean): Order {
    switch (this.#state) {
      case 'RSET':
        return this.#afterReset(reply)
      case 'MAIL':
        return this.#afterMail(reply)
      case 'RCPT':
        return this.#afterRcpt(reply)
      case 'DATA':
        return this.#afterData(reply)
      case 'end of data':
        return this.#afterContent(reply, isLast)
    }
  }

  lost(why: Lost): void {
    const verdict = lostVerdict(why, this.#state)
    // RFC 5321 §4.5.4.1, RFC 1047 §1: the peer may have it, or not. To try again is the side to err on.
    const uncertain = this.#content === 'sent'
    this.#settle(
      uncertain ? { ...verdict, text: `${verdict.text}; the peer may have taken the message` } : verdict,
    )
  }

  /** The content cannot be sent to its end; nothing of it may be taken for the whole. */
  fail(verdict: Verdict): void {
    this.#settle(verdict)
  }

  #afterReset(reply: ClientReply): Order {
    if (!isDigit(reply, 2)) return this.#close({ ...verdictOf(reply, 'RSET'), outcome: 'deferred' })
    this.#state = 'MAIL'
    return this.#plan.pipelining ? WAIT : { say: this.#plan.mail }
  }

  #afterMail(reply: ClientReply): Order {
    if (isDigit(reply, 2)) this.#taken = true
    else if (isFailure(reply)) this.#settle(verdictOf(reply, 'MAIL'))
    else return this.#outOfStep(reply)
    this.#state = 'RCPT'
    if (this.#plan.pipelining) return WAIT
    return isDigit(reply, 2) ? { say: this.#plan.rcpt[0] ?? '' } : RESET
  }

  #afterRcpt(reply: ClientReply): Order {
    const n = this.#answered
    if (isFailure(reply)) this.#verdicts[n] ??= verdictOf(reply, 'RCPT')
    else if (!isDigit(reply, 2)) return this.#outOfStep(reply)
    else if (this.#verdicts[n] === undefined) this.#accepted += 1
    this.#answered += 1
    const { rcpt, pipelining } = this.#plan
    if (this.#answered === rcpt.length) return this.#afterEnvelope()
    return pipelining ? WAIT : { say: rcpt[this.#answered] ?? '' }
  }

  #afterEnvelope(): Order {
    const { body, pipelining } = this.#plan
    if (body === 'BDAT at once') {
      this.#state = 'end of data'
      return WAIT
    }
    if (body === 'DATA' && pipelining) {
      this.#state = 'DATA'
      return WAIT
    }
    if (this.#accepted === 0) return RESET
    if (body === 'DATA') {
      this.#state = 'DATA'
      return { say: 'DATA\r\n' }
    }
    return this.#sendContent('BDAT')
  }

  #afterData(reply: ClientReply): Order {
    if (isFailure(reply)) {
      this.#settle(verdictOf(reply, 'DATA'))
      return RESET
    }
    // After a 250 the content would run as commands, and each of their replies look like the one awaited.
    if (!isDigit(reply, 3)) return this.#outOfStep(reply)
    if (this.#accepted > 0) return this.#sendContent('DATA')
    // RFC 2920 §3.1: a server may say 354 though it refused every recipient. It gets an end and no content.
    this.#state = 'end of data'
    this.#content = 'sent'
    return LONE_DOT
  }

  #sendContent(content: 'DATA' | 'BDAT'): Order {
    this.#state = 'end of data'
    this.#content = 'sending'
    return { say: '', content }
  }

  #afterContent(reply: ClientReply, isLast: boolean): Order {
    if (!isFailure(reply) && !this.#maySucceed(reply, isLast)) return this.#outOfStep(reply)
    // RFC 3030 §2: a 250 for a chunk that nobody was accepted for settles nothing, and all are settled already.
    this.#settle(verdictOf(reply, 'end of data'))
    // Refused before its end: what we have sent of it would be read as commands.
    if (this.#content !== 'sent') return CLOSE
    // Either reply to the end of DATA clears the transaction, RFC 5321 §4.1.1.4; a failed BDAT may leave it open.
    return this.#plan.body === 'DATA' || !isFailure(reply) ? READY : RESET
  }

  /** Whether a 2xx can be the answer to the whole content. */
  #maySucceed(reply: ClientReply, isLast: boolean): boolean {
    if (!isDigit(reply, 2) || this.#content !== 'sent') return false
    // A reply too many among those of one group would move each by one, and RCPT's 250 would end the content.
    return isLast || this.#plan.body !== 'BDAT at once'
  }

  #outOfStep({ code, lines }: ClientReply, stage = this.#state): Order {
    return this.#close(lostVerdict({ kind: 'out-of-step', text: `${code} ${lines[0]}` }, stage))
  }

  #close(verdict: Verdict): Order {
    this.#settle(verdict)
    return CLOSE
  }

  /** For all who have no verdict yet. */
  #settle(verdict: Verdict): void {
    for (let i = 0; i < this.#verdicts.length; i += 1) this.#verdicts[i] ??= verdict
  }
}

function isDigit({ code }: ClientReply, digit: number): boolean {
  return code >= digit * 100 && code < (digit + 1) * 100
}

function isFailure({ code }: ClientReply): boolean {
  return code >= 400 && code < 600
}
