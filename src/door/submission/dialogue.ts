/** A session for those who follow it: what was said, without credentials and content, and what it is about. */

import { Dialogue } from '#engine/trace'
import type { Tracer, TraceSubject } from '#engine/trace'
import { formatReply } from '#grammar/smtp'
import type { Event, Reply, Session } from '#grammar/smtp'

import type { Ended } from './reception.ts'

export class SubmissionDialogue {
  readonly #tracer: Tracer
  readonly #listener: string
  readonly #client: { readonly address: string }
  #begun: Dialogue | undefined

  constructor(tracer: Tracer, listener: string, client: { readonly address: string }) {
    this.#tracer = tracer
    this.#listener = listener
    this.#client = client
  }

  /** While somebody follows; few sessions ever are. */
  get #told(): Dialogue | undefined {
    if (!this.#tracer.isActive) return undefined
    const subject = (): TraceSubject => ({ way: 'in', peer: this.#client.address, by: this.#listener })
    return (this.#begun ??= new Dialogue(this.#tracer, subject))
  }

  /** Before the step that `event` makes of `session`. */
  heard(session: Session, event: Event): void {
    const told = this.#told
    if (told === undefined || event.kind !== 'line') return
    const { line } = event
    if (line.kind === 'fault') return told.event(`a line that is none: ${line.fault}`)
    if (session.at === 'challenged') return told.secret()
    // Before it is told, so that it belongs to the transaction which it begins.
    if (/^MAIL\b/i.test(line.text)) told.turn({})
    told.commands(line.text)
  }

  /** After the step; before its replies. */
  became(session: Session): void {
    const told = this.#told
    if (told === undefined || !('transaction' in session)) return
    const { from, to } = session.transaction
    const domains = [from?.domain, to?.last.to.domain].filter((domain) => domain !== undefined)
    told.learn({ domains })
  }

  /** Gives it back as it goes over the wire. */
  said(reply: Reply): string {
    this.#told?.reply(reply)
    return formatReply(reply)
  }

  /** All content has come, and was taken or not. */
  content({ size, id }: Ended): void {
    const told = this.#told
    if (told === undefined) return
    told.content(size)
    if (id !== undefined) told.learn({ messages: [id] })
  }

  secured(tls: string | undefined): void {
    if (tls !== undefined) this.#told?.event(tls)
  }

  /** It is over, or goes on as another client's. */
  over(): void {
    this.#begun?.end()
  }
}
