/** One connection to a peer that has let us in: sends one job after the other until it is told, or has, to stop. */

import type { Content, Instant } from '#engine/spool'
import { narrowed } from '#engine/shaping'
import type { PathLimits } from '#engine/shaping'
import type { Dialogue } from '#engine/trace'
import type { ClientReply } from '#grammar/smtp'
import type { Log } from '#platform/log'

import { Assignment } from './assignment.ts'
import { mailCommand, rcptCommand } from './command.ts'
import { tooLarge, unfit } from './fit.ts'
import type { Peer } from './fit.ts'
import type { Job, NotSendable, Tried } from './job.ts'
import type { EgressMetrics } from './metrics.ts'
import { chunkCommand, oneWrite, outgoing, pieces, sizeOf } from './outgoing.ts'
import type { Framing, Outgoing } from './outgoing.ts'
import { Transaction } from './transaction.ts'
import type { Order, Plan } from './transaction.ts'
import { triedOf } from './tried.ts'
import type { Way } from './tried.ts'
import { bounced, deferred, lostVerdict } from './verdict.ts'
import type { Lost, Verdict } from './verdict.ts'
import type { Conversation, Wire } from './wire.ts'

export type ConnectionOptions = {
  readonly way: Way
  readonly limits: PathLimits
  readonly log: Log
  readonly metrics: EgressMetrics
  readonly now: () => Instant
  /** Told of each domain that gets mail over this connection, once. */
  readonly witness: (domain: string) => void
}

export type ConnectionOwner = {
  /** It can take a job: `run` may be called, now or later. */
  ready(connection: Connection): void
  /** What became of a job; its `done` is the owner's to call. */
  ended(assignment: Assignment, tried: readonly Tried[]): void
  /** Whether one more transaction may follow for recipients that had no place in the last one. */
  another(): boolean
  /** The peer had gone before it took a command of `job`, which has had no `done`. */
  untouched(job: Job, tried: readonly Tried[]): void
  /** The last word: the socket is closed. */
  gone(connection: Connection, why: string): void
}

type State =
  | { readonly at: 'idle' }
  /** The content is being read and signed. */
  | { readonly at: 'preparing'; readonly assignment: Assignment }
  | { readonly at: 'sending'; readonly assignment: Assignment; readonly transaction: Transaction }
  | { readonly at: 'quitting' }
  | { readonly at: 'gone' }

export class Connection implements Conversation {
  readonly peer: Peer
  readonly #wire: Wire
  readonly #options: ConnectionOptions
  readonly #owner: ConnectionOwner
  readonly #limits: PathLimits
  #state: State = { at: 'idle' }
  /** The next transaction must begin with RSET. */
  #reset = false
  /** The peer has just spoken; otherwise it may have hung up a moment ago. */
  #isWarm = true
  #messages = 0
  /** Domains that the witness was told of; nearly always one. */
  #witnessed: string | Set<string> = ''
  /** RCPT commands so far. */
  #recipients = 0
  /** Waits for the kernel, when it would not take more. */
  #onDrained: (() => void) | undefined

  constructor(wire: Wire, peer: Peer, options: ConnectionOptions, owner: ConnectionOwner) {
    this.peer = peer
    this.#wire = wire
    this.#options = options
    this.#owner = owner
    this.#limits = narrowed(options.limits, peer.capabilities.limits)
    wire.converse(this)
    wire.wait(options.limits.idle)
  }

  get isBusy(): boolean {
    return this.#state.at === 'preparing' || this.#state.at === 'sending'
  }

