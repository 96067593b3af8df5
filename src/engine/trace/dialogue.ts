/** One session as its owner tells it. While nobody follows, each call is one look and nothing else. */

import { isCommand, maskedCommand, maskedContent, maskedReply, SECRET } from './mask.ts'
import type { Speaker, Trace, Tracer, TraceSubject, TraceTopic } from './tracer.ts'

type Reply = Parameters<typeof maskedReply>[0]

export class Dialogue {
  readonly #tracer: Tracer
  readonly #subject: () => TraceSubject
  #trace: Trace | undefined
  /** AUTH was the last command. */
  #isSecret = false

  /** `subject` is asked when the first line is told, which may be in the middle of a session. */
  constructor(tracer: Tracer, subject: () => TraceSubject) {
    this.#tracer = tracer
    this.#subject = subject
  }

  /** For callers whose words cost something to make. */
  get isFollowed(): boolean {
    return this.#tracer.isActive
  }

  /** One command or several, as they go over the wire. The initial response of AUTH is not shown. */
  commands(text: string): void {
    if (!this.#tracer.isActive) return
    for (const line of text.split('\r\n')) if (line !== '') this.#command(line)
  }

  /** An answer to a challenge. */
  secret(): void {
    if (this.#tracer.isActive) this.#say('C', SECRET)
  }

  /** All the content of a message; it is never shown. */
  content(octets: number): void {
    if (this.#tracer.isActive) this.#say('C', maskedContent(octets))
  }

  reply(reply: Reply): void {
    if (!this.#tracer.isActive) return
    for (const line of maskedReply(reply)) this.#say('S', line)
  }

  /** What was not said, but happened. */
  event(words: string): void {
    if (this.#tracer.isActive) this.#say('*', words)
  }

  /** A transaction begins. */
  turn(topic: TraceTopic): void {
    if (this.#tracer.isActive) this.#begun.turn(topic)
  }

  learn(topic: TraceTopic): void {
    if (this.#tracer.isActive) this.#begun.learn(topic)
  }

  /** It is over, or goes on as another subject's. */
  end(): void {
    this.#trace?.end()
    this.#trace = undefined
  }

  #command(line: string): void {
    if (this.#isSecret && !isCommand(line)) return this.#say('C', SECRET)
    this.#isSecret = /^\s*AUTH/i.test(line)
    this.#say('C', maskedCommand(line))
  }

  get #begun(): Trace {
    return (this.#trace ??= this.#tracer.begin(this.#subject()))
  }

  #say(who: Speaker, line: string): void {
    this.#begun.said(who, line)
  }
}
