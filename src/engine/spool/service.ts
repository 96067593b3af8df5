/** What the thread of the store offers to the spools of all threads: rows and bytes, nothing that cannot cross. */

import { fromInteger } from '#grammar/message-id'

import { CHANGE_LIMIT, EFFECTS } from './change.ts'
import { Committer } from './committer.ts'
import type { Backoff, CommitReply, WriterState } from './committer.ts'
import type {
  Batch,
  Changed,
  ClaimedRow,
  Key,
  KeptRequestRow,
  PageQuery,
  PastRow,
  SearchedRows,
  ShownRows,
  SpoolEngine,
  StoredBody,
  StoredChunk,
} from './engine.ts'
import type { SummedQuery, SummedRow } from './count.ts'
import type { StoredPage } from './event.ts'
import type { Selected } from './selection.ts'
import { checkSpace } from './space.ts'
import type { FileSystem, Space } from './space.ts'
import { SpoolError } from './spool.ts'
import type {
  Age,
  Change,
  DeliveryFilter,
  Page,
  QueueDepth,
  QueueDue,
  Reported,
  SpoolStatus,
  Totals,
} from './spool.ts'

/** A status, and whether the spool has ended. */
export type Standing = SpoolStatus & { readonly broken?: string }

export type Hello = { readonly recovered: number; readonly newest: number; readonly standing: Standing }

/** What the store calls at each spool. */
export type SpoolClient = { standing(standing: Standing): void }

export type SpoolService = {
  hello(): Hello | Promise<Hello>
  commit(batch: Batch): Promise<CommitReply>
  settled(kept: number): Promise<void>
  writeChunk(id: number, seq: number, chunk: StoredChunk): Promise<void>
  discardChunks(id: number): Promise<void>
  claim(queue: string, now: number, limit: number): Promise<readonly ClaimedRow[]>
  nextDue(queue: string): Promise<number | undefined>
  waiting(after: string, limit: number): Promise<readonly QueueDue[]>
  unclaim(keys: readonly Key[]): Promise<void>
  overdue(now: number, limit: number): Promise<readonly ClaimedRow[]>
  nextDeadline(): Promise<number | undefined>
  read(id: number): Promise<StoredBody | undefined>
  readChunk(id: number, seq: number): Promise<StoredChunk | undefined>
  depths(queues?: readonly string[]): Promise<readonly QueueDepth[]>
  totals(): Promise<Totals>
  search(filter: DeliveryFilter, page: Page): Promise<SearchedRows>
  list(filter: DeliveryFilter, page: Page): Promise<readonly ClaimedRow[]>
  show(id: number): Promise<ShownRows | undefined>
  past(after: Key, limit: number): Promise<readonly PastRow[]>
  change(filter: DeliveryFilter, change: Change, now: number, reason: string): Promise<readonly ClaimedRow[]>
  report(key: Key, kind: string, record: string): Promise<Reported>
  forget(before: number, limit: number, streams: ReadonlyMap<string, number>): Promise<number>
  kept(organization: string, key: string): Promise<KeptRequestRow | undefined>
  tidyKeys(before: number, limit: number): Promise<number>
  pages(query: PageQuery): Promise<readonly StoredPage[]>
  sums(query: SummedQuery): Promise<readonly SummedRow[]>
  age(before: Age): Promise<boolean>
}

export type ServiceOptions = {
  /** Share of octets and inodes, 0–1, below which there is no room. */
  readonly diskFree: number
  /** Absent where the files are not ours to watch. */
  readonly measure?: () => Promise<FileSystem>
  readonly backoff: Backoff
  /** Called once, when the store cannot be trusted any more. */
  readonly onBroken: (error: SpoolError) => void
}

/** Deadlines that are forgotten at a time: some 5 ms. */
const DROPPED = 1000

/** Milliseconds between two looks at the file system. */
const WATCH = 1000

export class SpoolStore {
  readonly service: SpoolService
  readonly #committer: Committer
  readonly #engine: SpoolEngine
  readonly #options: ServiceOptions
  readonly #clients = new Set<SpoolClient>()
  #space: Space = { ok: true }
  #timer: NodeJS.Timeout | undefined
  #closed = false

  static async open(engine: SpoolEngine, options: ServiceOptions): Promise<SpoolStore> {
    const store = new SpoolStore(engine, options)
    await store.#watch()
    return store
  }

  private constructor(engine: SpoolEngine, options: ServiceOptions) {
    this.#engine = engine
    this.#options = options
    this.#committer = new Committer(engine, options.backoff, (state) => this.#changed(state))
    this.service = this.#serve()
  }

  /** Tells `client` of each change from now on, until the returned function is called. */
  attach(client: SpoolClient): () => void {
    this.#clients.add(client)
    return () => this.#clients.delete(client)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#committer.close()
    await this.#engine.close()
  }

  get #standing(): Standing {
    const { state } = this.#committer
    if (state.at === 'writable') return { room: this.#space, healthy: true }
    const why = state.error.message
    const broken = state.at === 'broken' ? { broken: why } : {}
    return { room: { ok: false, why }, healthy: false, ...broken }
  }

  #changed(state: WriterState): void {
    for (const client of this.#clients) client.standing(this.#standing)
    if (state.at === 'broken') this.#options.onBroken(state.error)
  }

