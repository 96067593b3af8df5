/**
 * What one commit has to tell, and what it adds to the counts: gathered while its rows are written, written with them.
 * A row a page and a sum, not a row an event: what that costs each message is in docs/decisions/0016.
 */

import { fromInteger } from '#grammar/message-id'

import { EFFECTS } from './change.ts'
import type { Names } from './count-names.ts'
import { bucketOf, COUNTED } from './count.ts'
import type { Counted } from './count.ts'
import type { EventRow, MessageRow, SettlementRow } from './engine.ts'
import type { DeliveryEvent, EventKind, OtherEntry } from './event.ts'
import type { Attempt, Metadata, Report } from './message.ts'
import type { Change } from './spool.ts'
import { Tally } from './tally.ts'
import type { Sum } from './tally.ts'

/** Of the delivery that something happened to. */
export type Facts = {
  readonly organization: string
  readonly stream: string
  readonly sender: string
  readonly acceptedAt: number
  readonly recipient: string
  readonly attempts: number
  /** JSON of the list. */
  readonly tags: string | null
  /** JSON. */
  readonly metadata: string | null
}

/** Pages that a node may write in one millisecond without running ahead of its clock. */
const PER_MILLISECOND = 16

/** The number of the page after `last`: larger, whatever the clock does, and else as large as the time. */
export function nextPage(last: number, now: number): number {
  return Math.max(last + 1, now * PER_MILLISECOND)
}

/** Events of a page at most: who reads wants a few, and has the whole page in memory for them. */
const PAGE = 500

/** Why a delivery is cancelled whose message was refused while it was being kept. */
export const WITHDRAWN =
  'the store did not say that it had kept the message: the sender was told to try again'

/** Characters from which a page is full, so that no page grows large by what senders say of their mail. */
const PAGE_TEXT = 256 * 1024

export type WrittenPage = readonly [organization: string, count: number, entries: string]

/** The path by which something went, if it went by any, and why it was not taken. */
type Way = { readonly source: string; readonly provider: string; readonly detail: string }

const NO_WAY: Way = { source: '', provider: '', detail: '' }

type Page = { count: number; entries: string }

export class Ledger {
  readonly #full: WrittenPage[] = []
  readonly #pages = new Map<string, Page>()
  readonly #tally: Tally

  constructor(names: Names) {
    this.#tally = new Tally(names)
  }

  get isEmpty(): boolean {
    return this.#pages.size === 0 && this.#tally.isEmpty
  }

