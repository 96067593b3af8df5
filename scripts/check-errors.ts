/** Compares the error classes of src/ and their codes with docs/errors.md, both ways. */

import type { Tree } from './tree.ts'
import { production, rowsOf } from './tree.ts'

const INDEX = 'docs/errors.md'

export function checkErrors(tree: Tree): string[] {
  const listed = new Set(rowsOf(tree.get(INDEX) ?? '').map(([name, code]) => `${name} ${code}`))
  const thrown = new Map(
    [...production(tree)].flatMap(([path, text]) => errorsOf(text).map((error) => [error, path] as const)),
  )
  const unlisted = [...thrown].filter(([error]) => !listed.has(error))
  const gone = [...listed].filter((error) => !thrown.has(error))
  return [
    ...unlisted.map(([error, path]) => `${path}: ${error} is not in ${INDEX}`),
    ...gone.map((error) => `${INDEX}: no code declares ${error}`),
  ]
}

/** `SpoolError full` for each code of each class; `–` for a class without codes. */
function errorsOf(text: string): string[] {
  return [...text.matchAll(/\bclass (\w+) extends \w*Error\b[^]*?\n\}/g)].flatMap(([body, name]) => {
    const type = /\breadonly code: ([^\n]+(?:\n\s+\|[^\n]+)*)/.exec(body)?.[1]
    if (type === undefined) return [`${name} –`]
    return codesOf(type, text).map((code) => `${name} ${code}`)
  })
}

/** Reads a union of literals, the alias that stands for one in the same file, or the keys of a constant table there. */
function codesOf(type: string, text: string): string[] {
  const table = /\bkeyof typeof (\w+)/.exec(type)?.[1]
  if (table !== undefined) return keysOf(table, text).filter((key) => !type.includes(`'${key}'`))
  const alias = /^\w+/.exec(type)?.[0]
  const union =
    alias === undefined ? type : (new RegExp(`\\btype ${alias} =([^]*?)\\n\\n`).exec(text)?.[1] ?? '')
  return [...union.matchAll(/'([^']+)'/g)].map(([, code]) => code!)
}

function keysOf(table: string, text: string): string[] {
  const body = new RegExp(`\\bconst ${table} = \\{([^]*?)\\n\\}`).exec(text)?.[1] ?? ''
  return [...body.matchAll(/^ {2}(\w+):/gm)].map(([, key]) => key!)
}
