/** What shaping counts and has set in, in a file of the data directory that a restart finds. */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import type { Kept } from '#engine/shaping'
import type { Log } from '#platform/log'

const FILE = 'shaping.json'

/** Of what is in the file: another release may write another. */
const VERSION = 1

/** Milliseconds between two writings, so that a busy path does not make a hundred a second. */
const PAUSE = 50

/** Milliseconds until it is tried again after the disk refused. */
const RETRY = 5_000

/** `undefined`: nothing was kept, or nothing that can be read, which is told. */
export function readShapingState(directory: string, log: Log): Kept | undefined {
  const file = join(directory, FILE)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'))
      log.warn('shaping.state-lost', { file, cause })
    return undefined
  }
  try {
    const { version, kept } = JSON.parse(text) as { readonly version?: unknown; readonly kept?: Kept }
    if (version !== VERSION || kept === undefined) throw new Error(`it is of version ${String(version)}`)
    return kept
  } catch (cause) {
    // Hourly limits begin anew, which is better than not to send at all.
    log.warn('shaping.state-lost', { file, cause })
    return undefined
  }
}

/**
 * Before anything is sent: that a process runs, and what it knows. Whoever finds this later finds a process that did not
 * come to its end. Not flushed: a machine that loses its power is away for longer than what is not written counts.
 */
export function beginShapingState(directory: string, log: Log, shaping: Keeper): void {
  const path = join(directory, FILE)
  try {
    mkdirSync(directory, { recursive: true })
    writeFileSync(`${path}.new`, textOf(shaping.keep(false)), { mode: 0o600 })
    renameSync(`${path}.new`, path)
  } catch (cause) {
    log.error('shaping.state-not-kept', { file: path, cause })
  }
}

export type StateWriter = {
  /** Writes soon. Calls that come while one is under way share the next. */
  want(): void
  /** Resolves when the last of it is written, or cannot be. */
  close(): Promise<void>
}

/** `keep` is asked at each writing, `kept` told when it is durable. */
export function shapingStateWriter(directory: string, log: Log, shaping: Keeper): StateWriter {
  return new Writer(directory, log, shaping)
}

type Keeper = { keep(isLast: boolean): Kept; kept(): void }

class Writer implements StateWriter {
  readonly #directory: string
  readonly #log: Log
  readonly #keeper: Keeper
  #isWanted = false
  #isClosing = false
  #running: Promise<void> | undefined

  constructor(directory: string, log: Log, keeper: Keeper) {
    this.#directory = directory
    this.#log = log
    this.#keeper = keeper
  }

  want(): void {
    this.#isWanted = true
    // In a turn of its own: what wants it may not be ready to be asked.
    if (!this.#isClosing) this.#running ??= Promise.resolve().then(() => this.#run())
  }

  async close(): Promise<void> {
    this.#isClosing = true
    await this.#running
    await written(this.#directory, this.#keeper.keep(true), this.#log)
  }

  async #run(): Promise<void> {
    while (this.#isWanted && !this.#isClosing) {
      this.#isWanted = false
      const isWritten = await written(this.#directory, this.#keeper.keep(false), this.#log)
      if (isWritten) this.#keeper.kept()
      else this.#isWanted = true
      if (!this.#isClosing) await after(isWritten ? PAUSE : RETRY)
    }
    this.#running = undefined
  }
}

async function written(directory: string, kept: Kept, log: Log): Promise<boolean> {
  const path = join(directory, FILE)
  try {
    mkdirSync(dirname(path), { recursive: true })
    const file = await open(`${path}.new`, 'w', 0o600)
    try {
      await file.writeFile(textOf(kept))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(`${path}.new`, path)
    const inside = await open(directory)
    try {
      await inside.sync()
    } finally {
      await inside.close()
    }
    return true
  } catch (cause) {
    log.error('shaping.state-not-kept', { file: path, cause })
    return false
  }
}

function textOf(kept: Kept): string {
  return `${JSON.stringify({ version: VERSION, kept })}\n`
}

function after(milliseconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setTimeout(resolve, milliseconds).unref()
  return promise
}
