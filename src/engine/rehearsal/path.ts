/**
 * One source to one site in virtual time: connections and messages go as `engine/egress` lets them go, by the same
 * shape, and are answered by a receiver that is calculated with. Has no octets, and so a million messages are little.
 */

import { DOWN, REFUSED_MORE_FOR } from '#engine/egress'
import type { Guest, Receiver } from '#engine/receiver'
import type { PathShape, Permit, ShapeOwner, Slots } from '#engine/shaping'
import type { Instant } from '#engine/spool'

import { attemptOf, ORGANIZATION, saidOf } from './attempt.ts'
import type { Said } from './attempt.ts'
import type { Parcel } from './backlog.ts'
import { reactedOf, replyOf, warming } from './binding.ts'
import type { Binding } from './binding.ts'
import type { Ledger } from './ledger.ts'
import type { Pace } from '#engine/course'
import type { RehearsedSite, Way } from './site.ts'
import type { VirtualClock } from './virtual-clock.ts'

export type PathParts = {
  readonly source: string
  readonly stream: string
  readonly site: RehearsedSite
  readonly shape: PathShape
  readonly receiver: Receiver
  readonly clock: VirtualClock
  readonly pace: Pace
  /** Of all paths. */
  readonly slots: Slots
  readonly ledger: Ledger
  /** In [0, 1). */
  readonly random: () => number
  /** Where it enters itself while it has a connection that nobody uses. */
  readonly idle: Set<RehearsedPath>
}

type Connection = {
  readonly permit: Permit
  readonly guest: Guest
  messages: number
  /** Since when nothing was to be done. */
  idle: Instant
}

/** What became of one message on a connection. */
type Course = { readonly said?: Said; readonly closes: boolean; readonly takes: number }

/** Milliseconds between looks at what holds a path back. */
const LOOK = 1_000

export class RehearsedPath implements ShapeOwner, Way {
  readonly source: string
  readonly #parts: PathParts
  readonly #shape: PathShape
  readonly #idle: Connection[] = []
  /** Parcels whose connection took no word of them. */
  readonly #again: Parcel[] = []
  #standing = 0
  #opening = 0
  #isPumping = false
  #isPaced = false
  #cancelPace: (() => void) | undefined
  #down: { readonly until: Instant; readonly reply: string } | undefined
  #failures = 0
  #ceiling: { readonly connections: number; readonly until: Instant } | undefined
  #looked: Instant = -Infinity
  #isLooking = false

  constructor(parts: PathParts) {
    this.#parts = parts
    this.source = parts.source
    this.#shape = parts.shape
    parts.shape.attach(this)
  }

  get held(): number {
    return this.#standing + this.#opening
  }

  get keepsShare(): boolean {
    return this.#shape.keepsShare
  }

  /** Until when no connection is tried, because none came about. */
  get downUntil(): Instant | undefined {
    return this.#down?.until
  }

  wake(): void {
    this.#pump()
  }

  placeFree(): void {
    this.#pump()
  }

  shareFree(): void {
    this.#cancelPace?.()
    this.#isPaced = false
    this.#pump()
  }

