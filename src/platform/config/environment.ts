/** `HIKYAKU_QUEUE_EXPIRE=3d` in place of `expire = "3d"` in `[queue]`: every key outside `[[routes]]` has such a name. */

import { isTable } from './read.ts'
import type { RawTable } from './read.ts'
import type { Key, Nodes } from './schema.ts'
import { written } from './schema.ts'
import { closest } from './suggest.ts'

const PREFIX = 'HIKYAKU_'
/** Read by the command line before there is a configuration. */
const OTHERS = ['HIKYAKU_CONFIG']

type Place = {
  readonly key: Key<unknown>
  readonly table: RawTable
  readonly name: string
  readonly path: string
}

/**
 * Writes the variables into `raw` as if they stood in the file. `origins` then names the variable behind a key path.
 * A table of `raw` that is no table is left for the reader to complain of.
 */
export function overlay(
  keys: Nodes,
  raw: RawTable,
  env: Readonly<Record<string, string | undefined>>,
): { readonly origins: ReadonlyMap<string, string>; readonly problems: readonly string[] } {
  const places = new Map(placesIn(keys, raw, '').flatMap(variablesOf))
  const origins = new Map<string, string>()
  const problems: string[] = []
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || OTHERS.includes(variable) || value === undefined) continue
    const place = places.get(variable)
    if (place === undefined) {
      const meant = closest(variable, [...places.keys()])
      problems.push(
        `${variable}: there is no such key${meant === undefined ? '' : `; did you mean ${meant}?`}`,
      )
    } else {
      // A password in the environment replaces a password file in the configuration, and the other way round.
      delete place.table[`${place.name}_file`]
      delete place.table[place.name.replace(/_file$/, '')]
      place.table[place.name] = place.key.fromText(value)
      origins.set(place.path, variable)
    }
  }
  return { origins, problems }
}

function placesIn(keys: Nodes, raw: RawTable, path: string): Place[] {
  return Object.entries(keys).flatMap(([inCode, node]) => {
    const name = written(inCode)
    if (node.node === 'key') return [{ key: node, table: raw, name, path: path + name }]
    if (node.node === 'rows') return []
    if (node.node === 'named') raw[name] ??= structuredClone(node.initial)
    const inside = (raw[name] ??= {})
    if (!isTable(inside)) return []
    if (node.node === 'table') return placesIn(node.keys, inside, `${path}${name}.`)
    const entries = Object.entries(inside)
    return entries.flatMap(([each, entry]) =>
      isTable(entry) ? placesIn(node.keys, entry, `${path}${name}.${each}.`) : [],
    )
  })
}

function variablesOf(place: Place): [variable: string, place: Place][] {
  const variable = PREFIX + place.path.replace(/[.-]/g, '_').toUpperCase()
  if (!place.key.secret) return [[variable, place]]
  const fromFile: Place = {
    ...place,
    key: { ...place.key, fromText: (file) => file },
    name: `${place.name}_file`,
    path: `${place.path}_file`,
  }
  return [
    [variable, place],
    [`${variable}_FILE`, fromFile],
  ]
}