  async #watch(): Promise<void> {
    const { measure, diskFree } = this.#options
    if (!measure) return
    const space = await checkSpace(diskFree, measure)
    const changed = space.ok !== this.#space.ok || space.why !== this.#space.why
    this.#space = space
    if (changed) for (const client of this.#clients) client.standing(this.#standing)
    if (!this.#closed) this.#timer = setTimeout(() => void this.#watch(), WATCH).unref()
  }

  #serve(): SpoolService {
    const engine = this.#engine
    const committer = this.#committer
    const { recovered, newest } = engine.found
    return {
      hello: () => ({ recovered, newest, standing: this.#standing }),
      commit: (batch) => committer.commit(batch),
      settled: (kept) => committer.settled(kept),
      writeChunk: (id, seq, chunk) => committer.exclusive(() => engine.writeChunk(id, seq, chunk)),
      discardChunks: (id) => committer.exclusive(() => engine.discardChunks(id)),
      claim: (queue, now, limit) => committer.exclusive(() => engine.claim(queue, now, limit)),
      nextDue: async (queue) => engine.nextDue(queue),
      waiting: async (after, limit) => engine.waiting(after, limit),
      overdue: (now, limit) => this.#overdue(now, limit),
      nextDeadline: async () => engine.nextDeadline(),
      unclaim: (keys) => committer.exclusive(() => engine.unclaim(keys)),
      read: (id) => oneBody(async () => engine.read(id)),
      readChunk: (id, seq) => oneBody(async () => engine.readChunk(id, seq)),
      depths: async (queues) => engine.depths(queues),
      totals: async () => engine.totals(),
      search: async (filter, page) => engine.search(filter, page),
      list: (filter, page) => listed(engine, filter, page),
      show: async (id) => engine.show(id),
      past: async (after, limit) => engine.past(after, limit),
      change: (filter, change, now, reason) => this.#change(filter, change, now, reason),
      report: (key, kind, record) => committer.exclusive(() => engine.report(key, kind, record)),
      forget: (before, limit, streams) => committer.exclusive(() => engine.forget(before, limit, streams)),
      kept: (organization, key) => committer.certain(() => engine.kept(organization, key)),
      tidyKeys: (before, limit) => committer.exclusive(() => engine.tidyKeys(before, limit)),
      pages: async (query) => engine.pages(query),
      sums: async (query) => engine.sums(query),
      age: (before) => committer.exclusive(() => engine.age(before)),
    }
  }

  async #overdue(now: number, limit: number): Promise<readonly ClaimedRow[]> {
    const engine = this.#engine
    const rows = await engine.overdue(now, limit)
    if (rows.length === 0) await this.#committer.exclusive(() => engine.dropDeadlines(now, DROPPED))
    const waiting = rows.filter((row) => row[12] === 'waiting').map((row): Key => [row[0], row[7]])
    if (waiting.length === 0) return rows
    const taken = await this.#committer.exclusive(() => engine.take(waiting))
    const ours = new Set(taken.map(([id, n]) => `${id}.${n}`))
    return rows.filter((row) => row[12] !== 'waiting' || ours.has(`${row[0]}.${row[7]}`))
  }

  /** Looks first and changes then: the long part does not keep commits waiting. */
  async #change(
    filter: DeliveryFilter,
    change: Change,
    now: number,
    reason: string,
  ): Promise<readonly ClaimedRow[]> {
    const { from, dueNow } = EFFECTS[change]
    const states = filter.states ? from.filter((state) => filter.states?.includes(state)) : from
    const due = dueNow ? { dueAfter: now } : {}
    const rows = await listed(this.#engine, { ...filter, states, ...due }, { limit: CHANGE_LIMIT })
    const keys = rows.map((row): Key => [row[0], row[7]])
    const changed = await this.#committer.exclusive(() => this.#engine.apply(keys, change, now, reason))
    return asTheyWere(rows, changed)
  }
}

/** As many questions as it takes. */
async function listed(engine: SpoolEngine, filter: Selected, page: Page): Promise<readonly ClaimedRow[]> {
  const found: ClaimedRow[] = []
  let before = page.before ?? filter.before
  for (;;) {
    const limit = page.limit - found.length
    const [rows, next] = await engine.search(filter, { limit, ...(before && { before }) })
    found.push(...rows)
    if (next === null || found.length >= page.limit) return found
    before = { message: fromInteger(next[0]), n: next[1] }
  }
}

/** Both are in the same order, and some of `rows` were not changed after all. */
function asTheyWere(rows: readonly ClaimedRow[], changed: readonly Changed[]): readonly ClaimedRow[] {
  let next = 0
  const were: ClaimedRow[] = []
  for (const row of rows) {
    const [id, n, state] = changed[next] ?? []
    if (row[0] !== id || row[7] !== n || state === undefined) continue
    were.push(row.with(12, state) as unknown as ClaimedRow)
    next += 1
  }
  return were
}

/** A page that cannot be read loses the message that lies in it; that the store as a whole is at fault, a write will say. */
async function oneBody<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof SpoolError) || error.code !== 'broken') throw error
    throw new SpoolError('corrupt', error.message, { cause: error })
  }
}