  /** A reaction has set in, changed or ended. */
  reshaped(): void {
    this.#parts.ledger.reacted(this.#shape.live)
    this.#looked = -Infinity
    if (this.#shape.suspended === undefined) return this.#pump()
    for (const connection of this.#idle.splice(0)) this.#gone(connection)
    this.#look()
  }

  spareOne(): boolean {
    const connection = this.#idle.shift()
    if (connection !== undefined) this.#gone(connection)
    return connection !== undefined
  }

  #pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    while (this.#handOut());
    this.#isPumping = false
    if (!this.#hasWork) this.#rest()
    this.#lookSoon()
  }

  /** No more than once in a while, but then: it may be the last thing that happens for hours. */
  #lookSoon(): void {
    const { clock } = this.#parts
    const passed = clock.now() - this.#looked
    if (passed >= LOOK) return this.#look()
    if (this.#isLooking) return
    this.#isLooking = true
    clock.after(LOOK - passed, () => {
      this.#isLooking = false
      if (clock.now() - this.#looked >= LOOK) this.#look()
    })
  }

  /** Who comes back later makes new connections. */
  #rest(): void {
    for (const one of this.#idle.splice(0)) this.#gone(one)
    this.#parts.site.rest()
  }

  #handOut(): boolean {
    if (this.#down !== undefined || !this.#hasWork) return false
    const wait = this.#shape.messageWait(this)
    if (wait > 0) return this.#pauseFor(wait)
    const connection = this.#takeIdle()
    if (connection === undefined) return this.#grow()
    const parcel = this.#again.shift() ?? this.#parts.site.backlog.next(this.#parts.clock.now())
    if (parcel === undefined) {
      this.#idle.push(connection)
      return false
    }
    this.#shape.begin()
    this.#run(connection, parcel)
    return true
  }

  get #hasWork(): boolean {
    if (this.#again.length > 0) return true
    const { site, clock, stream } = this.#parts
    if (!site.backlog.hasReady(clock.now())) return false
    if (this.#shape.hasPaused && this.#shape.isPaused(ORGANIZATION, stream)) return false
    return site.serves(this)
  }

  #pauseFor(wait: number): false {
    // It will be told.
    if (wait === Infinity || this.#isPaced) return false
    this.#isPaced = true
    this.#cancelPace = this.#parts.clock.after(wait, () => {
      this.#isPaced = false
      // Where a day of a warm-up is over, it is over for those too who waited for it.
      if (wait >= LONG) this.#parts.site.wake()
      else this.#pump()
    })
    return false
  }

  /** One that was left alone for too long has been closed. */
  #takeIdle(): Connection | undefined {
    const { clock } = this.#parts
    for (;;) {
      const connection = this.#idle.pop()
      if (connection === undefined) return undefined
      if (clock.now() - connection.idle <= this.#shape.limits.idle) return connection
      this.#gone(connection)
    }
  }

  /** As many again as there are: one, two, four. */
  #grow(): false {
    const { clock, slots } = this.#parts
    if (this.#ceiling !== undefined && this.#ceiling.until <= clock.now()) this.#ceiling = undefined
    const most = Math.min(this.#shape.mostConnections(), this.#ceiling?.connections ?? Infinity)
    if (this.held >= most || this.#opening >= Math.max(1, this.#standing)) return false
    const wait = this.#shape.openingWait(this)
    if (wait > 0) return this.#pauseFor(wait)
    if (!slots.claim(this)) return false
    this.#opening += 1
    const permit = this.#shape.open(this)
    const guest = this.#parts.receiver.arrived(this.source, clock.now())
    clock.after(this.#parts.pace.connecting, () => this.#opened(permit, guest))
    return false
  }

  #opened(permit: Permit, guest: Guest): void {
    this.#opening -= 1
    const greeting = guest.at('greeting')
    const answer = greeting ?? guest.at('EHLO')
    if (answer !== undefined) guest.left()
    permit.opened(answer === undefined)
    if (answer !== undefined) return this.#refused(saidOf(answer, greeting ? 'greeting' : 'EHLO'))
    this.#standing += 1
    this.#failures = 0
    this.#ready({ permit, guest, messages: 0, idle: 0 })
  }

  #refused(said: Said): void {
    const { slots, clock, source, site } = this.#parts
    slots.release()
    const now = clock.now()
    const attempt = attemptOf({ source, site: site.name, at: now }, said)
    this.#shape.failed(attempt)
    if (this.#shape.suspended !== undefined) return this.#giveUpAgain()
    if (this.#standing > 0) {
      const until = now + REFUSED_MORE_FOR
      this.#ceiling = { connections: this.#standing, until }
      clock.after(REFUSED_MORE_FOR, () => this.#pump())
    } else if (this.#opening === 0) this.#goDown(replyOf(attempt), now)
  }

  #goDown(reply: string, now: Instant): void {
    const { clock, random, site } = this.#parts
    const base = DOWN[Math.min(this.#failures, DOWN.length - 1)] ?? 0
    const wait = Math.round(base * (0.9 + 0.2 * random()))
    this.#failures += 1
    this.#down = { until: now + wait, reply }
    clock.after(wait, () => {
      this.#down = undefined
      this.#pump()
    })
    this.#giveUpAgain()
    this.#look()
    site.failed(now)
  }

  #giveUpAgain(): void {
    for (const parcel of this.#again.splice(0)) this.#parts.site.settle(parcel, 'deferred')
  }

  #ready(connection: Connection): void {
    const { slots, clock } = this.#parts
    const mustGo =
      this.#shape.suspended !== undefined ||
      slots.shouldYield(this.held) ||
      this.#shape.shouldYield(this.held)
    if (mustGo) return this.#gone(connection)
    connection.idle = clock.now()
    this.#idle.push(connection)
    this.#parts.idle.add(this)
    this.#pump()
  }

  #gone(connection: Connection): void {
    this.#standing -= 1
    // The receiver first: its place is another's as soon as it is given back.
    connection.guest.left()
    connection.permit.closed()
    this.#parts.slots.release()
    this.#pump()
  }

  #run(connection: Connection, parcel: Parcel): void {
    const { clock } = this.#parts
    const began = clock.now()
    const course = this.#courseOf(connection.guest, parcel, began)
    clock.after(course.takes, () => this.#ended(connection, parcel, course, began))
  }

  /** What the receiver says of it, and how long that takes. */
  #courseOf(guest: Guest, parcel: Parcel, now: Instant): Course {
    const { pace, site } = this.#parts
    const mail = guest.mail(now)
    if (mail !== undefined)
      return { said: saidOf(mail, 'MAIL'), closes: mail.kind !== 'refuse', takes: pace.transaction / 4 }
    const rcpt = guest.rcpt('recipient', 0, now)
    if (rcpt !== undefined)
      return { said: saidOf(rcpt, 'RCPT'), closes: rcpt.kind !== 'refuse', takes: pace.transaction / 2 }
    const words = site.wordsFor(parcel, now)
    if (words !== undefined) return { said: words, closes: false, takes: pace.transaction / 2 }
    const end = guest.at('end of data')
    if (end === undefined) return { closes: false, takes: pace.transaction }
    return { said: saidOf(end, 'end of data'), closes: end.kind !== 'refuse', takes: pace.transaction }
  }

  #ended(connection: Connection, parcel: Parcel, { said, closes }: Course, began: Instant): void {
    const { site, source, ledger } = this.#parts
    this.#shape.end()
    // It hung up without a word about this message, which has a second chance on another connection.
    const isUntouched = closes && said?.stage === 'MAIL' && connection.messages > 0
    if (isUntouched && !parcel.isRepeated) {
      parcel.isRepeated = true
      this.#again.push(parcel)
    } else if (isUntouched) site.settle(parcel, 'deferred')
    else {
      const attempt = attemptOf({ source, site: site.name, at: began }, said)
      const [tried = attempt] = this.#shape.tried([site.claimed(parcel.domain)], [attempt])
      if (tried.outcome === 'delivered') ledger.took()
      site.settle(parcel, tried.outcome)
    }
    connection.messages += 1
    if (closes || connection.messages >= this.#most) this.#gone(connection)
    else this.#ready(connection)
  }

  get #most(): number {
    const { messagesPerConnection, recipientsPerConnection } = this.#shape.limits
    return Math.min(messagesPerConnection, recipientsPerConnection)
  }

  #look(): void {
    const now = this.#parts.clock.now()
    this.#looked = now
    this.#parts.ledger.note(this.#binding(now), now)
  }

  #binding(now: Instant): Binding {
    const { site } = this.#parts
    if (this.#down !== undefined) return { at: 'down', reply: this.#down.reply }
    const { suspended } = this.#shape
    if (suspended !== undefined) return { at: 'suspended', reaction: reactedOf(suspended) }
    if (!site.backlog.hasReady(now) && this.#again.length === 0)
      return { at: site.backlog.size > 0 ? 'retries' : 'nothing' }
    const paused = this.#shape.pausedStreams.find((one) => one.stream?.stream === this.#parts.stream)
    return paused === undefined ? this.#held() : { at: 'paused', reaction: reactedOf(paused) }
  }

  /** Why what is ready does not go. */
  #held(): Binding {
    const pace = this.#shape.pace()
    switch (pace?.at) {
      case 'paced':
        return { at: 'limit', limit: pace.limit }
      case 'warming':
        return warming(pace.warmUp)
      case 'slowed':
      case 'suspended':
        return { at: pace.at, reaction: reactedOf(pace.reaction) }
      case undefined:
        return this.#lack()
    }
  }

  /** Why there is no connection for what could go. */
  #lack(): Binding {
    const ceiling = this.#shape.ceiling()
    if (ceiling?.at === 'reaction') return { at: 'one-connection', reaction: reactedOf(ceiling.reaction) }
    if (ceiling !== undefined) return { at: 'limit', limit: ceiling.limit }
    if (this.#ceiling !== undefined) return { at: 'refused-more', connections: this.#ceiling.connections }
    const { slots } = this.#parts
    return slots.isWaiting(this) ? { at: 'node', connections: slots.taken } : { at: 'nothing' }
  }
}

/** A wait that is no pacing, in ms. */
const LONG = 60_000
