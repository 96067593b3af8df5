/** MAIL, RCPT, DATA and BDAT within the session. RFC 5321 §3.3, RFC 3030 */

import type { Command } from './command.ts'
import type { Envelope, Recipient } from './envelope.ts'
import { reply } from './reply.ts'
import type { Reply } from './reply.ts'
import type {
  Identity,
  InTransaction,
  Offer,
  Peer,
  Recipients,
  Session,
  Step,
  Surroundings,
  Transaction,
} from './session-state.ts'
import { mayAuthenticate } from './session-terms.ts'
import type { Terms } from './session-terms.ts'

export const badSequence = reply(503, '5.5.1', 'Bad sequence of commands')

const needsAuth = reply(530, '5.7.0', 'Authentication required')
const needsTls = reply(530, '5.7.0', 'Must issue a STARTTLS command first')
const notTrusted = reply(550, '5.7.1', 'This listener takes mail from trusted networks only')
const tooLarge = reply(552, '5.3.4', 'Message size exceeds fixed maximum message size')
const tooManyMails = reply(421, '4.7.0', 'Too many transactions in one session, closing')
const tooManyRecipients = reply(452, '4.5.3', 'Too many recipients')
const farTooManyRecipients = reply(421, '4.7.0', 'Far too many recipients, closing')
const noRecipients = reply(554, '5.5.1', 'No valid recipients')
const needsBdat = reply(503, '5.5.1', 'BODY=BINARYMIME needs BDAT')
const mailOk = reply(250, '2.1.0', 'OK')
const rcptOk = reply(250, '2.1.5', 'OK')
const startData: Reply = { code: 354, lines: ['End data with <CR><LF>.<CR><LF>'] }

/** RCPT commands answered with 452 before the session is ended: who does not listen to so many will not listen. */
export const OVERSHOOT = 1000

/** A chunk of more than this many times the size limit is not waited for: it would only be thrown away. */
const CHUNK_PATIENCE = 2

/** Chunks of at least so many octets do not count against the commands: a large message is hundreds of them. */
const PROGRESS = 1024

export function mail(
  session: Session,
  command: Extract<Command, { verb: 'MAIL' }>,
  { terms }: Surroundings,
): Step {
  if (session.at !== 'ready') return { session, replies: [badSequence] }
  const { identity } = session.peer
  if (identity === undefined) return { session, replies: [whyNobody(terms, session.peer.secure)] }
  if (session.peer.mails >= terms.limits.transactions) return closing(session.peer, tooManyMails)
  // RFC 9422 §4: every MAIL counts, accepted or not.
  const peer = { ...session.peer, mails: session.peer.mails + 1 }
  const { from, parameters } = command
  // RFC 1870 §6.1
  if ((parameters.size ?? 0) > terms.limits.size)
    return { session: { ...session, peer }, replies: [tooLarge] }
  return {
    session: {
      at: 'opening',
      peer,
      as: session.as,
      transaction: { from, parameters, to: undefined, count: 0, overshoot: 0 },
    },
    replies: [],
    action: {
      kind: 'open',
      identity,
      from,
      ...(parameters.size === undefined ? {} : { size: parameters.size }),
    },
  }
}

function whyNobody(terms: Terms, secure: boolean): Reply {
  if (terms.auth === 'none') return notTrusted
  return mayAuthenticate(terms, secure) ? needsAuth : needsTls
}

/** The driver's word on MAIL. */
export function opened(session: InTransaction<'opening'>, refusal: Reply | undefined): Step {
  const { peer, as, transaction } = session
  if (refusal !== undefined) return { session: { at: 'ready', peer, as }, replies: [refusal] }
  return { session: { at: 'mail', peer, as, transaction }, replies: [mailOk] }
}

export function rcpt(session: Session, recipient: Recipient, { terms }: Surroundings): Step {
  if (session.at !== 'mail') return { session, replies: [badSequence] }
  const { peer, as, transaction } = session
  if (transaction.count >= terms.limits.recipients) {
    if (transaction.overshoot >= OVERSHOOT) return closing(peer, farTooManyRecipients)
    const over = { ...transaction, overshoot: transaction.overshoot + 1 }
    // RFC 5321 §4.5.3.1.10: 452 and not 552, so that the client sends the others in a second transaction.
    return { session: { at: 'mail', peer, as, transaction: over }, replies: [tooManyRecipients] }
  }
  const { identity } = peer
  if (identity === undefined) throw new Error('a transaction of nobody')
  return {
    session: { at: 'addressing', peer, as, transaction, recipient },
    replies: [],
    action: { kind: 'recipient', identity, to: recipient.to, before: transaction.count },
  }
}

