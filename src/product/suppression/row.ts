/** Between a suppression and its row. */

import type { Selectable } from 'kysely'

import type { Suppression, SuppressionReason } from './suppression.ts'
import type { SuppressionTables } from './tables.ts'

export type SuppressionRow = Selectable<SuppressionTables['suppression']>

export function suppressionOf(row: SuppressionRow): Suppression {
  return {
    organization: row.organization,
    stream: row.stream,
    address: row.address,
    // Only this room writes the table.
    reason: row.reason as SuppressionReason,
    ...(row.class !== null && { class: row.class }),
    evidence: row.evidence,
    ...(row.delivery !== null && { delivery: row.delivery }),
    createdAt: row.created_at,
    ...(row.expires_at !== null && { expiresAt: row.expires_at }),
    ...(row.removed_at !== null && { removedAt: row.removed_at }),
    ...(row.removed_why !== null && { removedWhy: row.removed_why }),
  }
}

/** Characters of what is kept as evidence. */
export const EVIDENCE_LENGTH = 1_000

/** A row that holds from `now` on, also when the same address was removed before. */
export function rowOf(
  suppression: Omit<Suppression, 'removedAt' | 'removedWhy'>,
  now: number,
): SuppressionRow {
  return {
    organization: suppression.organization,
    stream: suppression.stream,
    address: suppression.address,
    reason: suppression.reason,
    class: suppression.class ?? null,
    // Often the words of a stranger.
    evidence: suppression.evidence.replaceAll(/\p{Cc}+/gu, ' ').slice(0, EVIDENCE_LENGTH),
    delivery: suppression.delivery ?? null,
    created_at: suppression.createdAt,
    expires_at: suppression.expiresAt ?? null,
    removed_at: null,
    removed_why: null,
    changed_at: now,
  }
}
