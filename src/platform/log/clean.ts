/** Makes what strangers said fit for a log: one line, no control characters, no secrets, not longer than need be. */

import type { Fields } from './log.ts'

/** Characters of one text, elements of one list, depth of nesting: beyond it nobody reads. */
const TEXT = 1000
const ELEMENTS = 50
const DEPTH = 4

/**
 * C0 and C1 controls move the cursor of a terminal; U+2028 and U+2029 end lines in some viewers; the bidirectional
 * controls let a text show other words than it holds.
 */
const UNSEEN = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu
const HAS_UNSEEN = new RegExp(UNSEEN.source, 'u')

const SECRET = /passw|secret|token|private_?key|authorization|cookie|stored_?key|server_?key/i
/** Field names come from the code, so that few are ever asked for; the bound is for maps that got here by mistake. */
const isSecret = new Map<string, boolean>()
const NAMES = 1000

/** A copy of `fields` after `event`, as JSON can carry it. */
export function cleanFields(fields: Fields, into: Record<string, unknown> = {}): Record<string, unknown> {
  for (const name in fields) {
    const value = fields[name]
    if (value !== undefined) into[name] = namesSecret(name) ? '[secret]' : clean(value, DEPTH)
  }
  return into
}

/** Control characters removed, cut to 1,000 characters. */
export function cleanText(text: string): string {
  const short = text.length > TEXT ? `${text.slice(0, TEXT)}…` : text
  return HAS_UNSEEN.test(short) ? short.replace(UNSEEN, ' ') : short
}

function clean(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return cleanText(value)
    case 'bigint':
      return value.toString()
    case 'object':
      return value === null ? null : cleanObject(value, depth)
    case 'number':
    case 'boolean':
    case 'undefined':
      return value
    case 'symbol':
    case 'function':
      return `[${typeof value}]`
  }
}

function cleanObject(value: object, depth: number): unknown {
  if (depth === 0) return '[deeper]'
  if (value instanceof Error) return cleanError(value, depth)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} octets]`
  if (Array.isArray(value)) return value.slice(0, ELEMENTS).map((each) => clean(each, depth - 1))
  if (value instanceof Map) return cleanEntries([...value].slice(0, ELEMENTS), depth)
  if (value instanceof Set) return [...value].slice(0, ELEMENTS).map((each) => clean(each, depth - 1))
  return cleanEntries(Object.entries(value).slice(0, ELEMENTS), depth)
}

function cleanEntries(entries: readonly (readonly [unknown, unknown])[], depth: number): unknown {
  const kept = entries.map(([key, inner]) => {
    const name = cleanText(String(key))
    return [name, namesSecret(name) ? '[secret]' : clean(inner, depth - 1)] as const
  })
  return Object.fromEntries(kept)
}

/** With the stack, whose frames stay on their lines as an array. */
function cleanError(error: Error, depth: number): unknown {
  const code: unknown = 'code' in error ? error.code : undefined
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '))
  return {
    name: cleanText(error.name),
    ...(code !== undefined && { code: clean(code, depth - 1) }),
    message: cleanText(error.message),
    stack: frames.slice(0, 10).map((line) => cleanText(line.trim())),
    ...(error.cause !== undefined && { cause: clean(error.cause, depth - 1) }),
  }
}

function namesSecret(name: string): boolean {
  const known = isSecret.get(name)
  if (known !== undefined) return known
  const found = SECRET.test(name)
  if (isSecret.size < NAMES) isSecret.set(name, found)
  return found
}