/** The driver's word on RCPT. */
export function addressed(
  { peer, as, transaction, recipient }: Extract<Session, { at: 'addressing' }>,
  refusal: Reply | undefined,
): Step {
  if (refusal !== undefined) return { session: { at: 'mail', peer, as, transaction }, replies: [refusal] }
  const more = {
    ...transaction,
    to: { last: recipient, before: transaction.to },
    count: transaction.count + 1,
  }
  return { session: { at: 'mail', peer, as, transaction: more }, replies: [rcptOk] }
}

export function data(session: Session): Step {
  const refusal = dataRefusal(session)
  if (refusal !== undefined || session.at !== 'mail') {
    return { session, replies: [refusal ?? badSequence], action: { kind: 'beware' } }
  }
  return {
    session: { ...session, at: 'data' },
    replies: [startData],
    action: { kind: 'data', offer: offerOf(session) },
  }
}

function dataRefusal(session: Session): Reply | undefined {
  // RFC 3030 §2: DATA and BDAT are not mixed in one transaction.
  if (session.at !== 'mail') return badSequence
  if (session.transaction.count === 0) return noRecipients
  // RFC 3030 §3
  return session.transaction.parameters.body === 'binarymime' ? needsBdat : undefined
}

export function bdat(
  session: Session,
  command: Extract<Command, { verb: 'BDAT' }>,
  { terms }: Surroundings,
): Step {
  const { size, last } = command
  if (size > terms.limits.size * CHUNK_PATIENCE) return closing(session.peer, tooLarge)
  if (session.at !== 'mail' && session.at !== 'chunks') {
    return { session, replies: [badSequence], action: { kind: 'skip', size } }
  }
  if (session.transaction.count === 0) {
    return { session, replies: [noRecipients], action: { kind: 'skip', size } }
  }
  return {
    session: { ...session, at: 'chunk' },
    replies: [],
    action: { kind: 'chunk', size, last, offer: offerOf(session) },
  }
}

export function chunkConsumed(
  session: InTransaction<'chunk'>,
  size: number,
  refusal: Reply | undefined,
): Step {
  // RFC 3030 §2: after a chunk that failed the transaction is over; later chunks of it get 503.
  if (refusal !== undefined) return { session: afterTransaction(session, refusal), replies: [refusal] }
  const peer = size < PROGRESS ? session.peer : { ...session.peer, commands: session.peer.commands - 1 }
  return {
    session: { ...session, peer, at: 'chunks' },
    replies: [reply(250, '2.0.0', `${size} octets received`)],
  }
}

/** The content is dealt with, and with it the transaction. RFC 5321 §4.1.1.4 */
export function afterTransaction(session: InTransaction<'data' | 'chunk'>, said: Reply): Session {
  const { peer, as } = session
  // A client that gets mail through is a client that works: what it did wrong before is forgiven.
  return { at: 'ready', as, peer: said.code < 300 ? { ...peer, errors: 0 } : peer }
}

export function contentEnded(session: InTransaction<'data' | 'chunk'>, said: Reply, close: boolean): Step {
  return close ? closing(session.peer, said) : { session: afterTransaction(session, said), replies: [said] }
}

function closing(peer: Peer, last: Reply): Step {
  return { session: { at: 'closed', peer }, replies: [last], action: { kind: 'close' } }
}

function offerOf({ peer, as, transaction }: InTransaction<'mail' | 'chunks'>): Offer {
  const { identity } = peer
  if (identity === undefined) throw new Error('a transaction of nobody')
  return {
    identity,
    envelope: envelopeOf(transaction),
    client: peer.proxiedHelo ?? as.client,
    protocol: protocolName(as.extended, transaction, identity, peer.secure),
  }
}

function envelopeOf({ from, parameters, to }: Transaction): Envelope {
  // RFC 4954 §5: AUTH= is for servers that trust the client's word; it is understood and goes no further.
  const { submitter: _submitter, ...rest } = parameters
  return { ...rest, from, to: inOrder(to) }
}

/** In the order of RCPT; of duplicates the first. Local parts may be told apart by case. RFC 5321 §2.4 */
function inOrder(recipients: Recipients | undefined): readonly Recipient[] {
  const backwards: Recipient[] = []
  for (let link = recipients; link !== undefined; link = link.before) backwards.push(link.last)
  if (backwards.length < 2) return backwards
  const seen = new Map<string, Recipient>()
  for (const recipient of backwards.toReversed()) {
    const key = `${recipient.to.local}@${recipient.to.domain}`
    if (!seen.has(key)) seen.set(key, recipient)
  }
  return [...seen.values()]
}

/** RFC 3848, RFC 6531 §4.3. HELO knows neither TLS nor AUTH, so it is plain SMTP. */
function protocolName(
  extended: boolean,
  { parameters }: Transaction,
  identity: Identity,
  secure: boolean,
): string {
  if (!extended) return 'SMTP'
  const base = parameters.smtputf8 ? 'UTF8SMTP' : 'ESMTP'
  return `${base}${secure ? 'S' : ''}${identity.login === undefined ? '' : 'A'}`
}
