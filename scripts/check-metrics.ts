/** Holds docs/metrics.md to the declarations in the files metrics.ts: its table is made from them. */

import { globSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

import type { AnyDeclaration } from '#platform/metrics'

import { between } from './generated.ts'
import type { Tree } from './tree.ts'
import { cell } from './tree.ts'

const DOCUMENT = 'docs/metrics.md'

export function checkMetrics(tree: Tree, declared: readonly AnyDeclaration[]): string[] {
  const names = declared.map(({ name }) => name)
  const twice = names.filter((name, i) => names.indexOf(name) !== i)
  const isCurrent = writeMetrics(tree, declared) === tree.get(DOCUMENT)
  return [
    ...twice.map((name) => `${name} is declared twice`),
    ...(isCurrent
      ? []
      : [`${DOCUMENT}: differs from the code; npm run documents -- --write brings it up to date`]),
  ]
}

/** The document with its table made anew. */
export function writeMetrics(tree: Tree, declared: readonly AnyDeclaration[]): string {
  const rows = declared.toSorted((a, b) => a.name.localeCompare(b.name)).map(row)
  const table = `| metric | type | labels | what it is |\n| --- | --- | --- | --- |\n${rows.join('')}`
  return between(DOCUMENT, tree.get(DOCUMENT) ?? '', table)
}

/** Loads every metrics.ts of the house: a declaration is data, so that nothing else happens. */
export async function declaredMetrics(): Promise<AnyDeclaration[]> {
  const files = globSync('src/**/metrics.ts').toSorted()
  const modules = await Promise.all(
    files.map((file) => import(pathToFileURL(resolve(file)).href) as Promise<object>),
  )
  const exported = modules.flatMap((module): unknown[] => Object.values(module))
  return exported
    .filter((value) => typeof value === 'object' && value !== null)
    .flatMap((value) => Object.values(value).filter(isDeclaration))
}

function isDeclaration(value: unknown): value is AnyDeclaration {
  return (
    typeof value === 'object' && value !== null && 'kind' in value && 'help' in value && 'labels' in value
  )
}

function row({ name, kind, labels, help }: AnyDeclaration): string {
  const shown = labels.length === 0 ? '–' : labels.map((label) => `\`${label}\``).join(', ')
  return `| \`${name}\` | ${kind} | ${shown} | ${cell(help)} |\n`
}
