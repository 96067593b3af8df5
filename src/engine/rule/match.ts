/** Which reaction takes a reply. */

import { matches } from './reply.ts'
import type { Said } from './reply.ts'
import type { Reaction } from './section.ts'

/** The reaction that takes `said`: the first of them that matches. */
export function firstMatch(reactions: readonly Reaction[], said: Said): Reaction | undefined {
  if (reactions.length === 0) return undefined
  const lower = said.text.toLowerCase()
  return reactions.find(({ pattern }) => matches(pattern, said, lower))
}
