/** What lists have in common: a search, pages, and an export. */

import type { Command } from 'commander'

import { rowsArgument } from './command.ts'
import { count } from './print.ts'

/** Rows of one command at most; more than a terminal shows, and few enough to hold in memory. */
export const LIST_MOST = 100_000

export type Listing = {
  readonly limit: number
  readonly match?: string
  readonly organization?: string
  readonly after?: string
}

/** `what` is the key that the list is sorted by, and that the next page begins after. */
export function listing(command: Command, what: string): Command {
  return exported(command)
    .option('--match <text>', 'only those that contain this, in upper or lower case')
    .option('--organization <name>', 'of one organization')
    .option('--limit <rows>', 'how many', rowsArgument(LIST_MOST), 1_000)
    .option(`--after <${what}>`, 'only those that sort after this one, for the next page')
}

export function exported(command: Command): Command {
  return command.option('--csv', 'print whole values, comma-separated, for spreadsheets')
}

type Keyed = { readonly organization: string }

/** The page that was asked for of all there are, sorted by `key`; `text` is what a search looks at. */
export function pageOf<T extends Keyed>(
  all: readonly T[],
  { limit, match, organization, after }: Listing,
  of: { readonly key: (row: T) => string; readonly text: (row: T) => string },
): { readonly rows: readonly T[]; readonly rest: string } {
  const wanted = match?.toLowerCase()
  const found = all
    .filter(
      (row) =>
        (organization === undefined || row.organization === organization) &&
        (wanted === undefined || of.text(row).toLowerCase().includes(wanted)) &&
        (after === undefined || of.key(row) > after),
    )
    .toSorted((a, b) => (of.key(a) < of.key(b) ? -1 : 1))
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  const more = found.length - rows.length
  const isAll = more === 0 || last === undefined
  return { rows, rest: isAll ? '' : `… and ${count(more, 'more', 'more')}: --after ${of.key(last)}\n` }
}
