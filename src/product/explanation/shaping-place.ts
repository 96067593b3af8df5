/** Who says that something is held back, in the spelling of files and commands: the same in every language. */

import type { Origin } from '#engine/rule'
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

/** How a file would say another value: `[provider.google] shared.connections = …`. */
export function ruleLine({ key, provider }: Pick<Limit, 'key' | 'provider'>, { layer }: Origin): string {
  return `[${tableOf(layer)}] ${provider === undefined ? key : `shared.${key}`} = …`
}

/** `provider google from ip-3` is `provider.google.source.ip-3`. */
function tableOf(layer: string): string {
  const [, kind = layer, name, source] = /^(\S+) (\S+)(?: from (\S+))?$/.exec(layer) ?? []
  return [
    kind,
    ...(name === undefined ? [] : [bare(name)]),
    ...(source === undefined ? [] : ['source', bare(source)]),
  ].join('.')
}

function bare(name: string): string {
  return /^[\w-]+$/.test(name) ? name : `"${name}"`
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
