/** What recipients want of a sender's mail, by an address that only they have: none of a stream, none of any, or again. */

import type { Instant, Spool } from '#engine/spool'
import { addressKey, formatMailbox } from '#grammar/address'
import type { Wish } from '#grammar/tracking'
import type { Log } from '#platform/log'
import type { Handles } from '#platform/metrics'
import { EVERY_STREAM, holds, SuppressionError } from '#product/suppression'
import type { Suppression, Suppressions } from '#product/suppression'

import { Deliveries } from './deliveries.ts'
import type { TRACKING_METRICS } from './metrics.ts'

/** `one-click`: by a mail program, for this stream. RFC 8058 §3.2 */
export type Asked = 'one-click' | 'stream' | 'all' | 'again'

/** How it stands between a recipient and a stream. */
export type Standing = {
  /** `stopped`: the recipient asked for it. `held`: for another reason, which they cannot lift here. */
  readonly at: 'subscribed' | 'stopped' | 'held'
  /** Who the mail is from, as its author wrote; absent when nobody remembers. */
  readonly author?: string
}

export type PreferencesOptions = {
  readonly spool: Pick<Spool, 'list' | 'report' | 'append'>
  readonly suppressions: Pick<Suppressions, 'of' | 'add' | 'remove'>
  /** Streams that one can unsubscribe from, beside that of the wish. */
  readonly streams: () => readonly string[]
  readonly counted: Handles<typeof TRACKING_METRICS>
  readonly log: Log
  now(): Instant
}

export class Preferences {
  readonly #options: PreferencesOptions
  readonly #deliveries: Deliveries
  /** Wishes of one recipient, one after the other: two that come together are one and its repetition. */
  readonly #under = new Map<string, Promise<void>>()

  constructor(options: PreferencesOptions) {
    this.#options = options
    this.#deliveries = new Deliveries(options.spool)
  }

  async of(wish: Wish): Promise<Standing> {
    const found = await this.#deliveries.find(wish)
    const author = found?.author
    const holding = (await this.#holding(wish)).filter(({ stream }) => isOf(stream, wish.stream))
    const at = holding.length === 0 ? 'subscribed' : holding.every(isWish) ? 'stopped' : 'held'
    return { at, ...(author !== undefined && { author }) }
  }

  /** Resolves when it holds, and will after any crash. `client`: the address that asked. */
  async ask(asked: Asked, wish: Wish, client: string): Promise<void> {
    await this.#oneByOne(`${wish.organization} ${addressKey(wish)}`, () =>
      asked === 'again' ? this.#again(wish) : this.#stop(asked, wish),
    )
    const { message, n, organization, stream } = wish
    this.#options.counted.wishes({ wish: asked }).add()
    const to = formatMailbox(wish)
    const said = { message, n, to, organization, stream, client, by: BY[asked] }
    if (asked === 'again') this.#options.log.info('unsubscribe.withdrawn', said)
    else this.#options.log.info('unsubscribe.received', said)
  }

  async #oneByOne(name: string, work: () => Promise<void>): Promise<void> {
    const mine = (this.#under.get(name) ?? Promise.resolve()).then(work, work)
    this.#under.set(name, mine)
    try {
      await mine
    } finally {
      if (this.#under.get(name) === mine) this.#under.delete(name)
    }
  }

  async #stop(asked: Exclude<Asked, 'again'>, wish: Wish): Promise<void> {
    const { organization, stream, message, n } = wish
    const holding = await this.#holding(wish)
    const others = asked === 'all' ? this.#options.streams() : []
    const rows = [...new Set([stream, ...others])]
      // What an operator or a complaint has stopped is not to become what the recipient can lift.
      .filter((one) => !holding.some((known) => known.stream === one && !BOUNCES.has(known.reason)))
      .map((one) => ({
        organization,
        stream: one,
        address: addressKey(wish),
        reason: 'unsubscribe' as const,
        evidence: BY[asked],
        delivery: `${message}.${n}`,
      }))
    if (rows.length === 0) return
    await this.#add(rows)
    await this.#told(BY[asked], wish)
  }

  async #add(rows: Parameters<Suppressions['add']>[0]): Promise<void> {
    try {
      await this.#options.suppressions.add(rows)
    } catch (error) {
      // The organization is no more, and sends nothing.
      if (!(error instanceof SuppressionError) || error.code !== 'organization') throw error
    }
  }

  /** With the record of the delivery, where there is one. */
  async #told(text: string, wish: Wish): Promise<void> {
    const { spool } = this.#options
    const { organization, stream, message, n } = wish
    const at = this.#options.now()
    const kept = await spool.report({ message, n }, { kind: 'unsubscribe', at, host: '', status: '', text })
    if (kept === 'kept') return
    const to = formatMailbox(wish)
    await spool.append({ kind: 'unsubscribed', at, organization, stream, message, n, to, reason: text })
  }

  /** This stream alone: who stopped all of them has asked for no other again. */
  async #again(wish: Wish): Promise<void> {
    const { organization, stream } = wish
    const isStopped = (await this.#holding(wish)).some((one) => isWish(one) && one.stream === stream)
    const request = { organization, stream, address: addressKey(wish), why: BY.again }
    if (isStopped) await this.#options.suppressions.remove(request)
  }

  async #holding(wish: Wish): Promise<readonly Suppression[]> {
    const all = await this.#options.suppressions.of(wish.organization, addressKey(wish))
    return all.filter((one) => holds(one, this.#options.now()))
  }
}

const BY: Readonly<Record<Asked, string>> = {
  'one-click': 'asked by one click in a mail program',
  stream: 'asked on the page for it',
  all: 'asked for all streams, on the page for it',
  again: 'the recipient wants it again',
}

const BOUNCES: ReadonlySet<string> = new Set(['bounce', 'soft-bounces'])

function isOf(suppressed: string, stream: string): boolean {
  return suppressed === stream || suppressed === EVERY_STREAM
}

function isWish({ reason, stream }: Suppression): boolean {
  return reason === 'unsubscribe' && stream !== EVERY_STREAM
}
