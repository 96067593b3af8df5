/** One command line as a value. Knows the grammar of every command, and nothing of their order: that is the session. */

import { parsePath } from '#grammar/address'
import type { AddressRules, ReversePath } from '#grammar/address'

import type { CommandContext } from './command-context.ts'
import type { Recipient } from './envelope.ts'
import { MAIL_PARAMETERS, mailDefaults } from './mail-parameters.ts'
import type { MailParameters } from './mail-parameters.ts'
import { readParameters, syntax } from './parameter.ts'
import { RCPT_PARAMETERS } from './rcpt-parameters.ts'
import { reply } from './reply.ts'
import type { Reply } from './reply.ts'
import { parseXclient } from './xclient.ts'
import type { XclientAttributes } from './xclient.ts'

export type { CommandContext, MailParameters }

export type Command =
  /** `client` is what the client calls itself, safe for a trace field: other characters became `?`. */
  | { readonly verb: 'EHLO' | 'HELO'; readonly client: string }
  | { readonly verb: 'MAIL'; readonly from: ReversePath; readonly parameters: MailParameters }
  | { readonly verb: 'RCPT'; readonly recipient: Recipient }
  | { readonly verb: 'DATA' | 'RSET' | 'QUIT' | 'STARTTLS' }
  /** RFC 3030 §2 */
  | { readonly verb: 'BDAT'; readonly size: number; readonly last: boolean }
  /** `mechanism` in upper case. `initial` is base64 as sent; `''` for `=`, which is an empty response. RFC 4954 §4 */
  | { readonly verb: 'AUTH'; readonly mechanism: string; readonly initial?: string }
  | { readonly verb: 'NOOP' | 'HELP' | 'VRFY' | 'EXPN'; readonly argument: string }
  | { readonly verb: 'XCLIENT'; readonly attributes: XclientAttributes }
  /** Not a command of ours. `word` is for the log: at most 32 characters, printable ASCII. */
  | { readonly verb: 'unknown'; readonly word: string }
  /** A command of ours, wrongly said. `close` when the octets that follow cannot be told from commands. */
  | { readonly verb: 'refused'; readonly of: Verb; readonly reply: Reply; readonly close: boolean }

export type Verb = (typeof VERBS)[number]

export const VERBS = [
  'EHLO',
  'HELO',
  'MAIL',
  'RCPT',
  'DATA',
  'BDAT',
  'RSET',
  'NOOP',
  'QUIT',
  'VRFY',
  'EXPN',
  'HELP',
  'STARTTLS',
  'AUTH',
  'XCLIENT',
] as const

/** `line` is what `LineBuffer` gave: no CRLF. Whether the verb is offered or in place is the session's to say. */
export function parseCommand(line: string, context: CommandContext): Command {
  const space = line.indexOf(' ')
  const word = space === -1 ? line : line.slice(0, space)
  // RFC 5321 §4.1.1: spaces before CRLF are tolerated, for every command.
  const argument = space === -1 ? '' : withoutSpacesAtEnd(line.slice(space + 1))
  // Only ASCII letters have a case here: `ſ` in upper case is S.
  const verb = LETTERS.test(word) ? word.toUpperCase() : ''
  const read = GRAMMAR.get(verb)
  if (read === undefined) return { verb: 'unknown', word: word.replace(NOT_GRAPHIC, '?').slice(0, 32) }
  return read(argument, context)
}

function withoutSpacesAtEnd(text: string): string {
  let end = text.length
  while (text[end - 1] === ' ') end -= 1
  return text.slice(0, end)
}

const LETTERS = /^[A-Za-z]+$/
const NOT_GRAPHIC = /[^!-~]/g
const NOT_ASCII = /[^\0-\x7f]/
const CLIENT_OCTETS = 255
const NOT_IN_NAME = /[^A-Za-z0-9._:[\]-]/g
const AUTH = /^([A-Za-z0-9_-]{1,20})(?: ([A-Za-z0-9+/]*={0,2}))?$/
const BDAT = /^([0-9]{1,15})( LAST)?$/i

type Read = (argument: string, context: CommandContext) => Command

const GRAMMAR: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['EHLO', (argument) => hello('EHLO', argument)],
  ['HELO', (argument) => hello('HELO', argument)],
  ['MAIL', mail],
  ['RCPT', rcpt],
  ['DATA', (argument) => alone('DATA', argument)],
  ['BDAT', bdat],
  ['RSET', (argument) => alone('RSET', argument)],
  ['NOOP', (argument) => ({ verb: 'NOOP', argument })],
  ['QUIT', (argument) => alone('QUIT', argument)],
  ['VRFY', (argument) => withArgument('VRFY', argument)],
  ['EXPN', (argument) => withArgument('EXPN', argument)],
  ['HELP', (argument) => ({ verb: 'HELP', argument })],
  ['STARTTLS', (argument) => alone('STARTTLS', argument)],
  ['AUTH', auth],
  ['XCLIENT', xclient],
])

