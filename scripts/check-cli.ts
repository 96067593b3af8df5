/** Holds docs/cli.md to the program: the part between the marks is made of its own help. */

import { manual } from '#door/cli'
import type { Manual, ManualRow } from '#door/cli'

import { between } from './generated.ts'
import type { Tree } from './tree.ts'
import { cell } from './tree.ts'

const DOCUMENT = 'docs/cli.md'

export function checkCli(tree: Tree): string[] {
  const isCurrent = writeCli(tree) === tree.get(DOCUMENT)
  return isCurrent
    ? []
    : [`${DOCUMENT}: differs from the program's help; npm run documents -- --write brings it up to date`]
}

/** The document with its commands made anew. */
export function writeCli(tree: Tree): string {
  const [program, ...commands] = manual()
  if (program === undefined) throw new Error('there is no program')
  const all = [table(program.rows), ...commands.map(section)].join('')
  return between(DOCUMENT, tree.get(DOCUMENT) ?? '', all)
}

function section({ name, usage, is, rows, examples }: Manual): string {
  const lines = examples.map((line) => `${line}\n`).join('')
  return `\n## \`${name}\`\n\n${sentence(is)}\n\n    ${usage}\n${rows.length === 0 ? '' : `\n${table(rows)}`}\n\`\`\`sh\n${lines}\`\`\`\n`
}

function table(rows: readonly ManualRow[]): string {
  const body = rows.map(({ written, is, default: initial }) => {
    const otherwise = initial === undefined || initial === '' ? '' : ` Default: \`${initial}\`.`
    return `| \`${cell(written)}\` | ${cell(sentence(is) + otherwise)} |\n`
  })
  return `| option | what it is |\n| --- | --- |\n${body.join('')}`
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.)]$/.test(text) ? '' : '.'}`
}