  /** How many recipients one more transaction may have. */
  get recipients(): number {
    const { recipientsPerTransaction, recipientsPerConnection } = this.#limits
    return Math.min(recipientsPerTransaction, recipientsPerConnection - this.#recipients)
  }

  /** Only when it is ready. */
  run(job: Job): void {
    const { now } = this.#options
    const assignment = new Assignment(job, now())
    this.#state = { at: 'preparing', assignment }
    this.#wire.rest()
    if (this.#wire.dialogue.isFollowed) this.#wire.dialogue.turn(topicOf(job))
    this.#witness(job.claimed[0]?.delivery.to.domain ?? '')
    const verdict = this.#unfit(job)
    // Later, like every other end: whoever called `run` is not yet prepared for the connection to be ready again. And
    // after the network had its turn, for a thousand such jobs may follow each other.
    if (verdict !== undefined) return void setImmediate(() => this.#refuse(assignment, verdict))
    const { eightBitMime, binaryMime, chunking } = this.peer.capabilities
    job.content({ eightBit: eightBitMime, binary: binaryMime && chunking }).then(
      (content) => this.#prepared(assignment, content),
      (error: unknown) => this.#unprepared(assignment, error),
    )
  }

  /** RFC 5321 §4.1.1.10: an orderly end, when the work under way is done. */
  quit(): void {
    if (this.#state.at !== 'idle') return
    this.#state = { at: 'quitting' }
    this.#wire.dialogue.commands('QUIT\r\n')
    this.#wire.send('QUIT\r\n')
    this.#wire.wait(this.#limits.timeouts.quit)
  }

  /** At once, whatever is under way: that is deferred. */
  abandon(why: string): void {
    this.#wire.lose({ kind: 'stopped', text: why })
  }

  replied(reply: ClientReply): void {
    if (reply.contradicted !== undefined) {
      const { code, contradicted } = reply
      this.#options.log.debug('reply.contradicted', { host: this.peer.host, code, enhanced: contradicted })
    }
    const state = this.#state
    if (state.at === 'sending') {
      this.#obey(state.assignment, state.transaction, state.transaction.reply(reply, this.#wire.isQuiet))
    } else if (state.at === 'quitting') {
      this.#state = { at: 'gone' }
      this.#wire.destroy()
      this.#owner.gone(this, 'QUIT')
    } else {
      // RFC 5321 §3.8: 421 between transactions is a server that closes in good order; anything else is noise.
      this.#wire.lose({ kind: 'out-of-step', text: `${reply.code} ${reply.lines[0]}` })
    }
  }

  lost(why: Lost): void {
    const state = this.#state
    const stage = state.at === 'sending' ? state.transaction.stage : 'MAIL'
    this.#state = { at: 'gone' }
    this.#resume()
    if (state.at === 'sending') this.#lostWhileSending(state.assignment, state.transaction, why)
    else if (state.at === 'preparing') this.#giveBack(state.assignment, lostVerdict(why, stage))
    this.#owner.gone(this, lostVerdict(why, stage).text)
  }

  expired(ms: number): void {
    if (this.#state.at === 'idle') this.quit()
    else this.#wire.lose({ kind: 'timeout', after: ms })
  }

  drained(): void {
    const state = this.#state
    if (this.#onDrained !== undefined) this.#resume()
    else if (state.at === 'sending') this.#awaitReply(state.transaction)
  }

  #resume(): void {
    const resume = this.#onDrained
    this.#onDrained = undefined
    resume?.()
  }

  #lostWhileSending(assignment: Assignment, transaction: Transaction, why: Lost): void {
    const { isUntouched, stage } = transaction
    transaction.lost(why)
    assignment.ended(transaction.verdicts, 0)
    if (isUntouched) this.#giveBack(assignment, lostVerdict(why, stage))
    else this.#done(assignment)
  }

  /**
   * The peer has taken no word about the job. On a connection that served before, that is a peer which hung up while
   * it was idle, and no failure of the job's; on a fresh one it is what the peer has to say.
   */
  #giveBack(assignment: Assignment, verdict: Verdict): void {
    if (this.#messages > 0) this.#owner.untouched(assignment.job, this.#tried(assignment, verdict))
    else this.#done(assignment, verdict)
  }

  #witness(domain: string): void {
    const seen = this.#witnessed
    if (typeof seen === 'string' ? seen === domain : seen.has(domain)) return
    if (typeof seen !== 'string') seen.add(domain)
    else this.#witnessed = seen === '' ? domain : new Set([seen, domain])
    this.#options.witness(domain)
  }

  #unfit({ from, claimed, vouchedBy }: Job): Verdict | undefined {
    const message = claimed[0]?.message
    return message === undefined
      ? undefined
      : unfit({ from, claimed, message, vouchedBy, now: this.#options.now() }, this.peer)
  }

  #isPreparing(assignment: Assignment): boolean {
    return this.#state.at === 'preparing' && this.#state.assignment === assignment
  }

  #prepared(assignment: Assignment, content: Content | NotSendable): void {
    if (!this.#isPreparing(assignment)) return
    const sendable = content.kind === 'not-sendable' ? content : this.#encoded(assignment.job, content)
    if (sendable.kind === 'outgoing') {
      assignment.content = sendable
      this.#transact(assignment, sendable)
    } else this.#refuse(assignment, bounced('content', sendable.enhanced, sendable.text))
  }

  #encoded({ claimed }: Job, content: Content): Outgoing | NotSendable {
    const { chunking, binaryMime } = this.peer.capabilities
    const excess = tooLarge(sizeOf(content), this.peer)
    if (excess !== undefined) return { kind: 'not-sendable', enhanced: excess.enhanced, text: excess.text }
    const binary = binaryMime && claimed[0]?.message.body === 'binarymime'
    const framing: Framing = { as: chunking ? 'BDAT' : 'DATA', binary }
    return outgoing(content, framing)
  }

  #unprepared(assignment: Assignment, error: unknown): void {
    const message = assignment.job.claimed[0]?.message.id
    this.#options.log.error('content.unreadable', { message, error })
    if (!this.#isPreparing(assignment)) return
    this.#refuse(assignment, deferred('content', '4.3.0', 'the message could not be read here'))
  }

  /** Nothing was said to the peer. */
  #refuse(assignment: Assignment, verdict: Verdict): void {
    if (!this.#isPreparing(assignment)) return
    this.#state = { at: 'idle' }
    this.#done(assignment, verdict)
    this.#proceed()
  }

  #transact(assignment: Assignment, content: Outgoing): void {
    const turn = assignment.next(this.recipients, this.#limits.domainsPerTransaction)
    this.#recipients += turn.length
    const transaction = new Transaction(this.#plan(assignment, turn, content))
    this.#state = { at: 'sending', assignment, transaction }
    this.#obey(assignment, transaction, transaction.begin())
  }

  #plan({ job }: Assignment, turn: readonly number[], content: Outgoing): Plan {
    const { capabilities } = this.peer
    const { now } = this.#options
    const rcpt: string[] = []
    let mail = ''
    for (const i of turn) {
      const claimed = job.claimed[i]
      if (claimed === undefined) continue
      mail ||= mailCommand(
        { from: job.from, message: claimed.message, size: content.size, now: now() },
        capabilities,
      )
      rcpt.push(rcptCommand(claimed.delivery, capabilities))
    }
    const { pipelining } = capabilities
    return { reset: this.#reset, mail, rcpt, pipelining, body: this.#body(content) }
  }

  #body({ framing, body }: Outgoing): Plan['body'] {
    // Content behind a dead socket would leave in doubt whether it was taken; and much of it, sent before anybody was
    // accepted, is a waste of both sides.
    const mayGoAtOnce = this.peer.capabilities.pipelining && this.#isWarm && body.kind === 'small'
    return framing.as === 'BDAT' && mayGoAtOnce ? 'BDAT at once' : framing.as
  }

  #obey(assignment: Assignment, transaction: Transaction, order: Order): void {
    if (order.over !== undefined) return this.#transacted(assignment, transaction, order.over)
    const { dialogue } = this.#wire
    dialogue.commands(order.say)
    const { content } = assignment
    if (order.content === undefined || content === undefined) return this.#say(transaction, order.say)
    if (dialogue.isFollowed) {
      if (content.framing.as === 'BDAT') dialogue.commands(chunkCommand(content.size))
      dialogue.content(content.size)
    }
    if (content.body.kind === 'small') {
      transaction.sent()
      return this.#say(transaction, oneWrite(order.say, content, content.body))
    }
    void this.#stream(assignment, transaction, pieces(order.say, content, content.body))
  }

  #say(transaction: Transaction, bytes: string | Uint8Array): void {
    if (bytes.length === 0 || this.#wire.send(bytes)) this.#awaitReply(transaction)
    // The kernel has not taken it all yet; `drained` says when the peer's time begins.
    else this.#wire.wait(this.#limits.timeouts.block)
  }

  /** Large content, a piece at a time: the next one when the kernel has room for it. */
  async #stream(
    { job }: Assignment,
    transaction: Transaction,
    parts: ReturnType<typeof pieces>,
  ): Promise<void> {
    try {
      const unsendable = await this.#sendAll(transaction, parts)
      if (!this.#isSending(transaction)) return
      if (unsendable === undefined) transaction.sent()
      else transaction.fail(bounced('content', unsendable.enhanced, unsendable.text))
    } catch (error) {
      this.#options.log.error('content.unreadable', { message: job.claimed[0]?.message.id, error })
      if (!this.#isSending(transaction)) return
      transaction.fail(deferred('content', '4.3.0', 'the message could not be read here to its end'))
    }
    if (transaction.isSent) this.#awaitReply(transaction)
    else this.abandon('the content was cut off')
  }

  async #sendAll(
    transaction: Transaction,
    parts: ReturnType<typeof pieces>,
  ): Promise<NotSendable | undefined> {
    // The peer may refuse it while it is being sent, or go.
    while (this.#isSending(transaction)) {
      this.#wire.wait(this.#limits.timeouts.block)
      const part = await parts.next()
      if (part.done === true) return part.value
      if (this.#isSending(transaction) && !this.#wire.send(part.value)) await this.#room()
    }
    await parts.return(undefined)
    return undefined
  }

  #room(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onDrained = resolve
    return promise
  }

  #isSending(transaction: Transaction): boolean {
    return this.#state.at === 'sending' && this.#state.transaction === transaction
  }

