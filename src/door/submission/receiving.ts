/** Octets that are no commands: the content of DATA, of chunks, and what is only counted and dropped. */

import type { Action, Event, LineBuffer, Offer, Reply } from '#grammar/smtp'

import { Incoming } from './incoming.ts'
import type { Ended, Receiver } from './reception.ts'
import { endsSession, refusedContent } from './refusals.ts'

/** What reading on came to. */
export type Progress =
  | { readonly at: 'more' }
  /** The octets are over; lines follow. */
  | { readonly at: 'over'; readonly event?: Event }
  /** Nothing more may be read before `until`, which gives the event for the session, if there is one. */
  | { readonly at: 'wait'; readonly until: Promise<Event | undefined> }
  | { readonly at: 'hopeless'; readonly reply: Reply }

export type ReceivingSetting = {
  readonly lines: LineBuffer
  readonly limit: number
  receiver(offer: Offer): Receiver
  newlines(offer: Offer): 'reject' | 'normalize'
  /** How each message ended, before the session hears of it. */
  ended(offer: Offer, ended: Ended): void
}

type Reading =
  | { readonly at: 'skip'; left: number }
  | { readonly at: 'content'; readonly incoming: Incoming }
  | { readonly at: 'chunk'; readonly incoming: Incoming; readonly size: number; readonly last: boolean }

const MORE: Progress = { at: 'more' }

export class Receiving {
  readonly #setting: ReceivingSetting
  #reading: Reading | undefined
  /** The content of the transaction, between its chunks too. */
  #incoming: Incoming | undefined

  constructor(setting: ReceivingSetting) {
    this.#setting = setting
  }

  /** Whether what comes next is for `advance`. */
  get isActive(): boolean {
    return this.#reading !== undefined
  }

  begin(action: Extract<Action, { kind: 'data' | 'chunk' | 'skip' }>): void {
    if (action.kind === 'skip') {
      this.#reading = { at: 'skip', left: action.size }
      return
    }
    const incoming = this.#incoming ?? this.#open(action.offer, action.kind === 'chunk')
    this.#incoming = incoming
    if (action.kind === 'data') {
      this.#reading = { at: 'content', incoming }
      return
    }
    const { size, last } = action
    incoming.begin(size, last)
    this.#reading = { at: 'chunk', incoming, size, last }
  }

  /** The transaction is over, or the connection: what was not taken is let go. */
  drop(): void {
    this.#incoming?.discard()
    this.#incoming = undefined
  }

  advance(): Progress {
    const reading = this.#reading
    if (reading === undefined) return { at: 'over' }
    if (reading.at === 'skip') return this.#skip(reading)
    if (reading.at === 'chunk' && reading.incoming.remaining === 0) return this.#complete(reading)
    if (this.#setting.lines.isEmpty) return MORE
    return this.#feed(reading)
  }

  #skip(reading: Extract<Reading, { at: 'skip' }>): Progress {
    const { lines } = this.#setting
    const bytes = lines.takeRest()
    const skipped = Math.min(bytes.length, reading.left)
    reading.left -= skipped
    lines.push(bytes.subarray(skipped))
    if (reading.left > 0) return MORE
    this.#reading = undefined
    return { at: 'over' }
  }

  #feed(reading: Exclude<Reading, { at: 'skip' }>): Progress {
    const { lines } = this.#setting
    const { rest, wait } = reading.incoming.feed(lines.takeRest())
    if (rest !== undefined) lines.push(rest)
    if (reading.incoming.hopeless) return { at: 'hopeless', reply: refusedContent('too-large') }
    if (wait === undefined) return rest === undefined ? MORE : this.#complete(reading)
    return { at: 'wait', until: rest === undefined ? wait.then(nothing) : this.#completeAfter(wait, reading) }
  }

  async #completeAfter(
    wait: Promise<void>,
    reading: Exclude<Reading, { at: 'skip' }>,
  ): Promise<Event | undefined> {
    await wait
    const progress = this.#complete(reading)
    return progress.at === 'wait' ? await progress.until : progress.at === 'over' ? progress.event : undefined
  }

  #complete(reading: Exclude<Reading, { at: 'skip' }>): Progress {
    this.#reading = undefined
    const { incoming } = reading
    if (reading.at === 'content' || reading.last)
      return { at: 'wait', until: this.#end(incoming, reading.at) }
    const { fault } = incoming
    const refusal = fault === undefined ? {} : { reply: refusedContent(fault) }
    return { at: 'over', event: { kind: 'chunk', size: reading.size, ...refusal } }
  }

  async #end(incoming: Incoming, at: 'content' | 'chunk'): Promise<Event> {
    const ended = await incoming.end()
    this.#setting.ended(incoming.offer, ended)
    // Counted chunks cannot be misread by others; the end of DATA can.
    return { kind: 'content', reply: ended.reply, close: at === 'content' && endsSession(incoming.fault) }
  }

  #open(offer: Offer, chunked: boolean): Incoming {
    const { limit } = this.#setting
    const newlines = this.#setting.newlines(offer)
    return new Incoming(offer, this.#setting.receiver(offer), { newlines, limit, chunked })
  }
}

function nothing(): undefined {
  return undefined
}
