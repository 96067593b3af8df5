/**
 * What paths hand on when other rules make other paths of them: with a provider or a domain layer that is new, what was
 * counted and what has set in would be forgotten, and the receiver has forgotten neither.
 */

import type { Resolved } from '#engine/rule'

import type { PathShape } from './path-shape.ts'

type Where = Resolved['where']

export class Heritage {
  readonly #before = new Map<string, Set<PathShape>>()

  /** Rules are others from now on: these are the paths as they were. */
  remember(shapes: Iterable<PathShape>): void {
    this.#before.clear()
    for (const shape of shapes)
      this.#before.getOrInsertComputed(keyOf(shape.where), () => new Set()).add(shape)
  }

  /** Those whose mail may now be that of the path at `where`, which is new. */
  of(where: Where): readonly PathShape[] {
    return [...(this.#before.get(keyOf(where)) ?? [])].filter(
      ({ where: { domain } }) =>
        domain === undefined || where.domain === undefined || domain === where.domain,
    )
  }

  /** Nothing is known of it any more. */
  forget(shape: PathShape): void {
    this.#before.get(keyOf(shape.where))?.delete(shape)
  }
}

function keyOf({ source, site }: Where): string {
  return `${source}\0${site}`
}
