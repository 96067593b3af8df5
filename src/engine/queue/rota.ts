/**
 * Whose turn it is, of all scheduled queues whose mail goes to one site.
 *
 * Streams first: each has its share by weight, so that marketing cannot starve transactional mail, and gets what that
 * leaves. Within a stream organizations take turns, so that none can starve another with its backlog. Within an
 * organization the urgent band goes before the ordinary, and within a band each queue gives one transaction in turn.
 */

import type { Pauses } from '#engine/egress'

import { BANDS } from './scheduled-queue.ts'
import type { ScheduledQueue } from './scheduled-queue.ts'

export type RotaRules = {
  /** How much of a path a stream has beside others. */
  weightOf(stream: string): number
  /** Whether `source` may take mail of this stream. */
  serves(source: string, stream: string): boolean
}

export type Turn = { readonly queue: ScheduledQueue; readonly band: number }

type OrganizationTurn = { readonly name: string; readonly bands: readonly Set<ScheduledQueue>[] }

type StreamTurn = {
  readonly name: string
  /** What it has had, in transactions by its weight: who has least is next. */
  had: number
  readonly organizations: Map<string, OrganizationTurn>
}

/** Organizations with nothing to send that are kept all the same, so that a single message makes nothing new. */
const IDLE_KEPT = 16

/** By how much a stream that shares a source may be ahead of another, in transactions by weight: never more by turns. */
const MOST_AHEAD = 1

export class Rota {
  readonly #rules: RotaRules
  readonly #streams = new Map<string, StreamTurn>()
  /** Queues in bands. */
  #size = 0
  /** What the stream that was last served had had by then. */
  #had = 0

  constructor(rules: RotaRules) {
    this.#rules = rules
  }

  /** Whether no queue has anything. */
  get isEmpty(): boolean {
    return this.#size === 0
  }

  add(queue: ScheduledQueue, band: number): void {
    const stream = this.#streams.get(queue.stream) ?? this.#newStream(queue.stream)
    const turn = stream.organizations.get(queue.organization) ?? newOrganization(stream, queue.organization)
    // Who had nothing to send has saved nothing up.
    if (stream.had < this.#had && isIdle(stream)) stream.had = this.#had
    const set = turn.bands[band]
    if (set === undefined || set.has(queue)) return
    set.add(queue)
    this.#size += 1
  }

  remove(queue: ScheduledQueue, band: number): void {
    const stream = this.#streams.get(queue.stream)
    const turn = stream?.organizations.get(queue.organization)
    if (stream === undefined || turn === undefined) return
    if (turn.bands[band]?.delete(queue) !== true) return
    this.#size -= 1
    if (stream.organizations.size > IDLE_KEPT && isEmpty(turn)) stream.organizations.delete(turn.name)
  }

  hasWork(source: string, pauses: Pauses): boolean {
    if (this.#size === 0) return false
    for (const stream of this.#streams.values())
      if (this.#rules.serves(source, stream.name) && hasTurn(stream, pauses)) return true
    return false
  }

  /** The queue whose turn it is at `source`; it is taken off until it is added again. */
  next(source: string, pauses: Pauses): Turn | undefined {
    if (this.#size === 0) return undefined
    let least: StreamTurn | undefined
    for (const stream of this.#streams.values()) {
      if (!this.#rules.serves(source, stream.name)) continue
      if (least !== undefined && stream.had >= least.had) continue
      if (hasTurn(stream, pauses)) least = stream
    }
    if (least === undefined) return undefined
    this.#forgive(source, least.had)
    return this.#nextOf(least, pauses)
  }

  /**
   * What a stream had from sources that others may not use is not counted against it at those they share: or it would
   * get nothing there until the others have had as much.
   */
  #forgive(source: string, had: number): void {
    for (const stream of this.#streams.values())
      if (stream.had > had + MOST_AHEAD && this.#rules.serves(source, stream.name))
        stream.had = had + MOST_AHEAD
  }

  #nextOf(stream: StreamTurn, pauses: Pauses): Turn | undefined {
    const { organizations, name } = stream
    for (const turn of organizations.values()) {
      if (pauses.hasPaused && pauses.isPaused(turn.name, name)) continue
      const found = firstOf(turn)
      if (found === undefined) continue
      turn.bands[found.band]?.delete(found.queue)
      this.#size -= 1
      if (organizations.size > 1) {
        organizations.delete(turn.name)
        organizations.set(turn.name, turn)
      }
      this.#had = stream.had
      stream.had += 1 / this.#rules.weightOf(name)
      return found
    }
    return undefined
  }

  #newStream(name: string): StreamTurn {
    const stream: StreamTurn = { name, had: this.#had, organizations: new Map() }
    this.#streams.set(name, stream)
    return stream
  }
}

function newOrganization({ organizations }: StreamTurn, name: string): OrganizationTurn {
  const turn = { name, bands: Array.from({ length: BANDS }, () => new Set<ScheduledQueue>()) }
  organizations.set(name, turn)
  return turn
}

function hasTurn({ organizations, name }: StreamTurn, pauses: Pauses): boolean {
  for (const turn of organizations.values())
    if (!isEmpty(turn) && !(pauses.hasPaused && pauses.isPaused(turn.name, name))) return true
  return false
}

function isIdle({ organizations }: StreamTurn): boolean {
  for (const turn of organizations.values()) if (!isEmpty(turn)) return false
  return true
}

function isEmpty({ bands }: OrganizationTurn): boolean {
  for (const band of bands) if (band.size > 0) return false
  return true
}

function firstOf({ bands }: OrganizationTurn): Turn | undefined {
  for (let band = 0; band < bands.length; band += 1) {
    const [queue] = bands[band] ?? []
    if (queue !== undefined) return { queue, band }
  }
  return undefined
}
