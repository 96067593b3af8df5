/**
 * New keys for a domain without a moment in which its signatures do not verify: new keys are made and shown, DNS
 * learns them, they sign, and the old ones' records stay until nothing they signed is under way.
 */

import type { Kysely } from 'kysely'

import { DomainError } from './domain.ts'
import type { KeyRow } from './key-row.ts'
import type { DomainTables } from './tables.ts'

type Owner = { readonly organization: string; readonly name: string }

/**
 * Puts `keys` beside those that sign, unless some wait to be activated already: then these stay, and nothing changes.
 * Keys that retired before `forgetBefore` are forgotten.
 */
export async function insertPublished(
  db: Kysely<DomainTables>,
  { organization, name }: Owner,
  keys: readonly KeyRow[],
  forgetBefore: number,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    // The row of the domain is the lock: two rotations at once would leave four keys waiting.
    const domain = transaction.updateTable('domain').set({ name }).where('organization', '=', organization)
    await domain.where('name', '=', name).execute()
    const waiting = transaction
      .selectFrom('dkim_key')
      .select('selector')
      .where('organization', '=', organization)
    const found = await waiting.where('domain', '=', name).where('state', '=', 'published').execute()
    if (found.length > 0) return
    const old = transaction.deleteFrom('dkim_key').where('organization', '=', organization)
    await old
      .where('domain', '=', name)
      .where('state', '=', 'retired')
      .where('changed_at', '<', forgetBefore)
      .execute()
    await transaction
      .insertInto('dkim_key')
      .values([...keys])
      .execute()
  })
}

/**
 * Of the keys in `selectors` those that wait begin to sign, and all others that signed retire, both or neither.
 * @throws {DomainError} `rotation` when none of them waits, as after another activation
 */
export async function activatePublished(
  db: Kysely<DomainTables>,
  { organization, name }: Owner,
  selectors: readonly string[],
  now: number,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const keys = transaction
      .updateTable('dkim_key')
      .where('organization', '=', organization)
      .where('domain', '=', name)
    const begun = await keys
      .set({ state: 'active', changed_at: now })
      .where('selector', 'in', [...selectors])
      .where('state', '=', 'published')
      .executeTakeFirst()
    if (begun.numUpdatedRows === 0n)
      throw new DomainError('rotation', `no key of ${name} waits to be activated`)
    await keys
      .set({ state: 'retired', changed_at: now })
      .where('selector', 'not in', [...selectors])
      .where('state', '=', 'active')
      .execute()
  })
}
