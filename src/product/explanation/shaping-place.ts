/** Who says that something is held back, in the spelling of files and commands: the same in every language. */

import type { Limit, Live } from '#engine/shaping'

/** `provider google, shaping/google.toml:6`; empty for the configuration, whose key is named where it can be changed. */
export function limitPlace(limit: Limit | undefined): string {
  const { origin } = limit ?? {}
  if (origin === undefined || origin.layer === 'configuration') return ''
  return [origin.layer, fileOf(origin)].filter((part) => part !== '').join(', ')
}

export function reactionPlace({ rule, place }: Live): string {
  return placeOf({ rule, place })
}

export function placeOf({ rule, place }: Pick<Live, 'rule' | 'place'>): string {
  return [rule, fileOf(place)].filter((part) => part !== '').join(', ')
}

function fileOf({ file, line }: { readonly file?: string; readonly line?: number }): string {
  if (file === undefined) return ''
  return line === undefined ? file : `${file}:${line}`
}

/** What `messages_per_hour` is counted in. */
export function countedIn(key: string): 'second' | 'minute' | 'hour' | 'day' {
  const unit = key.slice(key.lastIndexOf('_') + 1)
  return unit === 'minute' || unit === 'hour' || unit === 'day' ? unit : 'second'
}
