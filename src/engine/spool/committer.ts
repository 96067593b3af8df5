/**
 * The store's side of the spool: one writer at a time, the batches of all threads merged into one commit, and the
 * settlements that the engine could not take kept in memory until it can.
 */

import type { Batch, SettlementRow, SpoolEngine } from './engine.ts'
import { SpoolError } from './spool.ts'
import type { SpoolErrorCode } from './spool.ts'

export type Refusal = readonly [position: number, code: SpoolErrorCode, message: string]

export type CommitReply = {
  /** The accepts that were not kept. */
  readonly refused: readonly Refusal[]
  /** Set when the events were not kept. */
  readonly untold?: readonly [code: SpoolErrorCode, message: string]
  /** Set when the settlements are not durable yet: ask `settled` with it. */
  readonly kept?: number
  /** Given back, so that the next batch can use the buffer again. */
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Milliseconds between two tries to write while the engine cannot; doubled each time. */
export type Backoff = { readonly first: number; readonly most: number }

export const BACKOFF: Backoff = { first: 100, most: 5000 }

export type WriterState =
  | { readonly at: 'writable' }
  | { readonly at: 'stuck'; readonly error: SpoolError }
  | { readonly at: 'broken'; readonly error: SpoolError }

type Waiting = {
  readonly batch: Batch
  readonly resolve: (reply: CommitReply) => void
  readonly reject: (error: Error) => void
}

const EMPTY: Batch = { accepts: [], settlements: [], events: [], bytes: new Uint8Array(0) }

export class Committer {
  readonly #engine: SpoolEngine
  readonly #backoff: Backoff
  readonly #onState: (state: WriterState) => void
  #state: WriterState = { at: 'writable' }
  #waiting: Waiting[] = []
  #turn: Promise<unknown> = Promise.resolve()
  #kept: SettlementRow[] = []
  /** Resolves when all that is kept now is durable. */
  #relief: PromiseWithResolvers<void> | undefined
  #reliefs = new Map<number, Promise<void>>()
  #tokens = 0
  /** Messages refused although the engine may have kept them: removed by the next commit. */
  #abandoned: number[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(engine: SpoolEngine, backoff: Backoff, onState: (state: WriterState) => void) {
    this.#engine = engine
    this.#backoff = backoff
    this.#onState = onState
  }

  get state(): WriterState {
    return this.#state
  }

  /** Settles after the fsync that covers the batch; what was refused or kept back is in the reply. */
  commit(batch: Batch): Promise<CommitReply> {
    const { promise, resolve, reject } = Promise.withResolvers<CommitReply>()
    // Batches of other threads that lie in their ports by now are read before the immediate runs, and share its fsync.
    if (this.#waiting.push({ batch, resolve, reject }) === 1) setImmediate(() => this.#start())
    return promise
  }

  #start(): void {
    this.exclusive(() => this.#drain()).catch((error: unknown) => {
      for (const { reject } of this.#waiting.splice(0)) reject(error as Error)
    })
  }

  /** Resolves when the settlements kept under `token` are durable. */
  async settled(token: number): Promise<void> {
    await this.#reliefs.get(token)
    this.#reliefs.delete(token)
  }

  /** Runs `work` when no other writer does. */
  exclusive<T>(work: () => T | Promise<T>): Promise<T> {
    const run = async (): Promise<T> => {
      if (this.#state.at === 'broken') throw this.#state.error
      try {
        return await work()
      } catch (error) {
        if (error instanceof SpoolError && error.code === 'broken') this.#break(error)
        throw error
      }
    }
    const result = this.#turn.then(run, run)
    this.#turn = result.catch(() => {})
    return result
  }

  /**
   * Runs `read` when no commit is in doubt: what it finds stays. A commit whose answer was lost may have kept what is
   * going to be withdrawn.
   */
  certain<T>(read: () => T | Promise<T>): Promise<T> {
    return this.exclusive(() => {
      if (this.#state.at !== 'writable') throw this.#state.error
      return read()
    })
  }

  /** Waits for what is under way. Settlements that are still kept are given up: their deliveries will be tried again. */
  async close(): Promise<void> {
    clearTimeout(this.#timer)
    while (this.#waiting.length > 0) await new Promise((resolve) => setImmediate(resolve))
    await this.#turn
    clearTimeout(this.#timer)
    this.#relief?.reject(new SpoolError('broken', 'the spool was closed before outcomes could be recorded'))
    this.#relief = undefined
  }

  async #drain(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    if (this.#state.at === 'stuck') {
      this.#putOff(waiting, this.#state.error)
      return
    }
    try {
      await this.#engine.commit(
        waiting.map(({ batch }) => batch),
        this.#abandoned,
      )
      this.#abandoned = []
      for (const { batch, resolve } of waiting) resolve({ refused: [], bytes: batch.bytes })
    } catch (error) {
      await this.#failed(waiting, error)
    }
  }

  async #failed(waiting: readonly Waiting[], error: unknown): Promise<void> {
    if (!(error instanceof SpoolError)) {
      await this.#oneByOne(waiting)
    } else if (error.code === 'broken') {
      this.#break(error)
      for (const { reject } of waiting) reject(error)
    } else {
      if (error.code === 'unreachable') for (const { batch } of waiting) this.#abandon(batch)
      this.#stick(error)
      this.#putOff(waiting, error)
    }
  }

  /** A commit whose answer was lost may have happened. Its messages were refused, so they must not be sent. */
  #abandon(batch: Batch): void {
    for (const [id] of batch.accepts) this.#abandoned.push(id)
  }

  #putOff(waiting: readonly Waiting[], error: SpoolError): void {
    for (const { batch, resolve } of waiting) {
      const refused = batch.accepts.map((_, position): Refusal => [position, error.code, error.message])
      resolve({ refused, bytes: batch.bytes, ...untoldOf(batch, error), ...this.#keep(batch.settlements) })
    }
  }

  #keep(settlements: readonly SettlementRow[]): { kept?: number } {
    if (settlements.length === 0) return {}
    for (const settlement of settlements) this.#kept.push(settlement)
    this.#relief ??= Promise.withResolvers<void>()
    // Nobody may ask for it, when the thread that sent them has ended.
    this.#relief.promise.catch(() => {})
    const token = (this.#tokens += 1)
    this.#reliefs.set(token, this.#relief.promise)
    return { kept: token }
  }

  /** One entry of the batch is at fault, not the engine: the others are kept. */
  async #oneByOne(waiting: readonly Waiting[]): Promise<void> {
    for (const { batch, resolve } of waiting) {
      const refused: Refusal[] = []
      for (const [position, accept] of batch.accepts.entries()) {
        const error = await this.#alone({ ...batch, accepts: [accept], settlements: [], events: [] })
        if (error) refused.push([position, error.code, error.message])
      }
      const unsettled: SettlementRow[] = []
      for (const settlement of batch.settlements) {
        const error = await this.#alone({ ...EMPTY, settlements: [settlement] })
        // An outcome that can never be recorded would be sent again and again.
        if (error?.code === 'refused') this.#break(new SpoolError('broken', `unrecordable: ${error.message}`))
        if (error) unsettled.push(settlement)
      }
      const { events } = batch
      const error = events.length === 0 ? undefined : await this.#alone({ ...EMPTY, events })
      resolve({ refused, bytes: batch.bytes, ...(error && untoldOf(batch, error)), ...this.#keep(unsettled) })
    }
  }

  async #alone(batch: Batch): Promise<SpoolError | undefined> {
    if (this.#state.at !== 'writable') return this.#state.error
    try {
      await this.#engine.commit([batch], [])
      return undefined
    } catch (error) {
      if (!(error instanceof SpoolError)) return new SpoolError('refused', String(error), { cause: error })
      if (error.code === 'broken') this.#break(error)
      else this.#stick(error)
      if (error.code === 'unreachable') this.#abandon(batch)
      return error
    }
  }

  #stick(error: SpoolError): void {
    if (this.#state.at !== 'writable') return
    this.#become({ at: 'stuck', error })
    this.#retryIn(this.#backoff.first)
  }

  #retryIn(delay: number): void {
    this.#timer = setTimeout(() => {
      this.exclusive(() => this.#retry(delay)).catch((error: unknown) => {
        this.#break(
          new SpoolError('broken', `outcomes cannot be recorded: ${String(error)}`, { cause: error }),
        )
      })
    }, delay)
  }

  /** Writes what is kept, or something, to see whether the engine can again. */
  async #retry(delay: number): Promise<void> {
    const kept = this.#kept
    const batches = kept.length === 0 ? [] : [{ ...EMPTY, settlements: kept }]
    try {
      await this.#engine.commit(batches, this.#abandoned)
    } catch (error) {
      if (!(error instanceof SpoolError) || error.code === 'broken') throw error
      this.#retryIn(Math.min(delay * 2, this.#backoff.most))
      return
    }
    this.#abandoned = []
    this.#kept = []
    this.#become({ at: 'writable' })
    this.#relief?.resolve()
    this.#relief = undefined
  }

  #break(error: SpoolError): void {
    if (this.#state.at === 'broken') return
    clearTimeout(this.#timer)
    this.#become({ at: 'broken', error })
    this.#relief?.reject(error)
    this.#relief = undefined
  }

  #become(state: WriterState): void {
    this.#state = state
    this.#onState(state)
  }
}

function untoldOf({ events }: Batch, { code, message }: SpoolError): Pick<CommitReply, 'untold'> {
  return events.length === 0 ? {} : { untold: [code, message] }
}
