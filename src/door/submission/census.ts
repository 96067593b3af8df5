/** How many connections there are: in all, by address, by organization. */

export type CensusLimits = {
  readonly connections: number
  readonly connectionsPerAddress: number
  readonly connectionsPerOrganization: number
}

export class Census {
  limits: CensusLimits
  #all = 0
  readonly #byAddress = new Map<string, number>()
  readonly #byOrganization = new Map<string, number>()

  constructor(limits: CensusLimits) {
    this.limits = limits
  }

  get all(): number {
    return this.#all
  }

  /** Counts a connection, whatever the limits say; false when it is one too many and should be told so. */
  arrive(): boolean {
    this.#all += 1
    return this.#all <= this.limits.connections
  }

  leave(): void {
    this.#all -= 1
  }

  /** `address` is a key of `addressKey`. */
  arriveFrom(address: string): boolean {
    return more(this.#byAddress, address) <= this.limits.connectionsPerAddress
  }

  leaveFrom(address: string): void {
    less(this.#byAddress, address)
  }

  arriveFor(organization: string): boolean {
    return more(this.#byOrganization, organization) <= this.limits.connectionsPerOrganization
  }

  leaveFor(organization: string): void {
    less(this.#byOrganization, organization)
  }
}

function more(counts: Map<string, number>, key: string): number {
  const count = (counts.get(key) ?? 0) + 1
  counts.set(key, count)
  return count
}

function less(counts: Map<string, number>, key: string): void {
  const count = (counts.get(key) ?? 0) - 1
  if (count > 0) counts.set(key, count)
  else counts.delete(key)
}

/** What one connection is counted as; `leave` takes all of it back, once. */
export class Presence {
  readonly #census: Census
  #address: string | undefined
  #organization: string | undefined
  #left = false

  constructor(census: Census) {
    this.#census = census
  }

  /** The address the client turned out to have; false when there are too many of it. */
  from(address: string): boolean {
    if (this.#address !== undefined) this.#census.leaveFrom(this.#address)
    this.#address = address
    return this.#census.arriveFrom(address)
  }

  for(organization: string): boolean {
    if (this.#organization === organization) return true
    if (this.#organization !== undefined) this.#census.leaveFor(this.#organization)
    this.#organization = organization
    return this.#census.arriveFor(organization)
  }

  leave(): void {
    if (this.#left) return
    this.#left = true
    this.#census.leave()
    if (this.#address !== undefined) this.#census.leaveFrom(this.#address)
    if (this.#organization !== undefined) this.#census.leaveFor(this.#organization)
  }
}
