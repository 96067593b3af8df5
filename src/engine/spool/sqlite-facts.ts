/** What the log and the counts have to know of a delivery in SQLite. */

import type { DatabaseSync } from 'node:sqlite'

import type { Key, MessageRow } from './engine.ts'
import type { Facts } from './ledger.ts'

/**
 * Most mail ends within a moment of being accepted. What was accepted is kept at hand for so long as that, up to so
 * many messages: to have the strings out of the database again costs each of them 4 µs.
 */
const RECENT = 5_000

/** Of messages to more than this the recipients are read. */
const FEW = 16

export type FactsKeeper = {
  accepted(row: MessageRow): void
  /** After its row was changed. */
  of(key: Key): Facts | undefined
  /** The same, where the number of attempts is known. */
  after(key: Key, attempts: number): Facts | undefined
  ended(id: number): void
}

type Recent = Omit<Facts, 'recipient' | 'attempts'> & { readonly to: string | readonly string[] }

/** Without what else the row has: what is kept for longer than a commit is what the garbage collector has to copy. */
function recentOf([
  ,
  acceptedAt,
  organization,
  stream,
  sender,
  ,
  ,
  ,
  ,
  ,
  deliveries,
  tags,
  metadata,
]: MessageRow): Recent {
  const [first] = deliveries
  const to = deliveries.length === 1 && first ? first[0] : deliveries.map(([recipient]) => recipient)
  return { organization, stream, sender, acceptedAt, tags, metadata, to }
}

export function factsKeeper(db: DatabaseSync): FactsKeeper {
  const recent = new Map<number, Recent>()
  const of = factsFinder(db)
  return {
    accepted: (row) => {
      if (row[10].length > FEW) return
      recent.set(row[0], recentOf(row))
      if (recent.size <= RECENT) return
      for (const oldest of recent.keys()) {
        recent.delete(oldest)
        return
      }
    },
    of,
    after: (key, attempts) => {
      const known = recent.get(key[0])
      const recipient = typeof known?.to === 'string' ? known.to : known?.to[key[1]]
      if (known === undefined || recipient === undefined) return of(key)
      const { organization, stream, sender, acceptedAt, tags, metadata } = known
      return { organization, stream, sender, acceptedAt, recipient, attempts, tags, metadata }
    },
    ended: (id) => void recent.delete(id),
  }
}

const FACTS = 'd.recipient, d.attempts, m.organization, m.stream, m.sender, m.accepted_at, m.tags, m.metadata'

type FactsRow = [string, number, string, string, string, number, string | null, string | null]

function factsFinder(db: DatabaseSync): (key: Key) => Facts | undefined {
  const find = db.prepare(
    `select ${FACTS} from delivery d cross join message m on m.id = d.message where d.message = ? and d.n = ?`,
  )
  find.setReturnArrays(true)
  return ([id, n]) => {
    const row = find.get(id, n) as unknown as FactsRow | undefined
    if (row === undefined) return undefined
    const [recipient, attempts, organization, stream, sender, acceptedAt, tags, metadata] = row
    return { recipient, attempts, organization, stream, sender, acceptedAt, tags, metadata }
  }
}