/** Lenient: machines call themselves what their owners called them, in Japan also in Japanese. */
function hello(verb: 'EHLO' | 'HELO', argument: string): Command {
  if (argument === '' || argument.includes(' ') || Buffer.byteLength(argument) > CLIENT_OCTETS)
    return refused(verb, syntax(`${verb} domain`))
  return { verb, client: argument.replace(NOT_IN_NAME, '?') }
}

function mail(argument: string, context: CommandContext): Command {
  const text = afterColon(argument, 'FROM:')
  if (text === undefined) return refused('MAIL', syntax('MAIL FROM:<path>'))
  const path = parsePath(text, pathRules(context.address, context.offered.has('SMTPUTF8')))
  if (!path.ok) return refused('MAIL', badPath(path, '5.1.7', 'reverse-path'))
  const parameters = mailDefaults()
  const refusal = readParameters(path.rest, MAIL_PARAMETERS, parameters, context)
  if (refusal !== undefined) return refused('MAIL', refusal)
  // The path comes before the parameter that allows it.
  const written = text.slice(0, text.length - path.rest.length)
  if (!parameters.smtputf8 && NOT_ASCII.test(written)) return refused('MAIL', needsSmtputf8)
  return { verb: 'MAIL', from: path.value, parameters }
}

function rcpt(argument: string, context: CommandContext): Command {
  const text = afterColon(argument, 'TO:')
  if (text === undefined) return refused('RCPT', syntax('RCPT TO:<path>'))
  const { postmasterDomain } = context.address
  const rules = pathRules(context.address, context.smtputf8)
  const path = parsePath(text, postmasterDomain === undefined ? rules : { ...rules, postmasterDomain })
  if (!path.ok) return refused('RCPT', badPath(path, '5.1.3', 'forward-path'))
  if (path.value === null) return refused('RCPT', reply(501, '5.1.3', 'The forward-path may not be empty'))
  const parameters = {}
  const refusal = readParameters(path.rest, RCPT_PARAMETERS, parameters, context)
  if (refusal !== undefined) return refused('RCPT', refusal)
  return { verb: 'RCPT', recipient: { to: path.value, ...parameters } }
}

/** RFC 5321 §4.1.1.2 allows no space after the colon; so many clients send one that refusing it helps nobody. */
function afterColon(argument: string, word: 'FROM:' | 'TO:'): string | undefined {
  if (argument.slice(0, word.length).toUpperCase() !== word || NOT_ASCII.test(argument.slice(0, word.length)))
    return undefined
  return argument.slice(word.length).replace(/^ +/, '')
}

function pathRules({ looseDots = false, furtherHop = false }: AddressRules, smtputf8: boolean): AddressRules {
  return { looseDots, furtherHop, smtputf8 }
}

// RFC 6531 §3.5
const needsSmtputf8: Reply = reply(553, '5.6.7', 'An address that is not ASCII needs SMTPUTF8')

function badPath(path: { expected: string; needs?: 'SMTPUTF8' }, enhanced: string, name: string): Reply {
  return path.needs === undefined
    ? reply(501, enhanced, `Expected ${path.expected} in the ${name}`)
    : needsSmtputf8
}

function bdat(argument: string): Command {
  const [, size, last] = BDAT.exec(argument) ?? []
  // RFC 3030 §2: the octets follow at once. Without their number the next command cannot be found.
  if (size === undefined)
    return { verb: 'refused', of: 'BDAT', reply: syntax('BDAT octets [LAST]'), close: true }
  return { verb: 'BDAT', size: Number(size), last: last !== undefined }
}

function auth(argument: string): Command {
  const [, mechanism, response] = AUTH.exec(argument) ?? []
  if (mechanism === undefined) return refused('AUTH', reply(501, '5.5.2', 'Expected AUTH mechanism [base64]'))
  if (response === undefined) return { verb: 'AUTH', mechanism: mechanism.toUpperCase() }
  // RFC 4954 §4: `=` is the empty response, which could not be told from none.
  return { verb: 'AUTH', mechanism: mechanism.toUpperCase(), initial: response === '=' ? '' : response }
}

function xclient(argument: string): Command {
  const attributes = parseXclient(argument)
  return attributes === undefined
    ? refused('XCLIENT', syntax('attribute=value'))
    : { verb: 'XCLIENT', attributes }
}

function alone(verb: 'DATA' | 'RSET' | 'QUIT' | 'STARTTLS', argument: string): Command {
  return argument === '' ? { verb } : refused(verb, syntax(`${verb} alone`))
}

function withArgument(verb: 'VRFY' | 'EXPN', argument: string): Command {
  return argument === '' ? refused(verb, syntax(`${verb} name`)) : { verb, argument }
}

function refused(of: Verb, because: Reply): Command {
  return { verb: 'refused', of, reply: because, close: false }
}
