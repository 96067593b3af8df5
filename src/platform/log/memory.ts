/** A log that tests can read. */

import { cleanFields } from './clean.ts'
import type { Fields, Log } from './log.ts'

export type LogLine = {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly event: string
  /** As they would be written: cleaned, with those of `with`. */
  readonly fields: Fields
}

export type MemoryLog = Log & { readonly lines: readonly LogLine[] }

/** Logs made by `with` write to the same lines. */
export function memoryLog(): MemoryLog {
  const lines: LogLine[] = []
  return { ...writingTo(lines, {}), lines }
}

function writingTo(lines: LogLine[], context: Fields): Log {
  const write =
    (level: LogLine['level']) =>
    (event: string, fields: Fields = {}): void => {
      lines.push({ level, event, fields: { ...context, ...cleanFields(fields) } })
    }
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    with: (fields) => writingTo(lines, { ...context, ...cleanFields(fields) }),
  }
}
