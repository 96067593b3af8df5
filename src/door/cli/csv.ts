/**
 * Rows for spreadsheets and programs: comma-separated, a header line, whole values. RFC 4180 §2, but for the
 * ends of lines, which are those of every other command here: awk and cut would take a CR for part of the last value.
 */

import { harmless } from './text.ts'

export type Field<T> = readonly [name: string, value: (row: T) => string | number | boolean | undefined]

export function csv<T>(rows: readonly T[], fields: readonly Field<T>[]): string {
  return `${csvHeader(fields)}${csvLines(rows, fields)}`
}

export function csvHeader<T>(fields: readonly Field<T>[]): string {
  return `${fields.map(([name]) => name).join(',')}\n`
}

/** Below a header that was written before. */
export function csvLines<T>(rows: readonly T[], fields: readonly Field<T>[]): string {
  return rows.map((row) => `${fields.map(([, value]) => cellOf(value(row))).join(',')}\n`).join('')
}

/** What is absent is an empty cell; times are ISO 8601. */
export function isoTime(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString()
}

function cellOf(value: string | number | boolean | undefined): string {
  if (typeof value !== 'string') return value === undefined ? '' : String(value)
  // A spreadsheet computes what begins so, and strangers write subjects, addresses and replies.
  const plain = harmless(value)
  const text = /^[=+\-@ ]/.test(plain) ? `'${plain}` : plain
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
