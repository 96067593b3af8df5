/** Why what is due of a queue waits, in few words. */

import { tell } from '#product/explanation'
import type { Language } from '#product/explanation'
import type { QueueRow } from '#product/operation'

import { cut } from './text.ts'

export type Words = { readonly language: Language; readonly now: number }

/** Columns of one reason: the words of a stranger may be in it. */
const COLUMNS = 120

/** One text for each reason; none when nothing holds it back. */
export function heldBackBy({ reasons, queue }: QueueRow, { language, now }: Words): readonly string[] {
  return reasons.map((reason) => cut(tell(reason, language, { name: queue, now }).brief, COLUMNS))
}
