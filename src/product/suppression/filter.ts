/**
 * Whether a recipient is suppressed, asked for each RCPT: from memory for all who are not, from the database for those
 * who may be. Who bounced softly is known here too, so that not every success has to be written down.
 */

import { sql } from 'kysely'
import type { Kysely } from 'kysely'

import { addressKey } from '#grammar/address'
import type { Mailbox } from '#grammar/address'
import type { Control } from '#platform/store'

import { AddressSet } from './address-set.ts'
import { suppressionOf } from './row.ts'
import { EVERY_STREAM, holds } from './suppression.ts'
import type { Suppression } from './suppression.ts'
import { suppressionTables } from './suppressions.ts'
import type { SuppressionTables } from './tables.ts'

export type SuppressionFilter = {
  /**
   * `undefined` at once for all but a few; a promise where the database has to be asked. A suppression that another
   * connection committed counts within a second; removals and expiries count at once.
   */
  find(organization: string, stream: string, to: Mailbox): undefined | Promise<Suppression | undefined>
  /** Whether a success would clear anything. At times `true` in vain. */
  bouncedSoftly(organization: string, to: Mailbox): boolean
  /** Takes in what was committed since the last time. @throws what the database throws */
  refresh(): Promise<void>
  close(): void
}

export type FilterOptions = {
  readonly now: () => number
  /** Told when a refresh failed; the next one tries again. */
  readonly failed: (error: unknown) => void
}

const REFRESH = 1_000

/**
 * Milliseconds read twice: a transaction that began earlier may commit later than one whose rows have been seen. Longer
 * than any of ours takes.
 */
const OVERLAP = 5_000

/** Reads all of them first. After `openAccounts` of the same database. */
export async function openSuppressionFilter(
  control: Control,
  { now, failed }: FilterOptions,
): Promise<SuppressionFilter> {
  const db = await suppressionTables(control)
  const suppressed = new Follower((from, after) => changed(db, 'suppression', from, after))
  const soft = new Follower((from, after) => changed(db, 'soft_bounce', from, after))
  const refresh = async (): Promise<void> => {
    await suppressed.takeIn(now())
    await soft.takeIn(now())
  }
  await refresh()
  let open = true
  const refreshed = (): void => {
    // What is closed while it is asked says so, and nobody needs to hear it.
    refresh().catch((error: unknown) => (open ? failed(error) : undefined))
  }
  const timer = setInterval(refreshed, REFRESH).unref()
  return {
    find(organization, stream, to) {
      const key = addressKey(to)
      if (!suppressed.known.mayHave(nameOf(organization, key))) return undefined
      return closest(db, [organization, stream, key], now())
    },
    bouncedSoftly: (organization, to) => soft.known.mayHave(nameOf(organization, addressKey(to))),
    refresh,
    close() {
      open = false
      clearInterval(timer)
    },
  }
}

/** Rows a query: the thread goes on with mail in between. */
const PAGE = 5_000

type Changed = {
  readonly organization: string
  readonly address: string
  readonly stream: string
  readonly changed_at: number
}

/** In the order of `changed_at` and the rest: those from `from` on, or after one of them. */
type ReadChanged = (from: number, after: Changed | undefined) => Promise<readonly Changed[]>

/** The recipients of a table, kept up with what is committed to it. */
class Follower {
  readonly known = new AddressSet()
  readonly #read: ReadChanged
  #seen = Number.MIN_SAFE_INTEGER

  constructor(read: ReadChanged) {
    this.#read = read
  }

  async takeIn(now: number): Promise<void> {
    // What is written after the clock was set back is older than what was seen.
    const from = Math.min(this.#seen, now) - OVERLAP
    for (let after: Changed | undefined; ;) {
      const rows = await this.#read(from, after)
      for (const { organization, address } of rows) this.known.add(nameOf(organization, address))
      after = rows.at(-1)
      if (after === undefined) return
      this.#seen = Math.max(this.#seen, after.changed_at)
    }
  }
}

async function changed(
  db: Kysely<SuppressionTables>,
  table: keyof SuppressionTables,
  from: number,
  after: Changed | undefined,
): Promise<readonly Changed[]> {
  const query = db
    .selectFrom(table)
    .select(['changed_at', 'organization', 'address', 'stream'])
    .where('changed_at', '>=', after?.changed_at ?? from)
    .orderBy('changed_at')
    .orderBy('organization')
    .orderBy('address')
    .orderBy('stream')
    .limit(PAGE)
  return (after === undefined ? query : query.where(laterThan(after))).execute()
}

/** A comparison of rows, which both engines know and answer from the index. */
function laterThan({ changed_at, organization, address, stream }: Changed) {
  return sql<boolean>`(changed_at, organization, address, stream) > (${changed_at}, ${organization}, ${address}, ${stream})`
}

/** No organization has a line break in its name. */
function nameOf(organization: string, address: string): string {
  return `${organization}\n${address}`
}

/** That of the stream before that of all streams. */
async function closest(
  db: Kysely<SuppressionTables>,
  [organization, stream, address]: readonly [string, string, string],
  now: number,
): Promise<Suppression | undefined> {
  const query = db.selectFrom('suppression').selectAll().where('organization', '=', organization)
  const rows = await query
    .where('address', '=', address)
    .where('stream', 'in', [stream, EVERY_STREAM])
    .execute()
  const holding = rows.map(suppressionOf).filter((one) => holds(one, now))
  return holding.find((one) => one.stream === stream) ?? holding[0]
}
