/** What the sandbox has received, in memory, the last of it: what the page shows and what tests ask. */

import type { Envelope } from '#grammar/smtp'

export type Received = {
  /** A number that grows with each message. */
  readonly id: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly client: { readonly address: string; readonly helo: string }
  readonly tls?: { readonly protocol: string; readonly cipher: string }
  /** Who logged in, if anybody did. */
  readonly login?: string
  /** The persona that took it: `mx` is the ordinary host. */
  readonly host: string
  readonly envelope: Envelope
  /** The content, dots un-stuffed, line endings as they came. */
  readonly raw: Buffer
  /** The reply to the content on one line; absent when the connection was dropped instead. */
  readonly reply?: string
}

export type Keep = { readonly messages: number; readonly bytes: number }

type Waiter = { readonly count: number; readonly done: () => void; readonly fail: (reason: Error) => void }

export class Inbox {
  readonly #keep: Keep
  readonly #messages = new Map<number, Received>()
  readonly #waiters = new Set<Waiter>()
  #bytes = 0
  #last = 0
  #accepted = 0

  constructor(keep: Keep) {
    this.#keep = keep
  }

  /** Messages answered with 250 since the start or the last `clear`, kept or not. */
  get accepted(): number {
    return this.#accepted
  }

  /** The number of the newest message; it changes whenever something has come. */
  get last(): number {
    return this.#last
  }

  get keepsNothing(): boolean {
    return this.#keep.messages === 0
  }

  nextId(): number {
    return (this.#last += 1)
  }

  /** The oldest go when there are too many. */
  add(message: Received): void {
    this.#messages.set(message.id, message)
    this.#bytes += message.raw.length
    for (const oldest of this.#messages.values()) {
      if (this.#messages.size <= this.#keep.messages && this.#bytes <= this.#keep.bytes) break
      this.remove(oldest.id)
    }
  }

  /** A message was answered with 250. */
  count(): void {
    this.#accepted += 1
    for (const waiter of this.#waiters) if (waiter.count <= this.#accepted) waiter.done()
  }

  /** Oldest first. */
  all(): readonly Received[] {
    return [...this.#messages.values()]
  }

  get(id: number): Received | undefined {
    return this.#messages.get(id)
  }

  remove(id: number): boolean {
    this.#bytes -= this.#messages.get(id)?.raw.length ?? 0
    return this.#messages.delete(id)
  }

  clear(): void {
    this.#messages.clear()
    this.#bytes = 0
    this.#accepted = 0
  }

  /** Resolves when `count` messages have been answered with 250. Rejects when `signal` ends it, or the sandbox closes. */
  async waitFor(count: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.#accepted >= count) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter: Waiter = { count, done: resolve, fail: reject }
    const end = (): void => reject(signal?.reason as Error)
    this.#waiters.add(waiter)
    signal?.addEventListener('abort', end, { once: true })
    try {
      await promise
    } finally {
      this.#waiters.delete(waiter)
      signal?.removeEventListener('abort', end)
    }
  }

  close(): void {
    for (const { fail } of this.#waiters) fail(new Error('the sandbox is closed'))
  }
}
