/** SMTP as question and answer, for the beginning of a connection: slow, and in an order that depends on answers. */

import type { Socket } from 'node:net'

import type { Dialogue } from '#engine/trace'
import type { ClientReply } from '#grammar/smtp'

import type { Timers } from './timers.ts'
import type { Lost } from './verdict.ts'
import { Wire } from './wire.ts'
import type { Conversation } from './wire.ts'

export type Answer = ClientReply | Lost

export function isReply(answer: Answer): answer is ClientReply {
  return 'code' in answer
}

export class Questions implements Conversation {
  readonly wire: Wire
  #waiting: ((answer: Answer) => void) | undefined
  #over: Lost | undefined

  constructor(socket: Socket, timers: Timers, dialogue: Dialogue) {
    this.wire = new Wire(socket, timers, this, dialogue)
  }

  /** `ms` is for the whole reply, however slowly its octets come. */
  ask(line: string, ms: number): Promise<Answer> {
    this.wire.dialogue.commands(line)
    return this.#put(line, ms)
  }

  /** The same with the answer to a challenge, which nobody may see. */
  respond(line: string, ms: number): Promise<Answer> {
    this.wire.dialogue.secret()
    return this.#put(line, ms)
  }

  #put(line: string, ms: number): Promise<Answer> {
    // Whatever came before the question cannot be the answer, and the answer would then be taken for the next one.
    if (this.fault() === undefined) this.wire.send(line)
    return this.read(ms)
  }

  /** Why the connection is of no use, though every question was answered: it has ended, or said more than it was asked. */
  fault(): Lost | undefined {
    if (!this.wire.isQuiet) this.wire.lose({ kind: 'out-of-step', text: 'octets that answer nothing' })
    return this.#over
  }

  read(ms: number): Promise<Answer> {
    if (this.#over !== undefined) return Promise.resolve(this.#over)
    this.wire.wait(ms)
    const { promise, resolve } = Promise.withResolvers<Answer>()
    this.#waiting = resolve
    return promise
  }

  replied(reply: ClientReply): void {
    const answered = this.#waiting
    this.#waiting = undefined
    if (answered === undefined)
      this.wire.lose({ kind: 'out-of-step', text: `${reply.code} ${reply.lines[0]}` })
    else answered(reply)
  }

  lost(why: Lost): void {
    this.#over = why
    this.#waiting?.(why)
    this.#waiting = undefined
  }

  expired(ms: number): void {
    this.wire.lose({ kind: 'timeout', after: ms })
  }

  drained(): void {
    // Commands are too short to wait for the kernel.
  }
}
