/**
 * Where lines go: a file or standard output, written in the background. Not pino's own SonicBoom: on a full
 * disk its synchronous flush tries again for ever, and the process with it (seen with 4.2.1).
 */

import { closeSync, fstatSync, openSync, write, writeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'

const writeAsync = promisify(write)

/** Milliseconds after which a line has been given to the system. */
const PATIENCE = 250

/** Octets that may wait for a reader that does not read; beyond it lines are dropped, and counted. */
const BACKLOG = 16 * 1024 * 1024

/** Milliseconds before a destination that is full or does not take more is tried again. */
const PAUSE = 100

/**
 * Octets a write. A pipe keeps the writes of several threads apart only up to PIPE_BUF, pipe(7); a file that is open
 * for appending keeps any two apart.
 */
const ONE_WRITE = { pipe: 4096, file: 65_536 } as const

/** A path, or the descriptor of standard output or standard error. */
export type Destination = string | 1 | 2

export class Sink {
  readonly #destination: Destination
  #fd: number
  readonly #oneWrite: number
  readonly #backlog: number
  /** Whole lines, oldest first, put together to what one write takes. */
  #chunks: string[] = []
  /** Octets of the last chunk, and of all. */
  #last = 0
  #waiting = 0
  #underway: Promise<void> | undefined
  #isClosing = false
  #dropped = 0
  readonly #timer: NodeJS.Timeout
  readonly #onDropped: (lines: number) => void

  /**
   * `onDropped` hears how many lines were lost, once there is room again; `backlog` is how many octets may wait.
   * @throws when the file cannot be opened
   */
  constructor(destination: Destination, onDropped: (lines: number) => void, backlog = BACKLOG) {
    this.#destination = destination
    this.#fd = open(destination)
    this.#oneWrite = fstatSync(this.#fd).isFile() ? ONE_WRITE.file : ONE_WRITE.pipe
    this.#onDropped = onDropped
    this.#backlog = backlog
    this.#timer = setInterval(() => this.#start(), PATIENCE).unref()
  }

  /** Never waits. */
  write(line: string): void {
    const size = Buffer.byteLength(line)
    if (this.#waiting + size > this.#backlog) {
      this.#dropped += 1
      return
    }
    this.#append(line, size)
    this.#waiting += size
    if (this.#waiting >= this.#oneWrite) this.#start()
  }

  /**
   * For the end of the process: writes what waits before it returns, and gives up on a destination that takes nothing.
   * A write that is already on its way may come after it.
   */
  flush(): void {
    while (this.#chunks.length > 0) {
      const chunk = this.#take()
      let from = 0
      try {
        while (from < chunk.length) from += writeSync(this.#fd, chunk, from)
      } catch {
        return
      }
    }
  }

  /** Opens the file by its name again, after it was moved away. @throws when that fails; the old one stays */
  reopen(): void {
    if (typeof this.#destination === 'number') return
    const old = this.#fd
    this.#fd = open(this.#destination)
    void Promise.resolve(this.#underway).then(() => closeSync(old))
  }

  /** Resolves when all lines are with the system, or the destination takes none. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#isClosing = true
    await this.#underway
    this.flush()
    if (typeof this.#destination === 'string') closeSync(this.#fd)
  }

  #start(): void {
    if (this.#underway !== undefined || this.#chunks.length === 0) return
    this.#underway = this.#drain().finally(() => {
      this.#underway = undefined
    })
  }

  async #drain(): Promise<void> {
    do {
      await this.#put(this.#take())
      this.#tellDropped()
    } while (this.#waiting >= this.#oneWrite)
  }

  /** A log that cannot be written must not stop the mail: the lines wait, and are dropped when they are too many. */
  async #put(chunk: Buffer): Promise<void> {
    let from = 0
    while (from < chunk.length) {
      try {
        const { bytesWritten } = await writeAsync(this.#fd, chunk, from)
        from += bytesWritten
      } catch {
        if (this.#isClosing) return
        await setTimeout(PAUSE, undefined, { ref: false })
      }
    }
  }

  #append(line: string, size: number): void {
    const { length } = this.#chunks
    if (length > 0 && this.#last + size <= this.#oneWrite) {
      this.#chunks[length - 1] += line
      this.#last += size
    } else {
      this.#chunks.push(line)
      this.#last = size
    }
  }

  #take(): Buffer {
    const chunk = Buffer.from(this.#chunks.shift() ?? '')
    this.#waiting -= chunk.length
    return chunk
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return
    const lines = this.#dropped
    this.#dropped = 0
    this.#onDropped(lines)
  }
}

function open(destination: Destination): number {
  return typeof destination === 'number' ? destination : openSync(destination, 'a', 0o640)
}
