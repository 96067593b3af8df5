/** Holds docs/shaping.md to the keys of rules: the part between the marks is made from them. */

import type { Key, Nodes } from '#platform/config'
import { written } from '#platform/config'
import { LIMITS, PROVIDER, REACTION, SHARED } from '#engine/rule'

import { between } from './generated.ts'
import type { Tree } from './tree.ts'
import { cell } from './tree.ts'

const DOCUMENT = 'docs/shaping.md'

export function checkShaping(tree: Tree): string[] {
  const isCurrent = writeShaping(tree) === tree.get(DOCUMENT)
  return isCurrent
    ? []
    : [`${DOCUMENT}: differs from the keys of rules; npm run documents -- --write brings it up to date`]
}

/** The document with its tables made anew. */
export function writeShaping(tree: Tree): string {
  const sections = [
    section('Limits, in every layer', '', LIMITS, ''),
    section('Of a provider only', '', PROVIDER, ''),
    section('`shared.…`, of a provider and of what one source sends to it', SHARED.is, SHARED.keys, ''),
    section('Reactions, in `reactions.<name>` of every layer', '', REACTION, ''),
  ]
  return between(DOCUMENT, tree.get(DOCUMENT) ?? '', sections.join('\n'))
}

function section(title: string, is: string, keys: Nodes, before: string): string {
  const rows = Object.entries(keys).flatMap(([name, node]) =>
    node.node === 'key' ? [row(before + written(name), node)] : [],
  )
  const inside = Object.entries(keys).flatMap(([name, node]) =>
    node.node === 'table' ? [section(`\`${written(name)}.…\``, node.is, node.keys, '')] : [],
  )
  const table = `| key | type | what it is |\n| --- | --- | --- |\n${rows.join('')}`
  return `### ${title}\n\n${is === '' ? '' : `${is}\n\n`}${table}\n${inside.join('\n')}`
}

function row(name: string, { type, is, example }: Key<unknown>): string {
  const shown = example === undefined ? '' : ` For example \`${JSON.stringify(example)}\`.`
  return `| \`${name}\` | ${cell(type)} | ${cell(is + shown)} |\n`
}
