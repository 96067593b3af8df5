/** Statistics as a file for spreadsheets. RFC 4180 §2, in a charset that Excel recognizes in Japan. */

import Encoding from 'encoding-japanese'

import { COUNTED } from '#engine/spool'

import type { Statistic, StatisticKey } from './statistics.ts'

export const SHEET_CHARSETS = ['utf-8', 'shift_jis'] as const

export type SheetCharset = (typeof SHEET_CHARSETS)[number]

export type SheetOptions = {
  readonly by: readonly StatisticKey[]
  readonly charset: SheetCharset
  /** Minutes east of UTC, in which hours and days are written. */
  readonly zone: number
}

const DELAYS = ['p50', 'p90', 'p99'] as const

export function sheetOf(rows: readonly Statistic[], { by, charset, zone }: SheetOptions): Buffer {
  const header = [...by, ...COUNTED, ...DELAYS.map((name) => `delay_${name}_ms`)]
  const lines = rows.map(({ key, counts, delay }) => [
    ...by.map((name) => cellOf(name, key[name], zone)),
    ...COUNTED.map((kind) => String(counts[kind])),
    ...DELAYS.map((name) => (delay === undefined ? '' : String(delay[name]))),
  ])
  return sheetOctets(SHEET_MARK[charset] + [header, ...lines].map(sheetLine).join(''), charset)
}

/** UTF-8 begins with a byte order mark: without it Excel takes it for the charset of the country. */
export const SHEET_MARK: { readonly [K in SheetCharset]: string } = { 'utf-8': '\u{FEFF}', shift_jis: '' }

export function sheetOctets(text: string, charset: SheetCharset): Buffer {
  if (charset === 'utf-8') return Buffer.from(text)
  const codes = Encoding.stringToCode(text)
  return Buffer.from(Encoding.convert(codes, { to: 'SJIS', from: 'UNICODE', type: 'array' }))
}

/** A line with its end. RFC 4180 §2 */
export function sheetLine(cells: readonly string[]): string {
  return `${cells.map(sheetCell).join(',')}\r\n`
}

function sheetCell(value: string): string {
  const plain = value.replaceAll(/\p{Cc}+/gu, ' ')
  // A spreadsheet computes what begins so, and tags are anybody's words.
  const text = /^[=+\-@ ]/.test(plain) ? `'${plain}` : plain
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function cellOf(name: StatisticKey, value: string | number | undefined, zone: number): string {
  if (typeof value === 'number') {
    const local = new Date(value + zone * 60_000).toISOString()
    return name === 'day' ? local.slice(0, 10) : local.slice(0, 16).replace('T', ' ')
  }
  return value ?? ''
}
