/** From the texts of rule files to sections. Goes on after a mistake, so that all of them are told at once. */

import { parse, TomlError } from 'smol-toml'

import { closest, domainPattern, isTable, written } from '#platform/config'
import type { Node, Nodes, RawTable } from '#platform/config'

import { ABOUT, ENABLED, LIMITS, PROVIDER, REACTION, SHARED } from './keys.ts'
import { lineAt, linesOf } from './locate.ts'
import type { Lines } from './locate.ts'
import { labelOf } from './section.ts'
import type { Entries, Place, Section, Selector } from './section.ts'

export type RuleFile = {
  /** As the operator knows it. */
  readonly name: string
  readonly text: string
  /** Of the product, or of the operator, whose word goes before. */
  readonly by: 'product' | 'operator'
}

const SECTION: Nodes = { ...ABOUT, ...LIMITS }
const PROVIDER_SECTION: Nodes = { ...SECTION, ...PROVIDER, ...ENABLED, shared: SHARED }
const PROVIDER_SOURCE: Nodes = { ...SECTION, shared: SHARED }
const REACTION_SECTION: Nodes = { ...ABOUT, ...ENABLED, ...REACTION }

const KINDS = ['default', 'provider', 'site', 'domain'] as const

type Target = { readonly into: Entries; readonly before?: string }

export class Reader {
  readonly sections = new Map<string, Section>()
  /** `file:line: key: what is wrong`, each a line. */
  readonly problems: string[] = []
  /** Of which something could not be read: to complain of what is then missing would mislead. */
  readonly incomplete = new WeakSet<Entries>()
  #file: RuleFile = { name: '', text: '', by: 'product' }
  #lines: Lines = new Map()

  read(file: RuleFile): void {
    this.#file = file
    this.#lines = linesOf(file.text)
    const raw = this.#parsed(file)
    for (const [kind, value] of Object.entries(raw)) {
      const known = KINDS.find((one) => one === kind)
      if (known === undefined) this.#unknown([kind], [...KINDS])
      else if (known === 'default') this.#section({ kind: 'default', name: '' }, value, ['default'])
      else this.#named(known, value)
    }
  }

  problem(path: readonly string[], words: string): void {
    const { file, line } = this.#place(path)
    this.problems.push(`${placeText({ file, line })}: ${path.join('.')}: ${words}`)
  }

