/** What the sandbox remembers of recipients that it puts off: how often, and since when. */

/** Recipients remembered; the oldest are forgotten, and are then put off anew. */
const MAX_REMEMBERED = 10_000

type Tries = { count: number; readonly since: number }

export class Patience {
  readonly #tries = new Map<string, Tries>()

  /** One more try at `now`, in ms: the number of this one, and when the first was. */
  tried(recipient: string, now: number): Readonly<Tries> {
    const tries = this.#tries.get(recipient) ?? { count: 0, since: now }
    tries.count += 1
    this.#tries.set(recipient, tries)
    const [oldest] = this.#tries.keys()
    if (this.#tries.size > MAX_REMEMBERED && oldest !== undefined) this.#tries.delete(oldest)
    return tries
  }

  /** It was taken; the next message to it is put off like the first. */
  forget(recipient: string): void {
    this.#tries.delete(recipient)
  }
}
