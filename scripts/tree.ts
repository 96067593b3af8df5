/** The files that the document checks read: the real tree, or one made up in a test. */

import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'

/** Path from the project's root, with `/`, to text. */
export type Tree = ReadonlyMap<string, string>

/** Reads the sources and documents once, for all checks. */
export function readTree(): Tree {
  const paths = globSync([
    'src/**/*.{ts,txt}',
    'docs/**/*.md',
    '*.md',
    '{scripts,bench,test,examples}/**/*.md',
  ])
  return new Map(paths.toSorted().map((path) => [path.replaceAll('\\', '/'), readFileSync(path, 'utf8')]))
}

/** All code but tests and the contracts that tests share. */
export function code(tree: Tree): Map<string, string> {
  return new Map(
    [...tree].filter(([path]) => /^src\/.*\.ts$/.test(path) && !/\.(?:test|contract)\.ts$/.test(path)),
  )
}

const IMPORTS = [
  /^import\s[^'";=()]*?\bfrom '([^']+)'/gm,
  /^export\s+(?:type\s+)?(?:\{[^}]*\}|\*(?:\s+as\s+\w+)?)\s+from '([^']+)'/gm,
  /^import '([^']+)'/gm,
  /\bimport\('([^']+)'\)/g,
]
/** A thread's file; unlike an import it may be named without `./`. */
const THREAD = /\bnew URL\('([^':]+\.ts)', import\.meta\.url\)/g

/** What a file imports, at once or later, in this thread or as another one. */
export function importsOf(text: string): string[] {
  const threads = [...text.matchAll(THREAD)].map(([, file]) => (file!.startsWith('.') ? file! : `./${file}`))
  return [...IMPORTS.flatMap((pattern) => [...text.matchAll(pattern)].map(([, spec]) => spec!)), ...threads]
}

/** The code that a front door or a file of main leads to: the rest is support for tests, and knip looks after it. */
export function production(tree: Tree): Map<string, string> {
  const files = code(tree)
  const reached = [...files.keys()].filter(
    (file) => file.endsWith('/index.ts') || /^src\/main\/[^/]+$/.test(file),
  )
  for (const file of reached) {
    const near = importsOf(files.get(file)!).filter((spec) => spec.startsWith('.'))
    const next = near.map((spec) => posix.join(posix.dirname(file), spec))
    reached.push(...next.filter((other) => files.has(other) && !reached.includes(other)))
  }
  return new Map(reached.map((file) => [file, files.get(file)!]))
}

/** The rows of the tables of a document, as cells without their backquotes; header and ruler rows are left out. */
export function rowsOf(text: string): string[][] {
  const lines = text.split('\n').filter((line) => line.startsWith('|'))
  return lines.filter((line, i) => !isRuler(line) && !isRuler(lines[i + 1])).map(cellsOf)
}

function isRuler(line: string | undefined): boolean {
  return line !== undefined && /^\|[ :|-]+\|$/.test(line)
}

function cellsOf(line: string): string[] {
  // A `\|` inside a cell is a character of it.
  const cells = line.split(/(?<!\\)\|/).slice(1, -1)
  return cells.map((text) => text.replaceAll('\\|', '|').replaceAll('`', '').trim())
}

export function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
