/** What an error of `pg` means for the spool. SQLSTATE: PostgreSQL documentation, appendix A */

import { StoreError } from '#platform/store'

import { SpoolError } from './spool.ts'

const DISK_FULL = '53100'
const READ_ONLY = '25006'
const CORRUPTED = new Set(['XX001', 'XX002'])

/**
 * By class: connection exception, transaction rollback, insufficient resources, operator intervention, system error.
 * None of them says that the data is wrong, and all of them may pass.
 */
const PASSING = new Set(['08', '40', '53', '57', '58'])

/** Errors that are the statement's own fault come back as they are. */
export function spoolErrorOf(error: unknown): unknown {
  if (error instanceof SpoolError) return error
  if (error instanceof StoreError) return new SpoolError('broken', error.message, { cause: error })
  if (!(error instanceof Error)) return error
  const text = `PostgreSQL: ${error.message}`
  const state = sqlState(error)
  // Without a state it did not come from the server: there was no server, or no more of it.
  if (state === undefined) return new SpoolError('unreachable', text, { cause: error })
  if (state === DISK_FULL) return new SpoolError('full', text, { cause: error })
  if (CORRUPTED.has(state)) return new SpoolError('broken', text, { cause: error })
  // A server that became a standby: the driver will be led to the new primary, or the operator will lead it.
  if (state === READ_ONLY || PASSING.has(state.slice(0, 2))) {
    return new SpoolError('unreachable', text, { cause: error })
  }
  return error
}

function sqlState(error: Error): string | undefined {
  if (!('code' in error) || typeof error.code !== 'string') return undefined
  // Node's own codes (ECONNRESET, ERR_…) are never five characters of digits and capitals that begin so.
  return 'severity' in error ? error.code : undefined
}
