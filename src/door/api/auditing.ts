/** Every change that a request made is told to the audit log, whatever its route, before the answer goes out. */

import type { FastifyRequest } from 'fastify'

import type { Log } from '#platform/log'
import type { Scope } from '#product/account'
import { actionOf } from '#product/audit'
import type { Audit } from '#product/audit'

/** What a route knows that the request does not say. */
export type Note = {
  readonly organization?: string
  readonly actor?: string
  /** Absent: what stands in the path. */
  readonly subject?: string
  readonly before?: unknown
  /** Absent: the body of the request. */
  readonly after?: unknown
  /** Of the route. Absent: it asks for none. */
  readonly scope?: Scope
}

export class Auditing {
  readonly #audit: Audit
  readonly #log: Log
  readonly #notes = new WeakMap<FastifyRequest, Note>()

  constructor(audit: Audit, log: Log) {
    this.#audit = audit
    this.#log = log
  }

  /** Adds to what is known of a request. */
  note(request: FastifyRequest, note: Note): void {
    this.#notes.set(request, { ...this.#notes.get(request), ...note })
  }

  /** Before the answer goes out. */
  async answered(request: FastifyRequest, status: number): Promise<void> {
    const note = this.#notes.get(request)
    if (note === undefined || !isChange(request, status, note)) return
    try {
      await this.#record(request, note)
    } catch (cause) {
      // It has happened, and the client must know: the log has what the audit log has not.
      const { organization, actor } = note
      this.#log.error('audit.failed', { action: actionName(request), organization, actor, cause })
    }
  }

  #record(request: FastifyRequest, note: Note): Promise<void> {
    const { organization = '', actor = '', before, after = request.body } = note
    return this.#audit.record({
      organization,
      actor,
      address: request.ip,
      action: actionName(request),
      subject: note.subject ?? inPath(request),
      before,
      after,
    })
  }
}

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/** Messages are no changes: the log of events has them all. */
function isChange({ method }: FastifyRequest, status: number, { scope }: Note): boolean {
  return !READS.has(method) && status < 400 && scope !== 'messages:send'
}

function actionName({ routeOptions }: FastifyRequest): string {
  const { schema, url = '' } = routeOptions
  return schema?.operationId === undefined ? url : actionOf(schema.operationId)
}

function inPath({ params }: FastifyRequest): string {
  return typeof params === 'object' && params !== null ? Object.values(params).join(' ') : ''
}
