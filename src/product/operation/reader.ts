/** Small readers of JSON from another process: each gives the value it promises, or says what it expected and where. */

import { OperationError } from './operation-error.ts'

/** `at` is the place for people, such as `change: filter.states[2]`. @throws {OperationError} `invalid` */
export type Reader<T> = (value: unknown, at: string) => T

type Optional<T> = { readonly optional: Reader<T> }

/** One reader for each property; those that may be absent are marked, as in the type. */
export type Fields<T> = {
  readonly [K in keyof T]-?: object extends Pick<T, K> ? Optional<Exclude<T[K], undefined>> : Reader<T[K]>
}

export function optional<T>(reader: Reader<T>): Optional<T> {
  return { optional: reader }
}

/** An object with these properties and no others; nothing at all is an object without any. */
export function record<T extends object>(fields: Fields<T>): Reader<T> {
  const readers = new Map<string, Reader<unknown> | Optional<unknown>>(Object.entries(fields))
  return (value, at) => {
    const given = objectOf(value ?? {}, at)
    const unknown = Object.keys(given).find((name) => !readers.has(name))
    if (unknown !== undefined) throw expected(`nothing named ${JSON.stringify(unknown.slice(0, 40))}`, at)
    const entries = [...readers].flatMap(([name, reader]) => {
      const is = given[name]
      const place = at.endsWith(': ') ? `${at}${name}` : `${at}.${name}`
      if (typeof reader === 'function') return [[name, reader(is, place)] as const]
      return is === undefined || is === null ? [] : [[name, reader.optional(is, place)] as const]
    })
    return Object.fromEntries(entries) as T
  }
}

function objectOf(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw expected('an object', at)
  return value as Record<string, unknown>
}

/** One line: no control characters, at most `limit` characters. */
export function line(limit: number): Reader<string> {
  return (value, at) => {
    if (typeof value === 'string' && value.length <= limit && !/\p{Cc}/u.test(value)) return value
    throw expected(`text of one line, ${limit} characters at most`, at)
  }
}

export function base64(value: unknown, at: string): string {
  if (typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value)) return value
  throw expected('base64', at)
}

export function flag(value: unknown, at: string): boolean {
  if (typeof value === 'boolean') return value
  throw expected('true or false', at)
}

/** A whole number between `min` and `max`, both included. */
export function whole(min: number, max: number): Reader<number> {
  return (value, at) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    throw expected(`a whole number from ${min} to ${max}`, at)
  }
}

export function choice<const T extends string>(of: readonly T[]): Reader<T> {
  return (value, at) => {
    const found = of.find((one) => one === value)
    if (found === undefined) throw expected(`one of ${of.join(', ')}`, at)
    return found
  }
}

export function list<T>(
  reader: Reader<T>,
  { min, max }: { readonly min: number; readonly max: number },
): Reader<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value) || value.length < min || value.length > max)
      throw expected(`a list of ${min} to ${max}`, at)
    return value.map((one: unknown, i) => reader(one, `${at}[${i}]`))
  }
}

/** What `parse` makes of a line of text; `what` says what it must be. */
export function parsed<T>(what: string, parse: (text: string) => T | undefined): Reader<T> {
  const text = line(1_000)
  return (value, at) => {
    const found = typeof value === 'string' ? parse(text(value, at)) : undefined
    if (found === undefined) throw expected(what, at)
    return found
  }
}

export function expected(what: string, at: string): OperationError {
  return new OperationError('invalid', `${at.replace(/: $/, '')}: expected ${what}`)
}
