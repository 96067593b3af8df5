/**
 * The SMTP server session as a value: no sockets, no clock, no awaiting.
 *
 * `step` takes the state and what happened, and says what to answer, what to become and what to ask of
 * the driver that owns the socket. What is asked comes back as a later event. RFC 5321 §4.1.4
 */

import { parseCommand } from './command.ts'
import type { Command, Verb } from './command.ts'
import type { Line } from './line.ts'
import { reply } from './reply.ts'
import type { Reply } from './reply.ts'
import { auth, granted, response, verified } from './session-login.ts'
import type { Event, Identity, Peer, Session, Step, Surroundings } from './session-state.ts'
import { ehloReply, offered } from './session-terms.ts'
import type { Terms } from './session-terms.ts'
import {
  addressed,
  badSequence,
  bdat,
  chunkConsumed,
  contentEnded,
  data,
  mail,
  opened,
  rcpt,
} from './session-transaction.ts'

const ok = reply(250, '2.0.0', 'OK')
const bye = reply(221, '2.0.0', 'Bye')
const unknownCommand = reply(500, '5.5.1', 'Command not recognised')
const notHttp = reply(554, '5.5.1', 'This is SMTP, not HTTP')
const cannotVerify = reply(252, '2.5.0', 'Cannot VRFY, but will take the message and try to deliver it')
const noExpansion = reply(502, '5.5.1', 'EXPN is not offered here')
const help = reply(214, '2.0.0', 'EHLO MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY HELP STARTTLS AUTH: RFC 5321')
const needsTls = reply(530, '5.7.0', 'Must issue a STARTTLS command first')
const noTls = reply(502, '5.5.1', 'STARTTLS is not offered here')
const alreadySecure = reply(503, '5.5.1', 'TLS is already active')
const goAhead = reply(220, '2.0.0', 'Ready to start TLS')
const noXclient = reply(550, '5.7.0', 'XCLIENT is not for this address')
const tooManyErrors = reply(421, '4.7.0', 'Too many errors, closing')
const tooManyCommands = reply(421, '4.7.0', 'Too many commands in one session, closing')

const faults: Record<Extract<Line, { kind: 'fault' }>['fault'], Reply> = {
  'too-long': reply(500, '5.5.2', 'Line too long'),
  'bare-cr': reply(500, '5.5.2', 'Bare CR in a command'),
  'bare-lf': reply(500, '5.5.2', 'Lines end with CRLF, not with LF'),
  nul: reply(500, '5.5.2', 'NUL in a command'),
  'not-utf8': reply(500, '5.5.2', 'Command is not UTF-8'),
}

/** A browser, or a page in one that was told to speak to us. One reply, then the end. */
const http = new Set(['GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE', 'PATCH', 'PRI'])

/** RFC 3207 §4: where TLS is required nothing else is answered before it. */
const beforeTls: ReadonlySet<Verb> = new Set<Verb>(['EHLO', 'NOOP', 'QUIT', 'STARTTLS'])

/** The session at its first reply. `trusted` is whom the client's address alone lets it send for. */
export function greet(terms: Terms, secure: boolean, trusted?: Identity): Step {
  const who = trusted === undefined ? {} : { trusted, identity: trusted }
  const peer: Peer = { secure, commands: 0, errors: 0, mails: 0, ...who }
  return { session: { at: 'greeted', peer }, replies: [greeting(terms)] }
}

/** RFC 2034 §4: no enhanced code in the greeting. */
function greeting(terms: Terms): Reply {
  return { code: 220, lines: [`${terms.hostname} ESMTP Hikyaku`] }
}

/**
 * One step. RFC 5321 §4.1.4
 * @throws {Error} when the driver gives an event that this state does not wait for: its fault, never the peer's
 */
export function step(session: Session, event: Event, at: Surroundings): Step {
  const next = event.kind === 'line' ? onLine(session, event.line, at) : onAnswer(session, event, at)
  return judged(next, at.terms, event.kind === 'addressed' && event.fault !== true)
}

/** Counts what went wrong, and ends the session when it is too much. */
function judged(next: Step, terms: Terms, blameless: boolean): Step {
  const { session, replies } = next
  const last = replies.at(-1)
  if (last === undefined || session.at === 'closed') return next
  // RFC 5321 §3.8: after 421 the connection closes, whoever said it.
  if (last.code === 421)
    return { session: { at: 'closed', peer: session.peer }, replies, action: { kind: 'close' } }
  // A list of recipients may have many that are refused, and whoever sends it has done nothing wrong.
  if (last.code < 500 || blameless) return next
  const peer = { ...session.peer, errors: session.peer.errors + 1 }
  if (peer.errors < terms.limits.errors) return { ...next, session: { ...session, peer } }
  return { session: { at: 'closed', peer }, replies: [...replies, tooManyErrors], action: { kind: 'close' } }
}

