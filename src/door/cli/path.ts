/** Why a path carries no more than it does, in words. */

import type { PathState } from '#engine/egress'
import type { QueueRow } from '#product/operation'

import { due } from './print.ts'
import { cut } from './text.ts'

/** One text for each path that something holds back; none when nothing does. */
export function heldBackBy({ paths }: Pick<QueueRow, 'paths'>, now: number): readonly string[] {
  return (paths ?? []).map((path) => reason(path, now)).filter((text) => text !== '')
}

function reason({ source, hold }: PathState, now: number): string {
  switch (hold.at) {
    case 'open':
      return ''
    case 'connecting':
      return `${source}: connecting`
    case 'full':
      return hold.limit === 'all'
        ? `all ${hold.connections} connections of the node are in use`
        : `${source}: all ${hold.connections} connections are in use`
    case 'refused-more':
      return `${source}: the site takes no more than ${hold.connections} connections, asked again ${due(hold.until, now)}: ${cut(hold.attempt.text, 60)}`
    case 'paced':
      return `${source}: ${hold.perSecond} messages a second, next ${due(hold.until, now)}`
    case 'down':
      return `${source}: down, next try ${due(hold.until, now)}: ${cut(hold.attempt.text, 60)}`
    case 'closing':
      return `${source}: closing`
  }
}
