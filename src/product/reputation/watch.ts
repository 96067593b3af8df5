/** What strangers think of the addresses that mail is sent from, looked at now and then. Asks; changes nothing. */

import { isPrivate } from '#platform/address-range'
import type { Dns } from '#platform/dns'
import { leadingBack, lookUp, reverseName, sendingAddresses } from '#product/verification'
import type { SendingAddress, Source } from '#product/verification'

import { blocklisted } from './blocklist.ts'
import type { Listed } from './blocklist.ts'

/** One address of a source, and one list or `ptr`. */
export type Standing = {
  readonly source: string
  readonly address: string
  /** The zone of a list, or `ptr`: whether its name leads back to it. */
  readonly by: string
  readonly state: 'good' | 'bad' | 'unknown'
  /** What was found, in words; empty when there is nothing to say. */
  readonly text: string
  /** Since when it is in this state, as far as this process knows. */
  readonly since: number
  readonly checkedAt: number
}

/** A standing that is another than before. The first look tells only of what is bad. */
export type StandingChange = { readonly standing: Standing; readonly was?: Standing['state'] }

export type WatchOptions = {
  readonly dns: Dns
  readonly sources: readonly Source[]
  readonly blocklists: readonly string[]
  readonly now: () => number
}

export class ReputationWatch {
  readonly #options: WatchOptions
  #standings = new Map<string, Standing>()
  /** That nobody can tell now is no news, it comes and goes: changes are told against what was known last. */
  readonly #known = new Map<string, 'good' | 'bad'>()

  constructor(options: WatchOptions) {
    this.#options = options
  }

  /** As of the last look; the worst first. */
  get standings(): readonly Standing[] {
    return [...this.#standings.values()].toSorted((a, b) => WORST.indexOf(a.state) - WORST.indexOf(b.state))
  }

  /** Asks everything anew, and gives what has changed. Never rejects. */
  async look(): Promise<readonly StandingChange[]> {
    const { dns, sources, blocklists } = this.#options
    const all = distinct(await sendingAddresses(dns, sources))
    // Nobody outside sees these: a laboratory, or a name that is not published yet, which doctor tells.
    const addresses = all.filter(({ address }) => !isPrivate(address))
    const found = await Promise.all(
      addresses.flatMap((one) => [this.#name(one), ...blocklists.map((list) => this.#listed(one, list))]),
    )
    this.#standings = new Map(found.map((standing) => [keyOf(standing), standing]))
    return found.flatMap((standing) => this.#changeOf(standing))
  }

  async #listed({ source, address }: SendingAddress, list: string): Promise<Standing> {
    const listed = await blocklisted(this.#options.dns, address, list)
    return this.#standing({ source, address, by: list, ...judged(listed) })
  }

  /** Forward-confirmed reverse DNS. */
  async #name({ source, address }: SendingAddress): Promise<Standing> {
    const { dns } = this.#options
    const names = await lookUp(dns, reverseName(address), 'PTR')
    const of = { source, address, by: 'ptr' }
    if (names.kind === 'unknown') return this.#standing({ ...of, state: 'unknown', text: names.why })
    if (names.kind === 'none')
      return this.#standing({
        ...of,
        state: 'bad',
        text: 'it has no PTR record: large receivers refuse its mail',
      })
    const confirmed = await leadingBack(dns, names.records, address)
    const text = `its name ${names.records.join(', ')} does not lead back to it`
    return this.#standing(
      confirmed.length > 0 ? { ...of, state: 'good', text: '' } : { ...of, state: 'bad', text },
    )
  }

  #changeOf(standing: Standing): readonly StandingChange[] {
    const key = keyOf(standing)
    const { state } = standing
    const was = this.#known.get(key)
    if (state === 'unknown' || state === was) return []
    this.#known.set(key, state)
    if (was === undefined) return state === 'bad' ? [{ standing }] : []
    return [{ standing, was }]
  }

  #standing(found: Omit<Standing, 'since' | 'checkedAt'>): Standing {
    const now = this.#options.now()
    const before = this.#standings.get(keyOf(found))
    return { ...found, since: before?.state === found.state ? before.since : now, checkedAt: now }
  }
}

const WORST: readonly Standing['state'][] = ['bad', 'unknown', 'good']

function judged(listed: Listed): Pick<Standing, 'state' | 'text'> {
  switch (listed.kind) {
    case 'clear':
      return { state: 'good', text: '' }
    case 'unknown':
      return { state: 'unknown', text: listed.why }
    case 'listed':
      return { state: 'bad', text: [listed.codes.join(', '), listed.text].filter(Boolean).join(': ') }
  }
}

/** Two sources may share an address. */
function distinct(addresses: readonly SendingAddress[]): readonly SendingAddress[] {
  return [...new Map(addresses.map((one) => [`${one.source} ${one.address}`, one])).values()]
}

function keyOf({ source, address, by }: Pick<Standing, 'source' | 'address' | 'by'>): string {
  return `${source} ${address} ${by}`
}
