/** Reads a TOML table by the schema. Goes on after a mistake, so that all of them are told at once. */

import type { Around, Key, Named, Node, Nodes, Rows } from './schema.ts'
import { written } from './schema.ts'
import { closest } from './suggest.ts'

export type RawTable = { [key: string]: unknown }

export type Reading = {
  /** `queue.expire: expected …, found …`, each a line. */
  readonly problems: string[]
  readonly around: Around
  /** The environment variable behind a key path, where there is one. */
  readonly origins: ReadonlyMap<string, string>
  /** Every key path there is, to tell where a misplaced key belongs. */
  readonly paths: readonly string[]
  /** The text of a file that holds a secret. @throws when it cannot be read */
  readonly secret: (file: string) => string
}

export function isTable(raw: unknown): raw is RawTable {
  return typeof raw === 'object' && raw !== null && Object.getPrototypeOf(raw) === Object.prototype
}

/** The values of `keys`, by their names in code. Only complete when no problem was added. */
export function readTable(keys: Nodes, raw: unknown, path: string, reading: Reading): RawTable {
  const from = raw ?? {}
  if (!isTable(from)) {
    reading.problems.push(`${path}: expected a table, ${found(raw)}`)
    return {}
  }
  refuseUnknown(keys, from, path, reading)
  const values: RawTable = {}
  for (const [name, node] of Object.entries(keys)) {
    const value = readNode(node, from, join(path, written(name)), reading)
    if (value !== undefined) values[name] = value
  }
  return values
}

function readNode(node: Node, from: RawTable, path: string, reading: Reading): unknown {
  const raw = from[path.slice(path.lastIndexOf('.') + 1)]
  switch (node.node) {
    case 'key':
      return readKey(node, from, path, reading)
    case 'table':
      return readTable(node.keys, raw, path, reading)
    case 'named':
      return readNamed(node, raw, path, reading)
    case 'rows':
      return readRows(node, raw, path, reading)
  }
}

function readNamed(node: Named, raw: unknown, path: string, reading: Reading): unknown {
  const entries = raw ?? node.initial
  if (isTable(entries)) {
    const each = Object.entries(entries)
    const odd = each.filter(([name]) => !/^[a-z0-9][a-z0-9-]{0,62}$/.test(name))
    for (const [name] of odd)
      reading.problems.push(`${join(path, name)}: a name is made of lower-case letters, digits and hyphens`)
    return each.map(([name, entry]) => {
      const whole: unknown = isTable(entry) ? { ...node.defaults(entry, name), ...entry } : entry
      return { name, ...readTable(node.keys, whole, join(path, name), reading) }
    })
  }
  reading.problems.push(`${path}: expected tables with a name each, such as [${path}.main], ${found(raw)}`)
  return []
}

function readRows(node: Rows, raw: unknown, path: string, reading: Reading): unknown {
  const entries = raw ?? []
  if (Array.isArray(entries)) {
    return entries.map((entry, i) => readTable(node.keys, entry, `${path}[${i + 1}]`, reading))
  }
  reading.problems.push(`${path}: expected tables in order, each under [[${path}]], ${found(raw)}`)
  return []
}

function readKey(key: Key<unknown>, from: RawTable, path: string, reading: Reading): unknown {
  const name = path.slice(path.lastIndexOf('.') + 1)
  const raw = key.secret ? withSecret(from, name, path, reading) : from[name]
  if (raw === undefined) return byDefault(key, path, reading)
  const read = key.parse(raw)
  if (read.ok) return read.value
  const where = reading.origins.get(path) ?? path
  reading.problems.push(`${where}: expected ${read.expected}${key.secret ? '' : `, ${found(raw)}`}`)
}

function byDefault(key: Key<unknown>, path: string, reading: Reading): unknown {
  const { initial } = key
  if (key.optional) return undefined
  if (initial === undefined) {
    reading.problems.push(`${path}: is missing; there is no default`)
    return undefined
  }
  const read = key.parse(typeof initial === 'function' ? initial(reading.around) : initial)
  if (read.ok) return read.value
  reading.problems.push(`${path}: is missing, and its default does not fit: expected ${read.expected}`)
}

function withSecret(from: RawTable, name: string, path: string, reading: Reading): unknown {
  const file = from[`${name}_file`]
  if (file === undefined) return from[name]
  const where = reading.origins.get(`${path}_file`) ?? `${path}_file`
  if (from[name] !== undefined) reading.problems.push(`${where}: give either ${name} or ${name}_file`)
  else if (typeof file !== 'string')
    reading.problems.push(`${where}: expected the name of a file, ${found(file)}`)
  else {
    try {
      return reading.secret(file).trimEnd()
    } catch (error) {
      reading.problems.push(
        `${where}: cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }
  // Something stands there, if not what it should be; without this it would be told missing as well.
  return undefined
}

function refuseUnknown(keys: Nodes, from: RawTable, path: string, reading: Reading): void {
  const names = Object.entries(keys).flatMap(([inCode, node]) => {
    const name = written(inCode)
    return node.node === 'key' && node.secret ? [name, `${name}_file`] : [name]
  })
  for (const name of Object.keys(from).filter((key) => !names.includes(key))) {
    const meant = closest(name, names) ?? reading.paths.find((other) => other.endsWith(`.${name}`))
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`
    reading.problems.push(`${join(path, name)}: there is no such key${hint}`)
  }
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

/** What stands there instead, short enough for one line. */
function found(raw: unknown): string {
  const text =
    typeof raw === 'bigint' || raw instanceof Date ? String(raw) : (JSON.stringify(raw) ?? 'nothing')
  return `found ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`
}
