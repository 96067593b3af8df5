/**
 * Whether more mail of an organization may come in, asked for each message and answered from memory: quotas as they are
 * set, kept up with what is changed, and what is used of them.
 */

import type { Kysely } from 'kysely'

import type { Control } from '#platform/store'

import { Meter } from './meter.ts'
import type { Crossing, Taken, Wanted } from './meter.ts'
import { noticesOf } from './notices.ts'
import type { Notices, Tell } from './notices.ts'
import type { Traffic } from './quota.ts'
import { quotaOf, quotaTables } from './tables.ts'
import type { QuotaTables } from './tables.ts'
import { usedBy } from './used.ts'
import type { CountSource } from './used.ts'

export type Allowance = {
  /** Why so much would not be taken now. Nothing is counted, and nothing is promised. */
  refusal: Meter['refusal']
  /** Takes it, all or nothing: of all that are asked for at once, no more are taken than is allowed. */
  take(traffic: Traffic, wanted: Wanted, now: number): Taken
  size: Meter['size']
  left: Meter['left']
  /** Takes in what was committed since the last time. @throws what the stores throw */
  refresh(): Promise<void>
  /** Resolves when nothing is under way. */
  close(): Promise<void>
}

export type AllowanceOptions = {
  readonly source: CountSource
  readonly tell: Tell
  readonly now: () => number
  /** Other nodes take mail of the same organizations. */
  readonly isShared: boolean
  /** Told when a refresh failed, or an event could not be told; the next refresh tries again. */
  readonly failed: (error: unknown) => void
}

/** Milliseconds between two looks; what other nodes took is read with every `RECOUNT`th. */
const REFRESH = 1_000
const RECOUNT = 5

/** Reads all that is used first. After `openAccounts` of the same database. */
export async function openAllowance(control: Control, options: AllowanceOptions): Promise<Allowance> {
  const db = await quotaTables(control)
  const keeper = new Keeper(db, options)
  await keeper.refresh()
  keeper.start()
  const { meter } = keeper
  return {
    refusal: (traffic, wanted, now) => meter.refusal(traffic, wanted, now),
    take: (traffic, wanted, now) => meter.take(traffic, wanted, now),
    size: (traffic) => meter.size(traffic),
    left: (traffic, now) => meter.left(traffic, now),
    refresh: () => keeper.refresh(),
    close: () => keeper.close(),
  }
}

class Keeper {
  readonly meter: Meter
  readonly #db: Kysely<QuotaTables>
  readonly #options: AllowanceOptions
  readonly #notices: Notices
  /** To be told, one after the other. */
  readonly #crossed: Crossing[] = []
  #version = ''
  #looks = 0
  #timer: NodeJS.Timeout | undefined
  #work: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(db: Kysely<QuotaTables>, options: AllowanceOptions) {
    this.#db = db
    this.#options = options
    this.#notices = noticesOf(db, options.tell, options.now)
    this.meter = new Meter((crossing) => {
      this.#crossed.push(crossing)
      // In a turn of its own: a message is being taken.
      if (this.#crossed.length === 1) setImmediate(() => this.#begin(() => this.#tellAll()))
    })
  }

  start(): void {
    this.#timer = setInterval(() => this.#begin(() => this.#refresh()), REFRESH).unref()
  }

  async refresh(): Promise<void> {
    const done = this.#work.then(() => this.#refresh())
    this.#work = done.catch(() => {})
    await done
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#work
    this.#isClosed = true
  }

  #begin(work: () => Promise<void>): void {
    if (this.#isClosed) return
    this.#work = this.#work.then(work).catch((error: unknown) => this.#options.failed(error))
  }

  async #refresh(): Promise<void> {
    const { now, isShared, source } = this.#options
    const isFirst = this.#version === ''
    const version = await versionOf(this.#db)
    if (version !== this.#version) {
      const rows = await this.#db.selectFrom('quota').selectAll().execute()
      this.meter.use(rows.map(quotaOf), now(), isFirst)
      this.#version = version
    }
    const isDue = this.#looks % RECOUNT === 0
    this.#looks += 1
    const wanting = this.meter.wanting(isShared && isDue)
    for (const organization of wanting)
      await this.meter.recount(organization, now(), (at) => usedBy(source, organization, at))
    if (isDue) for (const left of await this.#notices.left()) this.#crossed.push(left)
    await this.#tellAll()
  }

  /** What cannot be told stays, for the next time. */
  async #tellAll(): Promise<void> {
    for (let next = this.#crossed[0]; next !== undefined; next = this.#crossed[0]) {
      await this.#notices.tell(next)
      this.#crossed.shift()
    }
  }
}

/** Another one after any change. */
async function versionOf(db: Kysely<QuotaTables>): Promise<string> {
  const { count, newest } = await db
    .selectFrom('quota')
    .select((of) => [of.fn.countAll().as('count'), of.fn.max('changed_at').as('newest')])
    .executeTakeFirstOrThrow()
  return `${count} ${newest ?? 0}`
}
