/** On which line of a TOML file a key stands: the parser does not tell. For people; an odd layout finds nothing. */

/** Lines by the path of table or key, its parts joined by a zero octet. */
export type Lines = ReadonlyMap<string, number>

const HEADER = /^\s*\[{1,2}([^\]]+)\]{1,2}\s*(?:#.*)?$/
const ASSIGNMENT = /^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_.\s-])+?)\s*=/
const PART = /"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)/g

export function linesOf(text: string): Lines {
  const lines = new Map<string, number>()
  let table: readonly string[] = []
  for (const [i, line] of text.split('\n').entries()) {
    const header = HEADER.exec(line)?.[1]
    if (header !== undefined) {
      table = partsOf(header)
      lines.set(pathOf(table), i + 1)
      continue
    }
    const name = ASSIGNMENT.exec(line)?.[1]
    if (name === undefined) continue
    const path = [...table, ...partsOf(name)]
    if (!lines.has(pathOf(path))) lines.set(pathOf(path), i + 1)
  }
  return lines
}

/** Of the key, of what is inside it first, or of the nearest table around it. */
export function lineAt(lines: Lines, path: readonly string[]): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const at = pathOf(path.slice(0, length))
    const line = lines.get(at) ?? [...lines].find(([other]) => other.startsWith(`${at}\0`))?.[1]
    if (line !== undefined) return line
  }
  return undefined
}

function pathOf(parts: readonly string[]): string {
  return parts.join('\0')
}

function partsOf(dotted: string): readonly string[] {
  return Array.from(dotted.matchAll(PART), ([, double, single, bare]) => double ?? single ?? bare ?? '')
}
