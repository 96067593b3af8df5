/** A session for those who follow it: what was said, without credentials and content, and what it is about. */

import { Dialogue } from '#engine/trace'
import type { Tracer } from '#engine/trace'
import { formatReply } from '#grammar/smtp'
import type { Event, Reply, Session } from '#grammar/smtp'

import type { Ended } from './reception.ts'

export class SubmissionDialogue {
  readonly #told: Dialogue

  constructor(tracer: Tracer, listener: string, address: () => string) {
    this.#told = new Dialogue(tracer, () => ({ way: 'in', peer: address(), by: listener }))
  }

  /** Before the step that `event` makes of `session`. */
  heard(session: Session, event: Event): void {
    if (!this.#told.isFollowed || event.kind !== 'line') return
    const { line } = event
    if (line.kind === 'fault') return this.#told.event(`a line that is none: ${line.fault}`)
    if (session.at === 'challenged') return this.#told.secret()
    // Before it is told, so that it belongs to the transaction which it begins.
    if (/^MAIL\b/i.test(line.text)) this.#told.turn({})
    this.#told.commands(line.text)
  }

  /** After the step; before its replies. */
  became(session: Session): void {
    if (!this.#told.isFollowed || !('transaction' in session)) return
    const { from, to } = session.transaction
    const domains = [from?.domain, to?.last.to.domain].filter((domain) => domain !== undefined)
    this.#told.learn({ domains })
  }

  /** Gives it back as it goes over the wire. */
  said(reply: Reply): string {
    this.#told.reply(reply)
    return formatReply(reply)
  }

  /** All content has come, and was taken or not. */
  content({ size, id }: Ended): void {
    if (!this.#told.isFollowed) return
    this.#told.content(size)
    if (id !== undefined) this.#told.learn({ messages: [id] })
  }

  secured(tls: string | undefined): void {
    if (tls !== undefined) this.#told.event(tls)
  }

  /** It is over, or goes on as another client's. */
  over(): void {
    this.#told.end()
  }
}
