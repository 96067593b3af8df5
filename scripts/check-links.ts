/** Follows the relative links of the documents, to files and to headings. */

import { existsSync } from 'node:fs'
import { posix } from 'node:path'

import type { Tree } from './tree.ts'

export function checkLinks(tree: Tree, exists: (path: string) => boolean = existsSync): string[] {
  const documents = [...tree].filter(([path]) => path.endsWith('.md'))
  return documents.flatMap(([path, text]) => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => decodeURI(link!))
    return links.filter((link) => !/^[a-z]+:/.test(link)).flatMap((link) => follow(link, path, tree, exists))
  })
}

function follow(link: string, path: string, tree: Tree, exists: (path: string) => boolean): string[] {
  const [file = '', heading] = link.split('#')
  const to = file === '' ? path : posix.join(posix.dirname(path), file)
  const text = tree.get(to)
  if (text === undefined && !exists(to)) return [`${path}: ${link} leads nowhere`]
  const isThere = heading === undefined || anchors(text ?? '').has(heading)
  return isThere ? [] : [`${path}: ${link}: there is no such heading`]
}

/** As GitHub makes them: lower case, punctuation dropped, spaces to hyphens. */
function anchors(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\- ]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