  accepted(row: MessageRow): void {
    const [id, at, organization, stream, sender, , , , , , deliveries, tags, metadata] = row
    const made = row[15]
    const end = `]${labels(tags, metadata)}]`
    const from = `${JSON.stringify(stream)},${JSON.stringify(sender)}`
    for (let first = 0; first < deliveries.length; first += PAGE) {
      const last = Math.min(first + PAGE, deliveries.length)
      let to = ''
      for (let n = first; n < last; n += 1) {
        const recipient = deliveries[n]?.[0] ?? ''
        to += n === first ? JSON.stringify(recipient) : `,${JSON.stringify(recipient)}`
        this.#tally.add({
          kind: 'accepted',
          at,
          organization,
          stream,
          sender,
          recipient,
          tags,
          source: '',
          provider: '',
          detail: made,
        })
      }
      this.#tell(organization, last - first, `["accepted",${at},${id},${first},${from},[${to}${end}`)
    }
  }

  settled(row: SettlementRow, facts: Facts): void {
    const kind = kindOf(row)
    if (kind === undefined) return
    const [id, n, , , at, , reply, attempt, source, provider, detail] = row
    this.#changed(
      { kind, at, id, n, reason: attempt === null || kind === 'expired' || kind === 'held' ? reply : null },
      facts,
      attempt,
    )
    const way = {
      source,
      provider,
      detail: kind === 'delivered' ? String(bucketOf(at - facts.acceptedAt)) : detail,
    }
    this.#count(kind, at, facts, way)
  }

  /** By an operator, or because the sender was told that it had not been kept. */
  changed(
    key: readonly [id: number, n: number],
    by: { change: Change; at: number; reason: string },
    facts: Facts,
  ): void {
    const kind = CHANGED[by.change]
    if (kind === undefined) return
    const reason = EFFECTS[by.change].explained ? by.reason : null
    this.#changed({ kind, at: by.at, id: key[0], n: key[1], reason }, facts, null)
    this.#count(kind, by.at, facts, NO_WAY)
  }

  /** `last`: the attempt by which it went. */
  reported(
    [id, n]: readonly [id: number, n: number],
    report: Report,
    facts: Facts,
    last: Attempt | undefined,
  ): void {
    const told = REPORTED[report.kind]
    if (told === undefined) return
    const [kind, counted] = told
    const { stream, recipient: to, attempts, tags, metadata } = facts
    const entry: OtherEntry = {
      kind,
      at: report.at,
      stream,
      message: fromInteger(id),
      n,
      to,
      attempts,
      report,
      ...(counted === 'returned' ? { late: true } : {}),
      ...(tags === null ? {} : { tags: JSON.parse(tags) as readonly string[] }),
      ...(metadata === null ? {} : { metadata: JSON.parse(metadata) as Metadata }),
    }
    this.#tell(facts.organization, 1, JSON.stringify(entry))
    const way = last === undefined ? NO_WAY : { source: last.source, provider: last.provider ?? last.site }
    const detail = counted === 'returned' ? (report.bounce?.class ?? '') : ''
    this.#count(counted, report.at, facts, { ...NO_WAY, ...way, detail })
  }

  /** `isFirst`: what it brought was kept. */
  appended(row: EventRow, isFirst: boolean): void {
    const [organization, kind, at, stream, sender, recipient, tags, entry, detail] = row
    this.#tell(organization, 1, isFirst ? `${entry.slice(0, -1)},"first":true}` : entry)
    if (!isCounted(kind)) return
    const of = { organization, stream, sender, recipient, tags }
    this.#count(kind, at, of, { ...NO_WAY, detail })
    const unique = isFirst ? UNIQUE.get(kind) : undefined
    if (unique !== undefined) this.#count(unique, at, of, { ...NO_WAY, detail })
  }

  #count(kind: Counted, at: number, of: Omit<Facts, 'acceptedAt' | 'attempts' | 'metadata'>, by: Way): void {
    const { organization, stream, sender, recipient, tags } = of
    const { source, provider, detail } = by
    this.#tally.add({ kind, at, organization, stream, sender, recipient, tags, source, provider, detail })
  }

  /** In the order in which they are to be kept. */
  pages(): readonly WrittenPage[] {
    for (const organization of this.#pages.keys()) this.#turn(organization)
    return this.#full
  }

  sums(): readonly Sum[] {
    return this.#tally.sums()
  }

  #changed(
    {
      kind,
      at,
      id,
      n,
      reason,
    }: { kind: EventKind; at: number; id: number; n: number; reason: string | null },
    { organization, stream, recipient, attempts, tags, metadata }: Facts,
    attempt: string | null,
  ): void {
    const why = reason === null ? 'null' : JSON.stringify(reason)
    const end = `${labels(tags, metadata)}]`
    this.#tell(
      organization,
      1,
      `["${kind}",${at},${id},${n},${JSON.stringify(stream)},${JSON.stringify(recipient)},${attempts},${why},${attempt ?? 'null'}${end}`,
    )
  }

  #tell(organization: string, count: number, entry: string): void {
    let page = this.#pages.get(organization)
    if (page !== undefined && (page.count + count > PAGE || page.entries.length > PAGE_TEXT)) {
      this.#turn(organization)
      page = undefined
    }
    if (page === undefined) {
      this.#pages.set(organization, { count, entries: entry })
      return
    }
    page.count += count
    page.entries += `,${entry}`
  }

  #turn(organization: string): void {
    const page = this.#pages.get(organization)
    if (page === undefined) return
    this.#pages.delete(organization)
    this.#full.push([organization, page.count, `[${page.entries}]`])
  }
}

/** The last two of an entry, as far as there are any. */
function labels(tags: string | null, metadata: string | null): string {
  if (metadata === null) return tags === null ? '' : `,${tags}`
  return `,${tags},${metadata}`
}

function kindOf([, , state, , , delayNotified, , attempt]: SettlementRow):
  | Exclude<DeliveryEvent, 'opened' | 'clicked'>
  | undefined {
  // Without an attempt it waits again because nothing was tried.
  if (state === 'waiting') return attempt === null ? undefined : 'deferred'
  // It was held before: its sender was told that it is late.
  if (state === 'held' && delayNotified === 1) return undefined
  return state
}

const CHANGED: { readonly [K in Change]: 'held' | 'released' | 'cancelled' | undefined } = {
  hold: 'held',
  release: 'released',
  cancel: 'cancelled',
  retry: undefined,
}

const REPORTED: { readonly [K in Report['kind']]: readonly [EventKind, Counted] | undefined } = {
  bounce: ['bounced', 'returned'],
  complaint: ['complained', 'complained'],
  unsubscribe: ['unsubscribed', 'unsubscribed'],
  // What they say of is neither an end nor news to whom counts: the delivery stays handed over.
  delay: undefined,
  success: undefined,
  // They are told by the event that brings them.
  open: undefined,
  click: undefined,
}

/** What the first of a delivery is counted as besides. */
const UNIQUE: ReadonlyMap<EventKind, Counted> = new Map([
  ['opened', 'unique_opens'],
  ['clicked', 'unique_clicks'],
])

const COUNTED_KINDS: ReadonlySet<string> = new Set(COUNTED)

function isCounted(kind: EventKind): kind is DeliveryEvent {
  return COUNTED_KINDS.has(kind)
}
