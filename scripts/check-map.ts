/** Compares the imports of src/ with the table in docs/architecture.md, both ways; `--write` brings the table up to date. */

import { posix } from 'node:path'

import type { Tree } from './tree.ts'
import { code, importsOf, production, rowsOf } from './tree.ts'

const FLOORS = ['grammar', 'platform', 'engine', 'product', 'door', 'main']
const MAP = 'docs/architecture.md'
const NOTHING = '–'

type Row = {
  readonly inside: ReadonlySet<string>
  readonly outside: ReadonlySet<string>
  readonly what: string
}
type Import = { readonly file: string; readonly from: string; readonly spec: string }

export function checkMap(tree: Tree): string[] {
  const map = readMap(tree)
  const imports = readImports(tree)
  const rooms = new Set(imports.rooms.map(roomOf))
  const unlisted = [...rooms].filter((room) => !map.has(room)).map((room) => `src/${room} is not on the map`)
  const empty = [...map.keys()]
    .filter((room) => !rooms.has(room))
    .map((room) => `map: there is no src/${room}`)
  const unexplained = [...map].filter(([, { what }]) => what === '').map(([room]) => `map: what is ${room}?`)
  return [
    ...unlisted,
    ...empty,
    ...unexplained,
    ...arrows(map, imports.found),
    ...upward(map),
    ...impure(tree),
  ]
}

function arrows(map: ReadonlyMap<string, Row>, imports: readonly Import[]): string[] {
  const problems: string[] = []
  const used = new Set<string>()
  for (const { file, from, spec } of imports) {
    const row = map.get(from)
    const within = target(file, spec)
    if (within !== undefined && within !== from)
      problems.push(`${file}: reaches into src/${within}; import '#${within}'`)
    if (within !== undefined || row === undefined) continue
    const isInside = spec.startsWith('#')
    const to = isInside ? spec.slice(1) : packageOf(spec)
    used.add(`${from} → ${to}`)
    const allowed = isInside ? row.inside : row.outside
    if (!allowed.has(to)) problems.push(`${file}: the map does not let ${from} import ${to}`)
  }
  for (const [from, { inside, outside }] of map) {
    const unused = [...inside, ...outside].filter((to) => !used.has(`${from} → ${to}`))
    problems.push(...unused.map((to) => `map: ${from} → ${to} is listed but not used`))
  }
  return problems
}

