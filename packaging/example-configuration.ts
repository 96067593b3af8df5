/** `hikyaku.toml` as the package brings it, made from the schema: every line that is a comment shows a default or an example. */

import { stringify } from 'smol-toml'

import { SCHEMA, written } from '#platform/config'
import type { Key, Nodes } from '#platform/config'

export type Choice = {
  /** Paths as in TOML, such as `node.name`; absent: all. Listeners, sources and routes have no path of one's own. */
  readonly only?: ReadonlySet<string>
  /** What is set rather than shown, by path. */
  readonly set: ReadonlyMap<string, unknown>
}

/** Longest line of a comment. */
const WIDTH = 100

/** Shown for keys that have neither a default that can be written down nor an example, by type. */
const SAMPLE: ReadonlyMap<string, string> = new Map([
  ['host name', 'mail.example.com'],
  ['mail address', 'postmaster@example.com'],
  ['text', '…'],
])

/** The tables of the configuration. Without its comments it gives the defaults and what is in `set`. */
export function exampleConfiguration(choice: Choice): string {
  return tables(SCHEMA.keys, '', choice)
}

function tables(nodes: Nodes, above: string, choice: Choice): string {
  return Object.entries(nodes)
    .map(([inCode, node]) => {
      if (node.node === 'key') return ''
      const path = above + written(inCode)
      if (node.node === 'table') return table(path, node.is, node.keys, choice)
      if (choice.only !== undefined) return ''
      // A live header would make a row or a listener of it.
      if (node.node === 'rows') return block(node.is, [`#[[${path}]]`, ...keys(node.keys, path, choice)])
      return namedTables(path, node, choice)
    })
    .join('')
}

function table(path: string, is: string, nodes: Nodes, choice: Choice): string {
  const own = keys(nodes, path, choice)
  const inside = tables(nodes, `${path}.`, choice)
  return own.length === 0 ? inside : block(is, [`[${path}]`, ...own]) + inside
}

type NamedTables = {
  readonly is: string
  readonly keys: Nodes
  readonly initial: { readonly [name: string]: { readonly [key: string]: unknown } }
}

/** What there is by default: the first with every key, the others with what makes them different. */
function namedTables(path: string, { is, keys: nodes, initial }: NamedTables, choice: Choice): string {
  // A table of which there is none at first is shown under a name of no meaning.
  const [first = 'example', ...others] = Object.keys(initial)
  const whole = block(is, [`#[${path}.${first}]`, ...keys(nodes, `${path}.${first}`, choice)])
  const rest = others.map((name) => {
    const lines = Object.entries(initial[name] ?? {}).map(([key, value]) => `#${line(written(key), value)}`)
    return `\n#[${path}.${name}]\n${lines.join('\n')}\n`
  })
  return whole + tables(nodes, `${path}.${first}.`, choice) + rest.join('')
}

function keys(nodes: Nodes, path: string, { only, set }: Choice): string[] {
  return Object.entries(nodes).flatMap(([inCode, node]) => {
    const name = written(inCode)
    const at = `${path}.${name}`
    if (node.node !== 'key' || only?.has(at) === false) return []
    const value = set.get(at)
    const shown = value === undefined ? `#${line(name, shownOf(node))}` : line(name, value)
    return ['', comment(about(name, node)), shown]
  })
}

function shownOf({ type, initial, defaultIs, example }: Key<unknown>): unknown {
  const fixed = defaultIs === undefined ? initial : undefined
  return fixed ?? example ?? SAMPLE.get(type) ?? ''
}

function about(name: string, { is, defaultIs, initial, example, secret }: Key<unknown>): string {
  const words = [is.replaceAll('`', '')]
  if (defaultIs !== undefined) words.push(`Default: ${defaultIs.replaceAll('`', '')}.`)
  else if (initial !== undefined && example !== undefined)
    words.push(`For example ${line('', example).slice(3)}.`)
  if (secret) words.push(`Or ${name}_file: a file that holds it.`)
  return words.join(' ')
}

function line(name: string, value: unknown): string {
  return stringify({ value })
    .trim()
    .replace(/^value/, name)
}

function block(is: string, lines: readonly string[]): string {
  return `\n${comment(is.replaceAll('`', ''))}\n${lines.join('\n')}\n`
}

function comment(text: string): string {
  const lines = ['#']
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '#'
    if (last.length + 1 + word.length > WIDTH) lines.push(`# ${word}`)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines.join('\n')
}
