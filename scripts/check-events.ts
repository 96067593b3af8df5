/** Compares the events that the code logs with docs/events.md, both ways, with their levels. */

import type { Tree } from './tree.ts'
import { production, rowsOf } from './tree.ts'

const INDEX = 'docs/events.md'

export function checkEvents(tree: Tree): string[] {
  const listed = new Set(rowsOf(tree.get(INDEX) ?? '').flatMap(([event, levels]) => pairs(event!, levels!)))
  const logged = new Map<string, string>()
  const problems: string[] = []
  for (const [path, text] of production(tree)) {
    for (const [, level, argument] of text.matchAll(/\blog\??\.(debug|info|warn|error)\(\s*([^,)\n]*)/g)) {
      const event = /^'([a-z]+\.[a-z-]+)'$/.exec(argument!.trim())?.[1]
      if (event === undefined)
        problems.push(
          `${path}: log.${level}(${argument}…): the event is not a literal such as 'delivery.bounced'`,
        )
      else logged.set(`${event} (${level})`, path)
    }
  }
  const unlisted = [...logged].filter(([event]) => !listed.has(event))
  const gone = [...listed].filter((event) => !logged.has(event))
  return [
    ...problems,
    ...unlisted.map(([event, path]) => `${path}: ${event} is not in ${INDEX}`),
    ...gone.map((event) => `${INDEX}: no code logs ${event}`),
  ]
}

function pairs(event: string, levels: string): string[] {
  return levels.split(',').map((level) => `${event} (${level.trim()})`)
}