  #parsed({ name, text }: RuleFile): RawTable {
    try {
      return plain(parse(text)) as RawTable
    } catch (error) {
      if (!(error instanceof TomlError)) throw error
      this.problems.push(`${name}:${error.line}: ${error.message.split('\n', 1)[0] ?? ''}`)
      return {}
    }
  }

  #named(kind: 'provider' | 'site' | 'domain', value: unknown): void {
    if (!isTable(value))
      return this.problem([kind], `expected tables with a name each, such as [${kind}.name]`)
    for (const [said, inside] of Object.entries(value)) {
      const name = canonical(kind, said)
      if (name === undefined) this.problem([kind, said], EXPECTED[kind])
      else this.#section({ kind, name }, inside, [kind, said])
    }
  }

  #section(selector: Selector, raw: unknown, path: readonly string[]): void {
    if (!isTable(raw)) return this.problem(path, 'expected a table')
    const { source, reactions, ...values } = raw
    const section = this.#sectionOf(selector, path)
    this.#entries(nodesOf(selector), values, path, { into: section.entries })
    if (reactions !== undefined) this.#reactions(section, reactions, [...path, 'reactions'])
    if (source === undefined) return
    const isInner = selector.kind === 'default' || selector.source !== undefined
    if (isInner || !isTable(source))
      return this.problem(
        [...path, 'source'],
        isInner ? 'stands below a provider, a site or a domain' : 'expected a table for each source',
      )
    for (const [name, inside] of Object.entries(source))
      this.#section({ ...selector, source: name }, inside, [...path, 'source', name])
  }

  #sectionOf(selector: Selector, path: readonly string[]): Section {
    return this.sections.getOrInsertComputed(labelOf(selector), () => ({
      selector,
      entries: new Map(),
      reactions: new Map(),
      place: this.#place(path),
    }))
  }

  #reactions(section: Section, raw: unknown, path: readonly string[]): void {
    if (!isTable(raw)) return this.problem(path, 'expected tables with a name each')
    for (const [name, inside] of Object.entries(raw)) {
      if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name))
        this.problem([...path, name], 'a name is made of lower-case letters, digits and hyphens')
      else if (!isTable(inside)) this.problem([...path, name], 'expected a table')
      else {
        const entries: Entries = section.reactions.getOrInsertComputed(name, () => new Map())
        // What is there only to say where it stands.
        if (!entries.has('')) entries.set('', { value: this.#file.by, place: this.#place([...path, name]) })
        this.#entries(REACTION_SECTION, inside, [...path, name], { into: entries })
      }
    }
  }

  /** `before` is what the keys of a table inside begin with. */
  #entries(nodes: Nodes, raw: RawTable, path: readonly string[], { into, before = '' }: Target): void {
    const byName = new Map(Object.entries(nodes).map(([name, node]) => [written(name), node]))
    for (const [name, value] of Object.entries(raw)) {
      const node = byName.get(name)
      const at = [...path, name]
      if (node === undefined) {
        this.incomplete.add(into)
        this.#unknown(at, [...byName.keys()])
      } else if (node.node === 'table') {
        if (isTable(value)) this.#entries(node.keys, value, at, { into, before: `${before}${name}.` })
        else this.problem(at, 'expected a table')
      } else this.#entry(node, value, at, { into, key: before + name })
    }
  }

  #entry(
    node: Node,
    value: unknown,
    at: readonly string[],
    { into, key }: { into: Entries; key: string },
  ): void {
    if (node.node !== 'key') return
    const read = node.parse(value)
    if (!read.ok) {
      this.incomplete.add(into)
      return this.problem(at, `expected ${read.expected}, found ${found(value)}`)
    }
    const place = this.#place(at)
    const known = into.get(key)
    // One file may not take back what another of the same side says: nobody would know which holds.
    if (known !== undefined && this.#isSameSide(known.place))
      return this.problem(at, `is said already at ${placeText(known.place)}`)
    into.set(key, { value: read.value, place })
  }

  readonly #sides = new Map<string, RuleFile['by']>()

  #isSameSide({ file = '' }: Place): boolean {
    return this.#sides.get(file) === this.#file.by
  }

  #place(path: readonly string[]): Place {
    const line = lineAt(this.#lines, path)
    this.#sides.set(this.#file.name, this.#file.by)
    return { file: this.#file.name, ...(line === undefined ? {} : { line }) }
  }

  #unknown(path: readonly string[], names: readonly string[]): void {
    const meant = closest(path.at(-1) ?? '', names)
    this.problem(path, `there is no such key${meant === undefined ? '' : `; did you mean ${meant}?`}`)
  }
}

/** `shaping/google.toml:12` */
export function placeText({
  file,
  line,
}: {
  readonly file?: string | undefined
  readonly line?: number | undefined
}): string {
  return `${file ?? ''}${line === undefined ? '' : `:${line}`}`
}

function nodesOf({ kind, source }: Selector): Nodes {
  if (kind !== 'provider') return SECTION
  return source === undefined ? PROVIDER_SECTION : PROVIDER_SOURCE
}

const EXPECTED = {
  provider: 'a name is made of lower-case letters, digits and hyphens',
  site: 'expected the names of its hosts, separated by commas, as "hikyaku queue" shows them',
  domain: 'expected a domain such as "example.com" or "*.example.com"',
} as const

/** Whether something may be called so in a file of rules; names of sites have dots or colons in them. */
export function isProviderName(text: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,62}$/.test(text)
}

/** The one spelling under which it is looked up. */
function canonical(kind: 'provider' | 'site' | 'domain', name: string): string | undefined {
  const lower = name.toLowerCase()
  switch (kind) {
    case 'provider':
      return isProviderName(name) ? name : undefined
    case 'site':
      return /^[^\s\p{Cc}]+$/u.test(name) ? [...new Set(lower.split(','))].toSorted().join(',') : undefined
    case 'domain': {
      const read = domainPattern(lower)
      return read.ok && lower !== '*' ? lower : undefined
    }
  }
}

/** Plain objects all the way down, so that `__proto__` is a key like any other: unknown. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
}

function found(raw: unknown): string {
  const text =
    typeof raw === 'bigint' || raw instanceof Date ? String(raw) : (JSON.stringify(raw) ?? 'nothing')
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