function onLine(session: Session, line: Line, at: Surroundings): Step {
  if (session.at === 'challenged') return response(session, line)
  if (isAtCommand(session)) return onCommandLine(counted(session), line, at)
  // The driver owes an event.
  throw new Error(`a line while ${session.at}`)
}

type AtCommand = Extract<Session, { at: 'greeted' | 'ready' | 'mail' | 'chunks' }>

function isAtCommand(session: Session): session is AtCommand {
  const { at } = session
  return at === 'greeted' || at === 'ready' || at === 'mail' || at === 'chunks'
}

function counted(session: AtCommand): AtCommand {
  return { ...session, peer: { ...session.peer, commands: session.peer.commands + 1 } }
}

function onCommandLine(session: AtCommand, line: Line, at: Surroundings): Step {
  if (session.peer.commands > at.terms.limits.commands) return end(session, tooManyCommands)
  if (line.kind === 'fault') {
    // Who sends LF alone waits for a reply after each of its lines, and we would wait for their end.
    const said = faults[line.fault]
    return line.fault === 'bare-lf' ? end(session, said) : { session, replies: [said] }
  }
  return onCommand(session, understand(session, line.text, at), at)
}

function understand(session: AtCommand, text: string, { terms, now }: Surroundings): Command {
  return parseCommand(text, {
    offered: offered(terms, session.peer.secure),
    smtputf8: session.at === 'mail' && session.transaction.parameters.smtputf8,
    now: now(),
    address: { postmasterDomain: terms.hostname, looseDots: terms.limits.looseDots, furtherHop: true },
    holdMaximum: terms.limits.holdMaximum,
    deliverByMinimum: terms.limits.deliverByMinimum,
  })
}

function onCommand(session: AtCommand, command: Command, at: Surroundings): Step {
  if (command.verb === 'unknown') return unknown(session, command.word)
  if (mustWaitForTls(session, command, at.terms)) return untilTls(session, command)
  if (command.verb === 'refused') {
    return command.close ? end(session, command.reply) : { session, replies: [command.reply] }
  }
  if (command.verb === 'MAIL') return mail(session, command, at)
  if (command.verb === 'RCPT') return forgiven(rcpt(session, command.recipient, at))
  if (command.verb === 'BDAT') return bdat(session, command, at)
  if (command.verb === 'AUTH') return auth(session, command, at)
  return onOtherCommand(session, command, at)
}

function unknown(session: AtCommand, word: string): Step {
  return http.has(word.toUpperCase()) ? end(session, notHttp) : { session, replies: [unknownCommand] }
}

function mustWaitForTls({ peer }: AtCommand, command: Understood, terms: Terms): boolean {
  if (!terms.requireTls || peer.secure) return false
  return !beforeTls.has(command.verb === 'refused' ? command.of : command.verb)
}

type Understood = Exclude<Command, { verb: 'unknown' }>
type Other = Exclude<Command, { verb: 'unknown' | 'refused' | 'MAIL' | 'RCPT' | 'BDAT' | 'AUTH' }>

function onOtherCommand(session: AtCommand, command: Other, at: Surroundings): Step {
  switch (command.verb) {
    case 'EHLO':
    case 'HELO':
      return introduced(session, command.client, command.verb === 'EHLO', at)
    case 'RSET':
      return { session: reset(session), replies: [ok] }
    case 'NOOP':
      return { session, replies: [ok] }
    case 'QUIT':
      return end(session, bye)
    case 'VRFY':
      return { session, replies: [cannotVerify] }
    case 'EXPN':
      return { session, replies: [noExpansion] }
    case 'HELP':
      return { session, replies: [help] }
    case 'STARTTLS':
      return startTls(session, at.terms)
    case 'XCLIENT':
      return xclient(session, command, at.terms)
    case 'DATA':
      return data(session)
  }
}

/** RFC 5321 §4.1.4: EHLO and HELO also do what RSET does. */
function introduced(
  session: AtCommand,
  client: string,
  extended: boolean,
  { terms, now }: Surroundings,
): Step {
  const { peer } = session
  const said = extended
    ? ehloReply(terms, peer.secure, now())
    : { code: 250, lines: [terms.hostname] as const }
  return { session: { at: 'ready', peer, as: { client, extended } }, replies: [said] }
}

/** RSET keeps the introduction and forgets the transaction. RFC 5321 §4.1.1.5 */
function reset(session: AtCommand): AtCommand {
  return session.at === 'greeted' ? session : { at: 'ready', peer: session.peer, as: session.as }
}

/** RCPT in its place does not count against the commands: a transaction may have thousands. */
function forgiven(next: Step): Step {
  const { session } = next
  if (session.at !== 'mail' && session.at !== 'addressing') return next
  return { ...next, session: { ...session, peer: { ...session.peer, commands: session.peer.commands - 1 } } }
}

