/** Holds docs/configuration.md to the schema: the part between the marks is made from it. */

import type { Key, Nodes } from '#platform/config'
import { SCHEMA, written } from '#platform/config'
import { stringify } from 'smol-toml'

import type { Tree } from './tree.ts'
import { cell } from './tree.ts'
import { between } from './generated.ts'

const DOCUMENT = 'docs/configuration.md'

export function checkConfig(tree: Tree): string[] {
  const isCurrent = writeConfig(tree) === tree.get(DOCUMENT)
  return isCurrent
    ? []
    : [`${DOCUMENT}: differs from the schema; npm run documents -- --write brings it up to date`]
}

/** The document with its tables made anew. */
export function writeConfig(tree: Tree): string {
  return between(DOCUMENT, tree.get(DOCUMENT) ?? '', section(SCHEMA.keys, '', '').trimStart())
}

/** The keys of one table, then the tables inside it. */
function section(keys: Nodes, path: string, is: string): string {
  const rows = Object.entries(keys).flatMap(([name, node]) =>
    node.node === 'key' ? [row(written(name), node)] : [],
  )
  const heading = path === '' ? '' : `\n## \`${path}\`\n\n${is}\n`
  const table =
    rows.length === 0
      ? ''
      : `\n| key | type | default | what it is |\n| --- | --- | --- | --- |\n${rows.join('')}`
  const inside = Object.entries(keys).map(([name, node]) => {
    if (node.node === 'key') return ''
    const at = path === '' ? written(name) : `${path.replace(/[[\]]/g, '')}.${written(name)}`
    const shown = { table: `[${at}]`, named: `[${at}.<name>]`, rows: `[[${at}]]` }[node.node]
    return section(node.keys, shown, node.is)
  })
  return heading + table + inside.join('')
}

function row(name: string, key: Key<unknown>): string {
  const example = key.example === undefined ? '' : ` For example \`${toml(key.example)}\`.`
  const orFile = key.secret ? ` Or \`${name}_file\`: a file that holds it.` : ''
  return `| \`${name}\` | ${cell(key.type)} | ${cell(byDefault(key))} | ${cell(key.is + orFile + example)} |\n`
}

function byDefault(key: Key<unknown>): string {
  if (key.defaultIs !== undefined) return key.defaultIs
  if (key.initial !== undefined) return `\`${toml(key.initial)}\``
  return key.optional ? '–' : 'must be given'
}

function toml(value: unknown): string {
  return stringify({ value }).replace('value = ', '').trim()
}
