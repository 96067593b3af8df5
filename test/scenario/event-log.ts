/** The log of a running node, read by those who test it: what it says happened is what they count. */

import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export type LogEvent = { readonly event: string; readonly time: string; readonly [field: string]: unknown }

/** Fields that an event must have; a function judges the value of one. */
export type Match = { readonly [field: string]: unknown }

/** How often the file is looked at while somebody waits, and how long anybody waits at most, in ms. */
const LOOK = 20
const PATIENCE = 30_000

export class EventLog {
  readonly path: string
  readonly #events: LogEvent[] = []
  #at = 0
  #partial: Buffer = Buffer.alloc(0)

  constructor(path: string) {
    this.path = path
  }

  /** All that has been written so far, of every run of the node. */
  get events(): readonly LogEvent[] {
    this.#read()
    return this.#events
  }

  named(event: string, match: Match = {}): readonly LogEvent[] {
    return this.events.filter((one) => one.event === event && matches(one, match))
  }

  count(event: string, match: Match = {}): number {
    return this.named(event, match).length
  }

  /** The `nth` event of this kind, now or when it comes. Rejects after 30 s, or when `unless` says why it never will. */
  async until(
    event: string,
    match: Match = {},
    nth = 1,
    unless?: () => string | undefined,
  ): Promise<LogEvent> {
    const end = performance.now() + PATIENCE
    for (;;) {
      const found = this.named(event, match)[nth - 1]
      if (found !== undefined) return found
      const why = performance.now() > end ? `not within ${PATIENCE / 1_000} s` : unless?.()
      if (why !== undefined) throw new Error(`no ${event} ${JSON.stringify(match)}: ${why}\n${this.#last()}`)
      await sleep(LOOK)
    }
  }

  #read(): void {
    if (!existsSync(this.path)) return
    const file = openSync(this.path, 'r')
    try {
      const bytes = Buffer.alloc(fstatSync(file).size - this.#at)
      const length = readSync(file, bytes, 0, bytes.length, this.#at)
      this.#at += length
      this.#take(Buffer.concat([this.#partial, bytes.subarray(0, length)]))
    } finally {
      closeSync(file)
    }
  }

  /** A node that was killed may leave half a line behind, to which its successor adds. */
  #take(bytes: Buffer): void {
    const end = bytes.lastIndexOf(10) + 1
    this.#partial = bytes.subarray(end)
    for (const line of bytes.toString('utf8', 0, end).split('\n')) {
      const event = parsed(line)
      if (event !== undefined) this.#events.push(event)
    }
  }

  #last(): string {
    return this.events
      .slice(-5)
      .map((one) => JSON.stringify(one).slice(0, 400))
      .join('\n')
  }
}

function parsed(line: string): LogEvent | undefined {
  if (line === '') return undefined
  try {
    return JSON.parse(line) as LogEvent
  } catch {
    return undefined
  }
}

function matches(event: LogEvent, match: Match): boolean {
  return Object.entries(match).every(([field, wanted]) =>
    typeof wanted === 'function' ? wanted(event[field]) === true : event[field] === wanted,
  )
}
