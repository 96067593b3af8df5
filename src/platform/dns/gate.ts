/** Lets questions out a few at a time: so many at once, and so many in one turn of the event loop. */

/**
 * On the wire at once. Each question to a dead name server holds its place for seconds: with fewer places a few
 * thousand dead domains would keep the living ones waiting.
 */
const MAX_AT_ONCE = 512
/**
 * A burst beyond the receive buffer of a socket, some 250 datagrams, is lost and costs a timeout each. libuv reads 32
 * datagrams of a socket in one turn; with 64 questions a turn a server like ours fell behind, and some were lost.
 */
const MAX_IN_A_TURN = 32

export class Gate {
  readonly #waiting = new Set<() => void>()
  #inside = 0
  #thisTurn = 0

  /** Resolves in the order of asking. Whoever has entered must leave. */
  async enter(): Promise<void> {
    if (this.#waiting.size === 0 && this.#isOpen) this.#admit()
    else await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  leave(): void {
    this.#inside -= 1
    this.#admitWaiting()
  }

  get #isOpen(): boolean {
    return this.#inside < MAX_AT_ONCE && this.#thisTurn < MAX_IN_A_TURN
  }

  #admit(): void {
    this.#inside += 1
    this.#thisTurn += 1
    if (this.#thisTurn > 1) return
    setImmediate(() => {
      this.#thisTurn = 0
      this.#admitWaiting()
    })
  }

  #admitWaiting(): void {
    for (const go of this.#waiting) {
      if (!this.#isOpen) return
      this.#waiting.delete(go)
      this.#admit()
      go()
    }
  }
}
