/** AUTH within the session: which replies the SASL exchange becomes. The exchange itself is `#grammar/sasl`. RFC 4954 */

import { isCancel, parseMechanism, resume, start, step as respond } from '#grammar/sasl'
import type { Mechanism, ScramVerifier, ServerStep } from '#grammar/sasl'

import type { Command } from './command.ts'
import type { Line } from './line.ts'
import { reply } from './reply.ts'
import type {
  Identity,
  Introduction,
  LoginQuestion,
  Peer,
  Session,
  Step,
  Surroundings,
} from './session-state.ts'
import { mayAuthenticate } from './session-terms.ts'

type At<Place extends Session['at']> = Extract<Session, { at: Place }>

const notOffered = reply(502, '5.5.1', 'AUTH is not offered here')
const encryptFirst = reply(538, '5.7.11', 'Encryption required: issue STARTTLS first')
const alreadyDone = reply(503, '5.5.1', 'Already authenticated')
const outOfPlace = reply(503, '5.5.1', 'AUTH is for after EHLO and before MAIL')
const unknownMechanism = reply(504, '5.5.4', 'Mechanism not supported')
const notBase64 = reply(501, '5.5.2', 'Malformed authentication exchange')
const givenUp = reply(501, '5.7.0', 'Authentication cancelled')
const lineTooLong = reply(500, '5.5.6', 'Authentication exchange line is too long')
const authenticated = reply(235, '2.7.0', 'Authentication successful')

export function auth(session: Session, command: Extract<Command, { verb: 'AUTH' }>, at: Surroundings): Step {
  const refusal = authRefusal(session, at)
  if (refusal !== undefined || session.at !== 'ready') return { session, replies: [refusal ?? outOfPlace] }
  const mechanism = parseMechanism(command.mechanism)
  if (mechanism === undefined) return { session, replies: [unknownMechanism] }
  return follow(session, begin(mechanism, at.nonce(), command.initial))
}

function authRefusal(session: Session, { terms }: Surroundings): Step['replies'][number] | undefined {
  if (terms.auth === 'none') return notOffered
  if (!mayAuthenticate(terms, session.peer.secure)) return encryptFirst
  if (session.peer.identity?.login !== undefined) return alreadyDone
  return session.at === 'ready' && session.as.extended ? undefined : outOfPlace
}

/** The command's empty initial response is `''`; on the wire, and for SASL, it is `=`. RFC 4954 §4 */
function begin(mechanism: Mechanism, nonce: string, initial: string | undefined): ServerStep {
  return initial === undefined
    ? start(mechanism, nonce)
    : start(mechanism, nonce, initial === '' ? '=' : initial)
}

/** A line while the client owes a response. */
export function response(session: At<'challenged'>, line: Line): Step {
  const { peer, as } = session
  if (line.kind === 'fault') {
    return { session: back(peer, as), replies: [line.fault === 'too-long' ? lineTooLong : notBase64] }
  }
  if (isCancel(line.text)) return { session: back(peer, as), replies: [givenUp] }
  return follow(session, respond(session.exchange, line.text))
}

export function verified(session: At<'checking'>, verifier: ScramVerifier): Step {
  if (session.first === undefined) throw new Error('a verifier that nobody asked for')
  return follow(session, resume(session.first, verifier))
}

export function granted({ peer, as }: At<'checking'>, identity: Identity): Step {
  return { session: back({ ...peer, identity }, as), replies: [authenticated] }
}

/** Back to where AUTH began. RFC 4954 §4 */
function back(peer: Peer, as: Introduction): At<'ready'> {
  return { at: 'ready', peer, as }
}

function follow({ peer, as }: At<'ready' | 'challenged' | 'checking'>, next: ServerStep): Step {
  switch (next.at) {
    case 'challenge':
      return {
        session: { at: 'challenged', peer, as, exchange: next.state },
        // RFC 4954 §4: the space stays when the challenge is empty; no enhanced code, the text is the challenge.
        replies: [{ code: 334, lines: [next.text] }],
      }
    case 'check':
      return ask(peer, as, { ask: 'check', login: next.login, password: next.password })
    case 'lookup':
      return {
        session: { at: 'checking', peer, as, first: next.first },
        replies: [],
        action: { kind: 'login', question: { ask: 'lookup', login: next.login } },
      }
    case 'proved':
      return ask(peer, as, { ask: 'proved', login: next.login })
    case 'refused':
      if (next.kind === 'malformed') return { session: back(peer, as), replies: [notBase64] }
      return ask(peer, as, { ask: 'failed', why: next.why })
  }
}

function ask(peer: Peer, as: Introduction, question: LoginQuestion): Step {
  return { session: { at: 'checking', peer, as }, replies: [], action: { kind: 'login', question } }
}
