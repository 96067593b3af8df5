/**
 * Which behaviour an address asks for. The sandbox plays it, its page lists all of them, and a rehearsal takes from it
 * what each receiver says of users it does not know.
 */

import type { Behaviour } from './behaviour.ts'
import { PLAIN } from './plain.ts'
import { REAL } from './real.ts'

export const BEHAVIOURS: readonly Behaviour[] = [...PLAIN, ...REAL]

const byName: ReadonlyMap<string, Behaviour> = new Map(BEHAVIOURS.map((one) => [one.name, one]))

export type Chosen = { readonly behaviour: Behaviour; readonly number?: number }

/** What a receiver calls its own behaviours, by local part. */
export type Words = { readonly [local: string]: string }

/** What the local part asks for; `undefined` is a recipient like any other. */
export function chooseBehaviour(local: string, words: Words = {}): Chosen | undefined {
  const plus = local.indexOf('+')
  const name = (plus < 0 ? local : local.slice(0, plus)).toLowerCase()
  const exact = byName.get(words[name] ?? name)
  if (exact !== undefined) return { behaviour: exact }
  const [, stem, digits] = /^([a-z-]{1,20}-)(\d{1,4})$/.exec(name) ?? []
  const numbered = stem === undefined ? undefined : byName.get(`${stem}N`)
  return numbered && { behaviour: numbered, number: Number(digits) }
}
