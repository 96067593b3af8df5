/** What the door tells the log and the counters. No password, no content, no line of a client ever gets here. */

import type { Envelope, Reply } from '#grammar/smtp'
import type { Log } from '#platform/log'
import type { Suppression } from '#product/suppression'

import type { SubmissionMetrics } from './metrics.ts'
import type { Ended } from './reception.ts'

/** Who a line of the log is about. */
export type Subject = {
  readonly listener: string
  readonly client: string
  readonly port?: number
  readonly name?: string
  /** The proxy that said so, and what the client connected to there. */
  readonly via?: string
  readonly destination?: string
  readonly destinationPort?: number
  readonly tls?: string
  readonly organization?: string
  readonly credential?: string
}

export class Journal {
  readonly #log: Log
  readonly #metrics: SubmissionMetrics

  constructor(log: Log, metrics: SubmissionMetrics) {
    this.#log = log
    this.#metrics = metrics
  }

  opened(subject: Subject): void {
    this.#log.debug('submission.connected', subject)
  }

  /** A proxy named its client. */
  proxied(subject: Subject): void {
    this.#log.debug('submission.proxied', subject)
  }

  closed(subject: Subject): void {
    this.#log.debug('submission.disconnected', subject)
  }

  /** A client could not be let in, or could not have been. */
  notAccepted(): void {
    this.#metrics.notAccepted()
  }

  /** The same, for the log: so many `times` since the last line, and what to do about it. */
  cannotAccept(error: Error, times: number, advice: string): void {
    this.#log.warn('submission.not-accepted', { error, times, advice })
  }

  /** The door ended a session that had not asked for it; `place` is where it was, `limit` the key it went beyond. */
  cut(subject: Subject, place: string, said: Reply, limit?: string): void {
    this.#metrics.rejected(subject.listener, said.code)
    this.#log.info('submission.cut', { ...subject, place, ...words(said), ...(limit && { limit }) })
  }

  /** A command was answered with 4yz or 5yz; `place` is where the session was. */
  refused(subject: Subject, place: string, said: Reply): void {
    this.#metrics.rejected(subject.listener, said.code)
    this.#log.info('submission.refused', { ...subject, place, ...words(said) })
  }

  /** A recipient was refused for what is known of it. */
  suppressed(subject: Subject, { address, reason, class: what, stream }: Suppression): void {
    this.#log.info('recipient.suppressed', { ...subject, to: address, reason, class: what, scope: stream })
  }

  accepted(subject: Subject, protocol: string, envelope: Envelope, ended: Ended): void {
    this.#metrics.accepted(subject.listener)
    this.#log.info('message.accepted', {
      message: ended.id,
      ...subject,
      from: path(envelope),
      recipients: envelope.to.length,
      size: ended.size,
      protocol,
    })
  }

  /** A content that is no message to keep: what it meant, whoever took it has said. */
  taken(subject: Subject): void {
    this.#metrics.accepted(subject.listener)
  }

  rejected(subject: Subject, protocol: string, envelope: Envelope, ended: Ended): void {
    this.#metrics.rejected(subject.listener, ended.reply.code)
    this.#log.info('message.rejected', {
      ...subject,
      from: path(envelope),
      recipients: envelope.to.length,
      size: ended.size,
      protocol,
      ...words(ended.reply),
    })
  }

  /** `why` is one of our words. */
  loginFailed(subject: Subject, login: string, why: string): void {
    this.#metrics.loginFailed(subject.listener)
    this.#log.info('login.failed', { ...subject, login: login.slice(0, 255), why })
  }

  tlsFailed(subject: Subject): void {
    this.#log.debug('submission.tls-failed', subject)
  }

  /** Something of ours is broken; one connection paid for it. */
  failed(subject: Subject, error: unknown): void {
    this.#log.error('submission.failed', { ...subject, error })
  }
}

function words({ code, enhanced, lines }: Reply): { code: number; enhanced: string; text: string } {
  return { code, enhanced: enhanced ?? '', text: lines.join(' ') }
}

function path({ from }: Envelope): string {
  return from === null ? '<>' : `${from.local}@${from.domain}`
}