/** Octets after a BDAT that is refused for want of TLS are consumed all the same. RFC 3030 §2 */
function untilTls(session: AtCommand, command: Command): Step {
  if (command.verb === 'BDAT')
    return { session, replies: [needsTls], action: { kind: 'skip', size: command.size } }
  if (command.verb === 'DATA') return { session, replies: [needsTls], action: { kind: 'beware' } }
  return command.verb === 'refused' && command.close
    ? end(session, needsTls)
    : { session, replies: [needsTls] }
}

function startTls(session: AtCommand, terms: Terms): Step {
  if (session.peer.secure) return { session, replies: [alreadySecure] }
  if (terms.tls !== 'starttls') return { session, replies: [noTls] }
  if (session.at !== 'ready') return { session, replies: [badSequence] }
  return {
    session: { at: 'upgrading', peer: session.peer },
    replies: [goAhead],
    action: { kind: 'starttls' },
  }
}

function xclient(session: AtCommand, command: Extract<Command, { verb: 'XCLIENT' }>, terms: Terms): Step {
  if (!terms.xclient) return { session, replies: [noXclient] }
  if (session.at === 'mail' || session.at === 'chunks') return { session, replies: [badSequence] }
  const action = { kind: 'xclient', attributes: command.attributes } as const
  return { session: { at: 'upgrading', peer: session.peer }, replies: [], action }
}

function end(session: Session, last: Reply): Step {
  return { session: { at: 'closed', peer: session.peer }, replies: [last], action: { kind: 'close' } }
}

function onAnswer(session: Session, event: Exclude<Event, { kind: 'line' }>, { terms }: Surroundings): Step {
  if (session.at === 'opening' && event.kind === 'opened') return opened(session, event.reply)
  if (session.at === 'addressing' && event.kind === 'addressed') return addressed(session, event.reply)
  if (session.at === 'data' || session.at === 'chunk') return afterContent(session, event)
  if (session.at === 'checking') return afterCheck(session, event)
  if (session.at === 'upgrading') return afterUpgrade(session, event, terms)
  throw unexpected(event, session)
}

function unexpected(event: Event, session: Session): Error {
  return new Error(`${event.kind} while ${session.at}`)
}

function afterContent(session: Extract<Session, { at: 'data' | 'chunk' }>, event: Event): Step {
  if (event.kind === 'content') return contentEnded(session, event.reply, event.close ?? false)
  if (event.kind === 'chunk' && session.at === 'chunk') return chunkConsumed(session, event.size, event.reply)
  throw unexpected(event, session)
}

function afterUpgrade({ peer }: Session, event: Event, terms: Terms): Step {
  if (event.kind === 'secured') return { session: secured(peer), replies: [] }
  if (event.kind === 'proxied') return { session: proxied(peer, event), replies: [greeting(terms)] }
  throw new Error(`${event.kind} while upgrading`)
}

function afterCheck(session: Extract<Session, { at: 'checking' }>, event: Event): Step {
  if (event.kind === 'granted') return granted(session, event.identity)
  if (event.kind === 'verifier') return verified(session, event.verifier)
  if (event.kind === 'denied') {
    return { session: { at: 'ready', peer: session.peer, as: session.as }, replies: [event.reply] }
  }
  throw unexpected(event, session)
}

/** RFC 3207 §4.2: what was learned in clear is forgotten. What was done wrong is not, or TLS would be a way around limits. */
function secured({ trusted, proxiedHelo, commands, errors, mails }: Peer): Session {
  const who = trusted === undefined ? {} : { trusted, identity: trusted }
  const helo = proxiedHelo === undefined ? {} : { proxiedHelo }
  return { at: 'greeted', peer: { secure: true, commands, errors, mails, ...who, ...helo } }
}

/**
 * The greeting, once more. A client that is introduced need not be again: HELO and PROTO survive the greeting, and
 * mail may follow at once. Postfix XCLIENT_README, "Server response"
 */
function proxied(before: Peer, event: Extract<Event, { kind: 'proxied' }>): Session {
  const { trusted, identity = trusted, protocol } = event
  const helo = event.helo === undefined ? before.proxiedHelo : (event.helo ?? undefined)
  const { secure, commands, errors, mails } = before
  const peer: Peer = {
    secure,
    commands,
    errors,
    mails,
    ...(trusted === undefined ? {} : { trusted }),
    ...(identity === undefined ? {} : { identity }),
    ...(helo === undefined ? {} : { proxiedHelo: helo }),
  }
  const isIntroduced = typeof event.helo === 'string' || typeof protocol === 'string'
  if (!isIntroduced) return { at: 'greeted', peer }
  return { at: 'ready', peer, as: { client: helo ?? '', extended: protocol === 'ESMTP' } }
}
