/** What an error of node:sqlite means for the spool. Result codes: https://www.sqlite.org/rescode.html */

import { SpoolError } from './spool.ts'

const BUSY = 5
const NOMEM = 7
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const NOTADB = 26

/** Errors that are not of the store come back as they are. */
export function spoolErrorOf(error: unknown): unknown {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error
  const text = `SQLite: ${error.message}`
  switch (error.errcode & 0xff) {
    case FULL:
      return new SpoolError('full', text, { cause: error })
    // Somebody holds the file: a backup, a shell. Nothing was written.
    case BUSY:
    case NOMEM:
      return new SpoolError('unreachable', text, { cause: error })
    // After an fsync that failed the kernel may report success and have lost the pages: nothing it says counts.
    case IOERR:
    case CORRUPT:
    case NOTADB:
    case CANTOPEN:
    case READONLY:
      return new SpoolError('broken', text, { cause: error })
    default:
      return error
  }
}
