/** Compares the RFCs cited in src/ with the table in docs/rfc.md, both ways, and holds citations to one form. */

import type { Tree } from './tree.ts'
import { rowsOf } from './tree.ts'

const INDEX = 'docs/rfc.md'
const CITATION = /\bRFC (\d+)\b/g
/** What a search for `RFC 5321 §4.2` would miss. `RFC822` is also a word of the protocol. */
const MISSPELT = /\bRFC-?(?!822\b)\d{3,}|\bRFC \d+,? (?:[Ss]ection|[Ss]ec\.|§ )/

export function checkRfc(tree: Tree): string[] {
  const listed = new Map(rowsOf(tree.get(INDEX) ?? '').map(([rfc, done]) => [rfc!, done!]))
  const cited = new Map<string, string>()
  const problems: string[] = []
  for (const [place, line] of lines(tree)) {
    if (MISSPELT.test(line)) problems.push(`${place}: cite as RFC 5321 §4.2`)
    for (const [, rfc] of line.matchAll(CITATION)) {
      if (!listed.has(rfc!) && !cited.has(rfc!)) problems.push(`${place}: RFC ${rfc} is not in ${INDEX}`)
      if (!cited.has(rfc!)) cited.set(rfc!, place)
    }
  }
  return [...problems, ...[...listed].flatMap(([rfc, done]) => disagreement(rfc, done, cited.get(rfc)))]
}

function disagreement(rfc: string, done: string, citedAt: string | undefined): string[] {
  if (!['yes', 'partly', 'no'].includes(done))
    return [`${INDEX}: RFC ${rfc} is ${done}, not yes, partly or no`]
  if (done !== 'no' && citedAt === undefined)
    return [`${INDEX}: RFC ${rfc} is marked ${done}, but no line cites it`]
  if (done === 'no' && citedAt !== undefined)
    return [`${INDEX}: RFC ${rfc} is marked no, but ${citedAt} cites it`]
  return []
}

function* lines(tree: Tree): Generator<[place: string, line: string]> {
  for (const [path, text] of tree) {
    if (!path.startsWith('src/') || !text.includes('RFC')) continue
    for (const [i, line] of text.split('\n').entries()) yield [`${path}:${i + 1}`, line]
  }
}
