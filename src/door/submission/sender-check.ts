/** Whether a transaction may begin: the door takes mail in, and the organization sends from the domain. RFC 6409 §6.1 */

import { exhaustedReply } from '#engine/queue'
import type { Action, Event, Reply } from '#grammar/smtp'

import type { Door } from './door.ts'
import { CHECK_FAILED, NOT_YOUR_DOMAIN, SHUTTING_DOWN } from './refusals.ts'

/** Milliseconds an answer is remembered, on top of what the directory keeps: from MAIL to the From field of its message. */
const MEMORY = 1_000

export class SenderCheck {
  readonly #door: Door
  readonly #failed: (error: unknown) => void
  #last: { readonly organization: string; readonly domain: string; readonly at: number } | undefined

  /** `failed` is told when the directory cannot answer. */
  constructor(door: Door, failed: (error: unknown) => void) {
    this.#door = door
    this.#failed = failed
  }

  /** The answer to MAIL. A promise only where the directory has to be asked; it never rejects. */
  open(action: Extract<Action, { kind: 'open' }>): Event | Promise<Event> {
    const { identity, from } = action
    const refusal = this.#door.draining() ? SHUTTING_DOWN : this.#door.intake.refusal()
    if (refusal !== undefined) return { kind: 'opened', reply: refusal }
    const exhausted = this.#exhausted(action)
    if (exhausted !== undefined) return { kind: 'opened', reply: exhausted }
    // Nobody's domain is in `<>`; whose mail it is the From field has to show.
    const may = from === null || this.maySend(identity.organization, from.domain)
    if (typeof may === 'boolean') return opened(may)
    return may.then(opened, (error: unknown) => this.#cannotCheck(error))
  }

  /** Before anything is sent in vain; what is counted is the message when it is there. */
  #exhausted({ identity, size }: Extract<Action, { kind: 'open' }>): Reply | undefined {
    const wanted = { recipients: 1, ...(size !== undefined && { size }) }
    const exhausted = this.#door.allowance?.refusal(identity, wanted, this.#door.now())
    return exhausted && exhaustedReply(exhausted)
  }

  /** A promise only where the directory has to be asked. */
  maySend(organization: string, domain: string): boolean | Promise<boolean> {
    const last = this.#last
    const isFresh = last !== undefined && this.#door.elapsed() - last.at <= MEMORY
    if (isFresh && last.organization === organization && last.domain === domain) return true
    return this.#ask(organization, domain)
  }

  async #ask(organization: string, domain: string): Promise<boolean> {
    const may = await this.#door.domains.maySend(organization, domain)
    if (may) this.#last = { organization, domain, at: this.#door.elapsed() }
    return may
  }

  #cannotCheck(error: unknown): Event {
    this.#failed(error)
    return { kind: 'opened', reply: CHECK_FAILED }
  }
}

function opened(may: boolean): Event {
  const reply: Reply | undefined = may ? undefined : NOT_YOUR_DOMAIN
  return reply === undefined ? { kind: 'opened' } : { kind: 'opened', reply }
}
