/** What an operator changes in the store, page by page, and what of it the queue must hear. */

import type { Change, Claimed, DeliveryFilter, Instant, Spool } from '#engine/spool'

export type Changing = {
  readonly spool: Pick<Spool, 'change'>
  now(): Instant
  /** Something of this queue may wait in the store since then. */
  planned(queue: string, due: Instant): void
}

/** Of deliveries that were changed: how many there were, and the first of them, as they were before. */
export type Changed = { readonly count: number; readonly rows: readonly Claimed[] }

export type Asked = {
  readonly filter: DeliveryFilter
  readonly change: Change
  readonly reason: string
  /** Rows that are given back at most. */
  readonly shown: number
}

/** @throws {SpoolError} when the store does not answer; what was changed by then stays changed */
export async function changeAll(
  changing: Changing,
  { filter, change, reason, shown }: Asked,
): Promise<Changed> {
  const now = changing.now()
  const rows: Claimed[] = []
  let count = 0
  for (let page = filter; ;) {
    const changed = await changing.spool.change(page, change, now, reason)
    const last = changed.at(-1)
    // Not at a page that is not full: some of it may have ended between the look and the change.
    if (last === undefined) return { count, rows }
    count += changed.length
    rows.push(...changed.slice(0, shown - rows.length))
    for (const queue of new Set(changed.map(({ delivery }) => delivery.queue))) changing.planned(queue, now)
    page = { ...filter, before: last.delivery.key }
  }
}
