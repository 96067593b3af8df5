/**
 * Clients that could not be let in, for want of file descriptors most likely: counted, and told at most once a minute.
 *
 * Without a descriptor for it, libuv accepts a connection with one that it keeps in reserve, closes it, and tells
 * nobody. So the door's timer asks for one, and knows.
 */

import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'

import type { Journal } from './journal.ts'

/** Milliseconds between two lines of the log about it. */
const QUIET = 60_000

export class Acceptance {
  readonly #journal: Journal
  readonly #elapsed: () => number
  readonly #probe: () => Error | undefined
  #saidAt = -Infinity
  #times = 0

  /** `elapsed` in milliseconds; `probe` gives what stands in the way of one more descriptor. */
  constructor(journal: Journal, elapsed: () => number, probe: () => Error | undefined = missingDescriptor) {
    this.#journal = journal
    this.#elapsed = elapsed
    this.#probe = probe
  }

  /** Looks whether a client could be let in now. */
  look(): void {
    const error = this.#probe()
    if (error !== undefined) this.failed(error)
  }

  /** `accept` failed: with every turn of the loop, while libuv has no reserve either. */
  failed(error: Error): void {
    this.#times += 1
    this.#journal.notAccepted()
    const now = this.#elapsed()
    if (now - this.#saidAt < QUIET) return
    this.#journal.cannotAccept(error, this.#times, adviceFor(error))
    this.#saidAt = now
    this.#times = 0
  }
}

function missingDescriptor(): Error | undefined {
  try {
    closeSync(openSync(devNull, 'r'))
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function adviceFor(error: Error): string {
  switch ('code' in error ? error.code : undefined) {
    case 'EMFILE':
      return 'the process has no file descriptor left: raise its limit (LimitNOFILE of the service, ulimit -n), or lower limits.connections'
    case 'ENFILE':
      return 'the machine has no file descriptor left: raise fs.file-max, or look for who holds so many'
    default:
      return 'look at the memory and the network of the machine'
  }
}
