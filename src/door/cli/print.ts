/** What answers are made of: tables, times, addresses. */

import { formatMailbox, formatPath } from '#grammar/address'
import type { MessageRow } from '#product/operation'

import { harmless, width } from './text.ts'

export type Column<T> = {
  readonly title: string
  readonly right?: boolean
  readonly cell: (row: T) => string
}

/** A table with a header line; an empty one says `nothing`. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[], nothing: string): string {
  if (rows.length === 0) return `${nothing}\n`
  const lines = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ cell }) => harmless(cell(row)))),
  ]
  const widths = columns.map((_, i) => lines.reduce((most, line) => Math.max(most, width(line[i] ?? '')), 0))
  return lines.map((line) => joined(line, columns, widths)).join('')
}

function joined<T>(
  cells: readonly string[],
  columns: readonly Column<T>[],
  widths: readonly number[],
): string {
  const padded = cells.map((cell, i) => {
    const gap = ' '.repeat(Math.max(0, (widths[i] ?? 0) - width(cell)))
    return columns[i]?.right === true ? gap + cell : cell + gap
  })
  return `${padded.join('  ').trimEnd()}\n`
}

/** `1 delivery`, `2 deliveries` */
export function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`
}

/** `2026-11-22 10:21:49Z` */
export function moment(time: number | undefined): string {
  return time === undefined ? '-' : `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')}Z`
}

/** `in 12m00s`, `3h05m ago`, `now` */
export function distance(time: number | undefined, now: number): string {
  if (time === undefined) return '-'
  const seconds = Math.round(Math.abs(time - now) / 1_000)
  if (seconds === 0) return 'now'
  return time > now ? `in ${span(seconds)}` : `${span(seconds)} ago`
}

/** When something is due: what should have happened already happens now. */
export function due(time: number | undefined, now: number): string {
  return time === undefined ? '-' : distance(Math.max(time, now), now)
}

function span(seconds: number): string {
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${pad(seconds % 60)}s`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h${pad(Math.floor((seconds % 3_600) / 60))}m`
  return `${Math.floor(seconds / 86_400)}d${pad(Math.floor((seconds % 86_400) / 3_600))}h`
}

function pad(number: number): string {
  return String(number).padStart(2, '0')
}

export function deliveryName({ delivery }: MessageRow): string {
  return `${delivery.key.message}.${delivery.key.n}`
}

export function sender({ message }: MessageRow): string {
  return formatPath(message.from)
}

export function recipient({ delivery }: MessageRow): string {
  return formatMailbox(delivery.to)
}