/** What a grammar must not do: wait, look at a clock, throw dice, or touch the world. */
const IMPURE =
  /\bawait\b|\bDate\.now\(|\bperformance\.|\bMath\.random\(|\bset(?:Timeout|Interval|Immediate)\(|\bprocess\./
const WORLD = /^node:(?!buffer$|crypto$|net$|url$|util$)/

function impure(tree: Tree): string[] {
  const grammar = [...production(tree)].filter(([file]) => file.startsWith('src/grammar/'))
  return grammar.flatMap(([file, text]) => {
    const lines = text.split('\n').filter((line) => !/^\s*(?:\*|\/[/*])/.test(line))
    const found = lines.flatMap((line) => IMPURE.exec(line)?.[0] ?? [])
    return [...found, ...importsOf(text).filter((spec) => WORLD.test(spec))].map(
      (what) => `${file}: a grammar is pure; it has ${what}`,
    )
  })
}

/** Rows are listed lowest first, so a cycle or an upward arrow is an import of a later row. */
function upward(map: ReadonlyMap<string, Row>): string[] {
  const order = [...map.keys()]
  const floors = order.map(floorOf)
  const problems = order
    .filter((_, i) => i > 0 && FLOORS.indexOf(floors[i]!) < FLOORS.indexOf(floors[i - 1]!))
    .map((room) => `map: ${room} stands above a higher floor`)
  for (const [i, from] of order.entries()) {
    for (const to of map.get(from)!.inside) {
      const isDoor = floors[i] === 'door' && floorOf(to) === 'door'
      if (isDoor) problems.push(`map: ${from} → ${to}: doors do not import each other`)
      else if (order.indexOf(to) >= i || !map.has(to)) problems.push(`map: ${from} → ${to} points upward`)
    }
  }
  return problems
}

/** The document with its table made anew from the imports; what people wrote about a room is kept. */
export function writeMap(tree: Tree): string {
  const old = readMap(tree)
  const { rooms, found } = readImports(tree)
  const all = [...new Set(rooms.map(roomOf))]
  const insideOf = (room: string): string[] =>
    targets(found, room, (spec) => spec.startsWith('#')).map((to) => to.slice(1))
  const lines = sorted(all, [...old.keys()], insideOf).map((room) => {
    const outside = targets(found, room, (spec) => !spec.startsWith('#') && !spec.startsWith('.')).map(
      packageOf,
    )
    return `| \`${room}\` | ${list(insideOf(room))} | ${list(outside)} | ${old.get(room)?.what ?? ''} |`
  })
  const text = tree.get(MAP) ?? ''
  const ruler = /^\| room \|.*\n\| --- .*\n/m.exec(text)
  if (ruler === null) throw new Error(`${MAP} has no table that begins with | room |`)
  const start = ruler.index + ruler[0].length
  const rest = text.slice(start).replace(/^(?:\|.*\n)*/, '')
  return text.slice(0, start) + lines.map((line) => `${line}\n`).join('') + rest
}

/** By floor; within a floor below what imports it; otherwise where it stood. */
function sorted(
  rooms: readonly string[],
  before: readonly string[],
  insideOf: (room: string) => string[],
): string[] {
  const rank = (room: string): number => (before.includes(room) ? before.indexOf(room) : before.length)
  const waiting = rooms.toSorted((a, b) => byFloor(a, b) || rank(a) - rank(b) || a.localeCompare(b))
  const done: string[] = []
  while (waiting.length > 0) {
    const ready = waiting.findIndex((room) =>
      insideOf(room).every((to) => !waiting.includes(to) || to === room),
    )
    // Nothing is ready in a cycle: any order will do, since the check refuses all of them.
    done.push(...waiting.splice(Math.max(ready, 0), 1))
  }
  return done.toSorted((a, b) => byFloor(a, b))
}

function byFloor(a: string, b: string): number {
  return FLOORS.indexOf(floorOf(a)) - FLOORS.indexOf(floorOf(b))
}

function targets(imports: readonly Import[], room: string, wanted: (spec: string) => boolean): string[] {
  return imports.filter(({ from, spec }) => from === room && wanted(spec)).map(({ spec }) => spec)
}

function list(rooms: readonly string[]): string {
  return rooms.length === 0 ? NOTHING : [...new Set(rooms)].toSorted().join(', ')
}

function readMap(tree: Tree): Map<string, Row> {
  const rows = rowsOf(tree.get(MAP) ?? '').filter((row) => row.length === 4)
  return new Map(
    rows.map(([room, inside, outside, what]) => [
      room!,
      { inside: names(inside!), outside: names(outside!), what: what! },
    ]),
  )
}

function names(text: string): Set<string> {
  return new Set(
    text
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && name !== NOTHING),
  )
}

function readImports(tree: Tree): { rooms: string[]; found: Import[] } {
  const found = [...production(tree)].flatMap(([file, text]) =>
    importsOf(text).map((spec) => ({ file, from: roomOf(file), spec })),
  )
  return { rooms: [...code(tree).keys()], found }
}

/** The room that a relative import leads to; `undefined` for one by name. */
function target(file: string, spec: string): string | undefined {
  return spec.startsWith('.') ? roomOf(posix.join(posix.dirname(file), spec)) : undefined
}

/** `src/engine/spool/x.ts` is of `engine/spool`; a file that lies directly on a floor is of the floor. */
function roomOf(file: string): string {
  const [, floor = '', ...rest] = file.split('/')
  return rest.length > 1 ? `${floor}/${rest[0]}` : floor
}

function floorOf(room: string): string {
  return room.split('/')[0] ?? ''
}

/** `kysely/helpers` is `kysely`, `@peculiar/x509` is itself, and so is `node:fs/promises`. */
function packageOf(spec: string): string {
  if (spec.startsWith('node:')) return spec
  return spec
    .split('/')
    .slice(0, spec.startsWith('@') ? 2 : 1)
    .join('/')
}
