/** A domain as its table has it, and as people see it. */

import type { Selectable } from 'kysely'

import type { Domain } from './domain.ts'
import type { RecordStatus } from './record-status.ts'
import type { DomainTables } from './tables.ts'

export type DomainRow = Selectable<DomainTables['domain']>

export function domainOf({
  name,
  organization,
  created_at,
  verified_at,
  token,
  health,
  checked_at,
}: DomainRow): Domain {
  return {
    name,
    organization,
    createdAt: created_at,
    ...(verified_at === null ? {} : { verifiedAt: verified_at }),
    vouched: token === null,
    health,
    ...(checked_at === null ? {} : { checkedAt: checked_at }),
  }
}

/** What the last look found; nothing before the first. */
export function statusesOf({ found }: DomainRow): readonly RecordStatus[] {
  return found === null ? [] : (JSON.parse(found) as readonly RecordStatus[])
}
