/**
 * The duty of a listener for strangers: mail to addresses of the node's own, and no other. What it means is for
 * `#engine/feedback` to say; here it is read whole, within what all strangers together may take of the memory.
 */

import type { Feedback } from '#engine/feedback'
import { Collector, reply } from '#grammar/smtp'
import type { Action, Event, Offer, Reply } from '#grammar/smtp'

import type { Door } from './door.ts'
import type { Ended, Origin, Receiver } from './reception.ts'
import { SHUTTING_DOWN } from './refusals.ts'
import type { Held } from './strangers.ts'

const NO_ROOM = reply(452, '4.3.1', 'Too much mail at once, try again later')

export class MxDuty {
  readonly #door: Door

  constructor(door: Door) {
    this.#door = door
  }

  /** From anybody, the null reverse-path above all. */
  open(): Event {
    const refusal = this.#door.draining() ? SHUTTING_DOWN : this.#door.intake.refusal()
    return refusal === undefined ? { kind: 'opened' } : { kind: 'opened', reply: refusal }
  }

  recipient({ to }: Extract<Action, { kind: 'recipient' }>): Event {
    const refusal = this.#door.feedback.refusal(to)
    return refusal === undefined
      ? { kind: 'addressed' }
      : // Nobody has a list of these: who is wrong here is guessing.
        { kind: 'addressed', reply: refusal, fault: true }
  }

  receiver(offer: Offer, client: Origin): Receiver {
    return new MxReceiver({ offer, client, feedback: this.#door.feedback, held: this.#door.held })
  }
}

type MxSetting = {
  readonly offer: Offer
  readonly client: Origin
  readonly feedback: Pick<Feedback, 'take'>
  readonly held: Held
}

export class MxReceiver implements Receiver {
  readonly #setting: MxSetting
  readonly #gathered = new Collector()
  #size = 0
  #taken = 0
  #refusal: Reply | undefined

  constructor(setting: MxSetting) {
    this.#setting = setting
  }

  add(slices: readonly Buffer[]): undefined {
    for (const slice of slices) {
      this.#size += slice.length
      if (this.#refusal !== undefined) continue
      if (!this.#setting.held.take(slice.length)) {
        this.refuse(NO_ROOM)
        continue
      }
      this.#taken += slice.length
      this.#gathered.add(slice)
    }
  }

  refuse(reason: Reply): void {
    this.#refusal ??= reason
    this.discard()
  }

  async end(): Promise<Ended> {
    if (this.#refusal !== undefined) return { reply: this.#refusal, size: this.#size }
    const { offer, client, feedback } = this.#setting
    try {
      const { reply: said, id } = await feedback.take({ offer, client, bytes: this.#gathered.take() })
      return { reply: said, size: this.#size, ...(id === undefined ? {} : { id }) }
    } finally {
      this.#release()
    }
  }

  /** While it is being taken, the octets are still there: what `end` holds it lets go of itself. */
  discard(): void {
    if (this.#gathered.size === 0) return
    this.#gathered.take()
    this.#release()
  }

  #release(): void {
    this.#setting.held.give(this.#taken)
    this.#taken = 0
  }
}