  #transacted(assignment: Assignment, transaction: Transaction, over: 'ready' | 'reset' | 'close'): void {
    assignment.ended(transaction.verdicts, transaction.accepted)
    if (over === 'close') return this.#closeAfter(assignment, transaction)
    this.#reset = over === 'reset'
    this.#isWarm = true
    this.#messages += 1
    // Who has no turn any more is deferred: the receiver has had as much as it may.
    if (assignment.hasRest && assignment.content !== undefined && !this.#isSpent && this.#owner.another())
      return this.#transact(assignment, assignment.content)
    this.#state = { at: 'idle' }
    this.#done(assignment)
    this.#proceed()
  }

  /** The peer says that it closes, or cannot be understood any more. */
  #closeAfter(assignment: Assignment, transaction: Transaction): void {
    const { stage, isUntouched, verdicts } = transaction
    this.#state = { at: 'gone' }
    this.#wire.destroy()
    const [first] = verdicts
    if (isUntouched && first !== undefined) this.#giveBack(assignment, first)
    else this.#done(assignment)
    this.#owner.gone(this, `closed after a reply at stage ${stage}`)
  }

  #done(assignment: Assignment, otherwise?: Verdict): void {
    const tried = this.#tried(assignment, otherwise)
    this.#options.metrics.tried(tried)
    this.#owner.ended(assignment, tried)
  }

  #tried(assignment: Assignment, otherwise?: Verdict): readonly Tried[] {
    const { way, now } = this.#options
    const { host, address, tls, capabilities } = this.peer
    const at = assignment.startedAt
    // A clock that steps back must not make durations negative.
    const occasion = {
      at,
      duration: Math.max(0, now() - at),
      way,
      host,
      address,
      tls,
      offered: capabilities,
    }
    return assignment.verdicts(otherwise).map((verdict) => triedOf(verdict, occasion))
  }

  /** Ready for the next job, or at the end of what one connection should carry. */
  #proceed(): void {
    if (this.#isSpent) return this.quit()
    this.#wire.wait(this.#limits.idle)
    this.#owner.ready(this)
    this.#isWarm = this.#state.at !== 'idle'
  }

  get #isSpent(): boolean {
    return this.#messages >= this.#limits.messagesPerConnection || this.recipients <= 0
  }

  #awaitReply({ stage }: Transaction): void {
    this.#wire.wait(this.#timeoutOf(stage))
  }

  #timeoutOf(stage: Transaction['stage']): number {
    const { timeouts } = this.#limits
    switch (stage) {
      case 'RSET':
      case 'MAIL':
        return timeouts.mail
      case 'RCPT':
        return timeouts.rcpt
      case 'DATA':
        return timeouts.data
      case 'end of data':
        return timeouts.end
    }
  }
}

/** What a transaction is about, for those who follow. */
function topicOf({ claimed }: Job): Parameters<Dialogue['turn']>[0] {
  const domains = new Set(claimed.map(({ delivery }) => delivery.to.domain))
  return { domains: [...domains], messages: claimed.slice(0, 1).map(({ message }) => message.id) }
}
