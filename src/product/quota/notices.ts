/**
 * That a quota is near its end or reached, told once a window whatever happens: who tells it says so before and after, so
 * that no two nodes tell it, and one that died in between is made up for.
 */

import type { Kysely } from 'kysely'

import type { NewEvent } from '#engine/spool'

import type { Crossing } from './meter.ts'
import type { Span } from './quota.ts'
import { windowOf } from './quota.ts'
import type { QuotaTables } from './tables.ts'

/** Puts an event into the log; rejects when it is not there. */
export type Tell = (event: NewEvent) => Promise<void>

export type Notices = {
  /** Resolves when it is told, by whomever. Rejects with what the database or `tell` throws: it may be called again. */
  tell(crossing: Crossing): Promise<void>
  /** Those of now that somebody was about to tell a minute ago. */
  left(): Promise<readonly Crossing[]>
}

/** Milliseconds after which who was about to tell is taken for dead. */
const PATIENCE = 60_000

/** Milliseconds that a notice is remembered after the beginning of its window: longer than a month. */
const KEPT = 62 * 86_400_000

export function noticesOf(db: Kysely<QuotaTables>, tell: Tell, now: () => number): Notices {
  return {
    async tell(crossing) {
      if (!(await isMine(db, crossing, now()))) return
      await tell(eventOf(crossing, now()))
      await named(db, crossing).execute()
    },
    async left() {
      await db
        .deleteFrom('quota_notice')
        .where('begins', '<', now() - KEPT)
        .execute()
      const query = db.selectFrom('quota_notice').selectAll().where('told', '=', 0)
      const rows = await query.where('at', '<', now() - PATIENCE).execute()
      return rows.map(({ organization, stream, span, begins, most, kind, used }) => ({
        organization,
        ...(stream !== '' && { stream }),
        kind: kind as Crossing['kind'],
        span: span as Span,
        begins,
        until: windowOf(span as Span, begins).end,
        limit: most,
        used,
      }))
    },
  }
}

/** Nobody has told it, and nobody else is about to. */
async function isMine(db: Kysely<QuotaTables>, crossing: Crossing, at: number): Promise<boolean> {
  const { organization, stream = '', span, begins, limit: most, kind, used } = crossing
  const key = { organization, stream, span, begins, most, kind }
  const insert = db.insertInto('quota_notice').values({ ...key, at, used, told: 0 })
  const { numInsertedOrUpdatedRows } = await insert
    .onConflict((on) =>
      on
        .columns(['organization', 'stream', 'span', 'begins', 'most', 'kind'])
        .doUpdateSet({ at })
        .where('quota_notice.told', '=', 0)
        .where('quota_notice.at', '<', at - PATIENCE),
    )
    .executeTakeFirstOrThrow()
  return (numInsertedOrUpdatedRows ?? 0n) > 0n
}

function named(db: Kysely<QuotaTables>, { organization, stream = '', span, begins, limit, kind }: Crossing) {
  return db
    .updateTable('quota_notice')
    .set({ told: 1 })
    .where('organization', '=', organization)
    .where('stream', '=', stream)
    .where('span', '=', span)
    .where('begins', '=', begins)
    .where('most', '=', limit)
    .where('kind', '=', kind)
}

function eventOf({ kind, organization, stream, span, limit, used, until }: Crossing, at: number): NewEvent {
  return {
    kind,
    at,
    organization,
    ...(stream !== undefined && { stream }),
    reason: `${used} of ${limit} recipients of this ${span}`,
    data: { quota: span, limit, used, until: new Date(until).toISOString() },
  }
}
