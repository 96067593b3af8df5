/** All sessions of a thread that can be followed, and all who follow them. */

import type { Speaker, Trace, Tracer, TraceSubject, TraceTopic } from './tracer.ts'
import { Watch } from './watch.ts'
import type { Followed, TraceFilter, TraceRecord } from './watch.ts'

/** Followers at a time: each costs memory and a look at every line. */
const FOLLOWERS = 8

export class Traces implements Tracer {
  readonly #now: () => number
  readonly #watches = new Map<number, Watch>()
  #sessions = 0
  #followers = 0

  constructor(now: () => number) {
    this.#now = now
  }

  get isActive(): boolean {
    return this.#watches.size > 0
  }

  begin(subject: TraceSubject): Trace {
    this.#sessions += 1
    const session: Followed = { id: this.#sessions, subject }
    const each = (tell: (watch: Watch) => void): void => this.#watches.forEach(tell)
    return {
      said: (who: Speaker, line: string) => {
        const time = this.#now()
        each((watch) => watch.said(session, time, who, line))
      },
      turn: (topic: TraceTopic) => each((watch) => watch.turn(session, topic)),
      learn: (topic: TraceTopic) => each((watch) => watch.learn(session, topic)),
      end: () => each((watch) => watch.ended(session)),
    }
  }

  /** Begins to follow; gives a number for `take` and `unfollow`, or `undefined` when there are too many already. */
  follow(filter: TraceFilter): number | undefined {
    if (this.#watches.size >= FOLLOWERS) return undefined
    this.#followers += 1
    this.#watches.set(this.#followers, new Watch(filter))
    return this.#followers
  }

  /** What was said since it was last asked: as soon as there is something. Empty when nobody follows by that number. */
  async take(follower: number): Promise<readonly TraceRecord[]> {
    return (await this.#watches.get(follower)?.take()) ?? []
  }

  unfollow(follower: number): void {
    this.#watches.get(follower)?.stop()
    this.#watches.delete(follower)
  }

  /** Ends all. */
  close(): void {
    for (const follower of this.#watches.keys()) this.unfollow(follower)
  }
}
