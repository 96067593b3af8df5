/** Holds docs/bounces.md to the taxonomy: its table is made of it. */

import { BOUNCE_CLASSES, CLASSES } from '#grammar/bounce'
import type { ClassWords } from '#grammar/bounce'

import { between } from './generated.ts'
import type { Tree } from './tree.ts'
import { cell } from './tree.ts'

const DOCUMENT = 'docs/bounces.md'

export function checkBounces(tree: Tree): string[] {
  return writeBounces(tree) === tree.get(DOCUMENT)
    ? []
    : [`${DOCUMENT}: differs from the taxonomy; npm run documents -- --write brings it up to date`]
}

/** The document with its table made anew. */
export function writeBounces(tree: Tree): string {
  const rows = BOUNCE_CLASSES.map((name) => {
    const { type, en, ja } = CLASSES[name]
    return `| \`${name}\` | ${type} | ${words(en, ' ')} | ${words(ja, '')} |\n`
  })
  const table = `| class | type | in English | 日本語 |\n| --- | --- | --- | --- |\n${rows.join('')}`
  return between(DOCUMENT, tree.get(DOCUMENT) ?? '', table)
}

function words({ what, todo }: ClassWords, space: string): string {
  return cell(`${what}${space}${todo}`)
}
