/**
 * Domains whose mail has return paths of their own: a name below them leads to ours, so that SPF agrees with the author's
 * domain (RFC 7489 §3.1.2). In memory, since the queue asks for every message and cannot wait.
 */

import type { Control } from '#platform/store'

import { DOMAIN_MIGRATIONS } from './tables.ts'
import type { DomainTables } from './tables.ts'

export type ReturnPaths = {
  /** The name below `domain`, or below the closest parent that has one and is the organization's. */
  of(organization: string, domain: string): string | undefined
  /** All of them: mail that comes to these is ours. The same set until the next `refresh`. */
  readonly names: ReadonlySet<string>
  /** Reads them anew. */
  refresh(): Promise<void>
}

type Known = { readonly organization: string; readonly name: string }

/** After `openAccounts` of the same database; they have been read when it resolves. */
export async function openReturnPaths(control: Control): Promise<ReturnPaths> {
  const db = await control.tables<DomainTables>('domain', DOMAIN_MIGRATIONS)
  let known = new Map<string, Known>()
  let names: ReadonlySet<string> = new Set()
  const refresh = async (): Promise<void> => {
    const query = db.selectFrom('domain').select(['organization', 'name', 'return_path'])
    const rows = await query
      .where('verified_at', 'is not', null)
      .where('return_path', 'is not', null)
      .execute()
    known = new Map(
      rows.map(({ organization, name, return_path }) => [name, { organization, name: return_path ?? '' }]),
    )
    names = new Set([...known.values()].map(({ name }) => name))
  }
  await refresh()
  return {
    of(organization, domain) {
      for (let at = domain; at.includes('.'); at = at.slice(at.indexOf('.') + 1)) {
        const found = known.get(at)
        if (found !== undefined) return found.organization === organization ? found.name : undefined
      }
      return undefined
    },
    get names() {
      return names
    },
    refresh,
  }
}
