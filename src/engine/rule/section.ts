/** What files say of one layer: values by key, each with the place it stands, and reactions by name. */

import type { Pattern, Said } from './reply.ts'

/** Where something is said. */
export type Place = {
  /** As the operator knows it, such as `shaping/google.toml`; absent for a default of the program. */
  readonly file?: string
  readonly line?: number
}

export type Entry = { readonly value: unknown; readonly place: Place }

/** By key as it is written, such as `timeouts.connect`. */
export type Entries = Map<string, Entry>

/** `source` narrows it to what one source sends. */
export type Selector = {
  readonly kind: 'default' | 'provider' | 'site' | 'domain'
  readonly name: string
  readonly source?: string
}

export type Section = {
  readonly selector: Selector
  readonly entries: Entries
  /** Raw, by name, in the order in which they were first named; the operator's before the product's. */
  readonly reactions: Map<string, Entries>
  /** Where it was declared first. */
  readonly place: Place
}

/** `provider google`, `provider google from ip-3`: names a layer for people, and nothing else is called so. */
export function labelOf({ kind, name, source }: Selector): string {
  const base = kind === 'default' ? kind : `${kind} ${name}`
  return source === undefined ? base : `${base} from ${source}`
}

/** One reaction, checked and ready. */
export type Reaction = {
  /** The layer and its name in it: `provider google: unusual-rate`. */
  readonly id: string
  readonly layer: string
  readonly name: string
  readonly place: Place
  readonly pattern: Pattern
  /** Matches it takes within `within` ms; 1 and 0 for at once. */
  readonly times: number
  readonly within: number
  readonly act: Act
  readonly delivery?: 'defer' | 'bounce'
  readonly samples: readonly Said[]
  readonly counterSamples: readonly Said[]
}

/** What it does, with what belongs to it. */
export type Act =
  | { readonly do: 'suspend' | 'one-connection' | 'pause-stream' | 'hold-campaign'; readonly for: number }
  | { readonly do: 'slow'; readonly for: number; readonly share: number; readonly perMinute?: number }
  | { readonly do: 'reroute'; readonly for: number; readonly to: string }
  | { readonly do: 'bounce' | 'suppress' | 'none' }

export type Layer = Section & {
  readonly label: string
  readonly compiled: readonly Reaction[]
}

export type Provider = {
  readonly name: string
  readonly hosts: readonly string[]
  readonly domains: readonly string[]
}

/** Plain data but for the patterns; shared by all who look up. */
export type Ruleset = {
  /** By label. */
  readonly layers: ReadonlyMap<string, Layer>
  /** In the order in which they are asked: the operator's first, then by file. */
  readonly providers: readonly Provider[]
  /** What domain layers are called, those that speak of one source only included. */
  readonly domains: ReadonlySet<string>
}
