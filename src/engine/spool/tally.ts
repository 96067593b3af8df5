/** What one commit adds to the counts. */

import type { Names } from './count-names.ts'
import { dayOf, hourOf } from './count.ts'
import type { Counted, DailyFacet, Series } from './count.ts'

/** What happened to one recipient. */
export type Happened = {
  readonly kind: Counted
  readonly at: number
  readonly organization: string
  readonly stream: string
  /** Addresses; empty where there is none. */
  readonly sender: string
  readonly recipient: string
  /** JSON of the list. */
  readonly tags: string | null
  /** By which path, if by any; `provider` is the site where no provider is known. */
  readonly source: string
  readonly provider: string
  /** A class; of what was delivered, the bucket of its delay. */
  readonly detail: string
}

/** `series` and hour, and by how much it grew. */
export type Sum = readonly [series: string, hour: number, count: number]

const SEPARATOR = '\0'

/** One string: a map finds it sooner than seven. */
function seriesText(series: Series): string {
  return series.join(SEPARATOR)
}

export function seriesOf(text: string): Series {
  return text.split(SEPARATOR) as unknown as Series
}

type Alike = { readonly first: Happened; readonly hour: number; times: number }

export class Tally {
  readonly #names: Names
  /** Most of a commit is alike: the series of each are looked up once, and not for every recipient. */
  readonly #alike = new Map<string, Alike>()

  constructor(names: Names) {
    this.#names = names
  }

  get isEmpty(): boolean {
    return this.#alike.size === 0
  }

  add(one: Happened): void {
    const { kind, organization, stream, source, provider, detail, tags } = one
    const hour = hourOf(one.at)
    const who = `${organization}\0${stream}\0${domainOf(one.sender)}\0${domainOf(one.recipient)}`
    const key = `${hour}\0${kind}\0${who}\0${source}\0${provider}\0${detail}\0${tags ?? ''}`
    const alike = this.#alike.get(key)
    if (alike === undefined) this.#alike.set(key, { first: one, hour, times: 1 })
    else alike.times += 1
  }

  sums(): readonly Sum[] {
    const sums = new Map<string, { series: string; hour: number; times: number }>()
    const add = (hour: number, series: Series, times: number): void => {
      const text = seriesText(series)
      const sum = sums.getOrInsertComputed(`${hour} ${text}`, () => ({ series: text, hour, times: 0 }))
      sum.times += times
    }
    for (const { first, hour, times } of this.#alike.values())
      for (const [from, series] of this.#seriesOf(first, hour)) add(from, series, times)
    return Array.from(sums.values(), ({ series, hour, times }) => [series, hour, times])
  }

  /** Where it counts, and from which hour. */
  #seriesOf(one: Happened, hour: number): readonly (readonly [hour: number, series: Series])[] {
    const { kind, organization, stream, source, provider, detail } = one
    const names = this.#names
    const site = isSite(provider) ? names.apart('site', hour, organization, provider) : provider
    const day = dayOf(hour)
    const daily = ([facet, name]: readonly [DailyFacet, string]): [number, Series] => {
      const value = names.apart(facet, day, organization, name)
      // Domains are too many for that: a report of a month would read a row for each and each of its delays.
      const why = kind === 'delivered' && facet !== 'tag' ? '' : detail
      return [day, [facet, organization, value, stream, '', kind, why]]
    }
    return [
      [hour, ['stream', organization, '', stream, '', kind, detail]],
      [hour, ['path', organization, site, stream, source, kind, detail]],
      ...facetsOf(one).map(daily),
    ]
  }
}

function facetsOf({ recipient, sender, tags }: Happened): (readonly [DailyFacet, string])[] {
  const facets: (readonly [DailyFacet, string])[] = []
  if (recipient !== '') facets.push(['domain', domainOf(recipient)])
  if (sender !== '') facets.push(['sender', domainOf(sender)])
  if (tags !== null) for (const tag of JSON.parse(tags) as readonly string[]) facets.push(['tag', tag])
  return facets
}

/** The names of providers are those of the shaping rules, of which there are a few; only hosts and addresses have one of these. */
function isSite(provider: string): boolean {
  return provider.includes('.') || provider.includes(':')
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1)
}
