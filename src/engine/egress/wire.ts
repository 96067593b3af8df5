/** One SMTP connection as octets and replies. Knows nothing of what was asked; the conversation does. */

import type { Socket } from 'node:net'

import type { Dialogue } from '#engine/trace'
import { ReplyParser } from '#grammar/smtp'
import type { ClientReply } from '#grammar/smtp'

import { Deadline } from './timers.ts'
import type { Timers } from './timers.ts'
import { lostVerdict } from './verdict.ts'
import type { Lost } from './verdict.ts'

/** Who listens to the replies. */
export type Conversation = {
  /** One complete reply; `wire.isQuiet` says whether more was read behind it. */
  replied(reply: ClientReply): void
  /** Once, and nothing after it. */
  lost(why: Lost): void
  /** What was written has left this process. */
  drained(): void
  /** What was waited for did not come within `ms`. */
  expired(ms: number): void
}

export class Wire {
  readonly socket: Socket
  /** Replies are told to it here; what is sent, by those who know what of it is secret or content. */
  readonly dialogue: Dialogue
  readonly #deadline: Deadline
  readonly #parser = new ReplyParser()
  #conversation: Conversation
  #patience = 0
  #ended = false
  readonly #onData = (bytes: Buffer): void => this.#read(bytes)
  readonly #onDrain = (): void => this.#conversation.drained()
  readonly #onError = (error: Error): void => this.lose({ kind: 'error', text: error.message })
  readonly #onEnd = (): void => this.lose({ kind: 'closed' })

  constructor(socket: Socket, timers: Timers, conversation: Conversation, dialogue: Dialogue) {
    this.socket = socket
    this.dialogue = dialogue
    this.#conversation = conversation
    this.#deadline = new Deadline(timers, () => this.#conversation.expired(this.#patience))
    socket.on('data', this.#onData)
    socket.on('drain', this.#onDrain)
    socket.on('error', this.#onError)
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onEnd)
  }

  /** Nothing is unread: the last reply was the last thing the peer said. */
  get isQuiet(): boolean {
    return this.#parser.isEmpty
  }

  get isEnded(): boolean {
    return this.#ended
  }

  converse(conversation: Conversation): void {
    this.#conversation = conversation
  }

  /** False when the kernel would not take it all: `drained` follows. */
  send(bytes: string | Uint8Array): boolean {
    return this.socket.write(bytes)
  }

  /** From now on the peer has `ms` for what is awaited next. */
  wait(ms: number): void {
    if (this.#ended) return
    this.#patience = ms
    this.#deadline.set(ms)
  }

  /** Nothing is awaited: the time is ours. */
  rest(): void {
    this.#deadline.clear()
  }

  /** Ends the connection and says why to the conversation, unless it has ended already. */
  lose(why: Lost): void {
    if (this.#ended) return
    if (this.dialogue.isFollowed) this.dialogue.event(lostVerdict(why, 'connect').text)
    this.destroy()
    this.#conversation.lost(why)
  }

  /** Ends the connection without a word to anybody. */
  destroy(): void {
    this.#ended = true
    this.#deadline.end()
    this.#detach()
    this.socket.destroy()
    this.dialogue.end()
  }

  /**
   * Hands the socket over to TLS. The caller has seen that nothing was unread: what the peer sent before this
   * moment must never be taken for something it said under TLS. RFC 3207 §6
   */
  release(): Socket {
    this.#ended = true
    this.#deadline.end()
    this.#detach()
    return this.socket
  }

  #detach(): void {
    const { socket } = this
    socket.off('data', this.#onData)
    socket.off('drain', this.#onDrain)
    socket.off('error', this.#onError)
    socket.off('end', this.#onEnd)
    socket.off('close', this.#onEnd)
    // An error event that nobody hears would end the process, and a reset may still be on its way.
    socket.on('error', ignore)
  }

  #read(bytes: Buffer): void {
    this.#parser.push(bytes)
    while (!this.#ended) {
      const event = this.#parser.next()
      if (event === undefined) return
      if (event.kind === 'error') return this.lose({ kind: 'garbled', error: event.error })
      this.dialogue.reply(event.reply)
      this.#conversation.replied(event.reply)
    }
  }
}

function ignore(): void {
  // See #detach.
}
