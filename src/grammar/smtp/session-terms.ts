/** What one listener grants its sessions, and how EHLO says it. Not what a session has become: that is session.ts. */

import { MECHANISMS } from '#grammar/sasl'

import type { Extension } from './extension.ts'
import type { Reply } from './reply.ts'
import { XCLIENT_ATTRIBUTES } from './xclient.ts'

export type Terms = {
  /** What the server calls itself: a domain or an address literal. */
  readonly hostname: string
  readonly tls: 'none' | 'starttls' | 'implicit'
  /** `required`: nobody sends without AUTH. `optional`: the trusted need none. `none`: AUTH is not offered. */
  readonly auth: 'required' | 'optional' | 'none'
  readonly authWithoutTls: boolean
  readonly requireTls: boolean
  /** What is taken goes on to other hosts, so that there is something to ask about its way. */
  readonly relays: boolean
  /** This peer may use XCLIENT. */
  readonly xclient: boolean
  readonly limits: SessionLimits
}

export type SessionLimits = {
  /** Commands of one session; RCPT in its place and chunks of some size do not count. */
  readonly commands: number
  /** Replies of 5xx since the last accepted message. */
  readonly errors: number
  /** Recipients of one transaction. */
  readonly recipients: number
  /** MAIL commands in one session. */
  readonly transactions: number
  /** Octets of one message. */
  readonly size: number
  /** Milliseconds. RFC 4865 §3 */
  readonly holdMaximum: number
  /** Milliseconds. RFC 2852 §2 */
  readonly deliverByMinimum: number
  /** Domains whose addresses may have `a..b@` and `c.@` without quotes. */
  readonly looseDots: readonly string[]
}

/** Whether AUTH may be used now. RFC 4954 §4: not offered where it would be refused. */
export function mayAuthenticate(terms: Terms, secure: boolean): boolean {
  return terms.auth !== 'none' && (secure || terms.authWithoutTls)
}

const always: readonly Extension[] = [
  'PIPELINING',
  'SIZE',
  '8BITMIME',
  'SMTPUTF8',
  'ENHANCEDSTATUSCODES',
  'CHUNKING',
  'BINARYMIME',
  'DSN',
  'DELIVERBY',
  'FUTURERELEASE',
  'MT-PRIORITY',
  'LIMITS',
]

/** What asks something of the way onward. RFC 4865 §3: FUTURERELEASE is for submission only. */
const ofTheWay: readonly Extension[] = ['DSN', 'DELIVERBY', 'FUTURERELEASE', 'MT-PRIORITY']

/** The extensions of a session in clear or inside TLS. The same set for the same terms: it is asked for at each command. */
export function offered(terms: Terms, secure: boolean): ReadonlySet<Extension> {
  return offer(terms, secure).set
}

/** `reply` is of the `second` since the epoch that FUTURERELEASE ends in. */
type Offer = { readonly set: ReadonlySet<Extension>; second: number; reply: Reply | undefined }

const offers = new WeakMap<Terms, { readonly clear: Offer; readonly secure: Offer }>()

function offer(terms: Terms, secure: boolean): Offer {
  let pair = offers.get(terms)
  if (pair === undefined) {
    const one = (isSecure: boolean): Offer => ({
      set: extensions(terms, isSecure),
      second: 0,
      reply: undefined,
    })
    pair = { clear: one(false), secure: one(true) }
    offers.set(terms, pair)
  }
  return secure ? pair.secure : pair.clear
}

function extensions(terms: Terms, secure: boolean): ReadonlySet<Extension> {
  const set = new Set(always)
  if (!terms.relays) for (const extension of ofTheWay) set.delete(extension)
  if (mayAuthenticate(terms, secure)) set.add('AUTH')
  if (terms.tls === 'starttls' && !secure) set.add('STARTTLS')
  // RFC 8689 §2: only where the message itself came under TLS.
  if (secure && terms.relays) set.add('REQUIRETLS')
  if (terms.xclient) set.add('XCLIENT')
  return set
}

/** The reply to EHLO. `now`: milliseconds since the epoch, for the latest time of FUTURERELEASE. RFC 5321 §4.1.1.1 */
export function ehloReply(terms: Terms, secure: boolean, now: number): Reply {
  const known = offer(terms, secure)
  const second = Math.floor((now + terms.limits.holdMaximum) / 1000)
  if (known.reply === undefined || known.second !== second) {
    const lines = Array.from(known.set, (extension) => keywordLine(extension, terms.limits, now))
    known.reply = { code: 250, lines: [terms.hostname, ...lines] }
    known.second = second
  }
  return known.reply
}

function keywordLine(extension: Extension, limits: SessionLimits, now: number): string {
  const parameters = PARAMETERS.get(extension)
  return parameters === undefined ? extension : `${extension} ${parameters(limits, now)}`
}

/** What an extension says beside its keyword. */
const PARAMETERS: ReadonlyMap<Extension, (limits: SessionLimits, now: number) => string> = new Map<
  Extension,
  (limits: SessionLimits, now: number) => string
>([
  ['SIZE', ({ size }) => String(size)],
  ['DELIVERBY', ({ deliverByMinimum }) => String(Math.ceil(deliverByMinimum / 1000))],
  ['FUTURERELEASE', (limits, now) => `${Math.floor(limits.holdMaximum / 1000)} ${latest(limits, now)}`],
  ['LIMITS', ({ transactions, recipients }) => `MAILMAX=${transactions} RCPTMAX=${recipients}`],
  ['AUTH', () => MECHANISMS.join(' ')],
  ['XCLIENT', () => XCLIENT_ATTRIBUTES],
])

/** RFC 4865 §3: the date-time of RFC 3339 §5.6, whole seconds in UTC. */
function latest(limits: SessionLimits, now: number): string {
  return `${new Date(now + limits.holdMaximum).toISOString().slice(0, 19)}Z`
}
