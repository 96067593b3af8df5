/** The parameters of MAIL: what each may say, and what becomes of it. */

import { parseMailbox } from '#grammar/address'
import type { ReversePath } from '#grammar/address'

import type { CommandContext } from './command-context.ts'
import { parseDateTime } from './date-time.ts'
import type { Envelope } from './envelope.ts'
import { notOffered, syntax } from './parameter.ts'
import type { ParameterTable, ReadParameter } from './parameter.ts'
import { decodeXtext } from './xtext.ts'

/** What MAIL said beside the path, defaults filled in. */
export type MailParameters = Omit<Envelope, 'from' | 'to'> & {
  /** The submitter that AUTH= names; `null` is `<>`. RFC 4954 §5 */
  readonly submitter?: ReversePath
}

type Draft = { -readonly [K in keyof MailParameters]: MailParameters[K] }
type Read = ReadParameter<Draft>

/** RFC 3461 §4.4 */
const ENVID_CHARACTERS = 100
const SIZE = /^[0-9]{1,20}$/
const BY = /^([+-]?[0-9]{1,9});([RN])(T?)$/i
const HOLDFOR = /^[1-9][0-9]{0,8}$/
const PRIORITY = /^(?:0|-?[1-9])$/
const PRINTABLE = /^[ -~]+$/
const SECOND = 1000

export function mailDefaults(): Draft {
  return { body: '7bit', smtputf8: false, requireTls: false, priority: 0 }
}

// RFC 1870 §3: up to 20 digits. Beyond 2^53 the number is inexact, and beyond every limit all the same.
const size: Read = (value, draft) => {
  if (value === undefined || !SIZE.test(value)) return syntax('SIZE=octets')
  draft.size = Number(value)
}

// RFC 6152 §2, RFC 3030 §3
const body: Read = (value, draft, { offered }) => {
  switch (value?.toUpperCase()) {
    case '7BIT':
      draft.body = '7bit'
      return undefined
    case '8BITMIME':
      draft.body = '8bitmime'
      return undefined
    case 'BINARYMIME':
      if (!offered.has('BINARYMIME')) return notOffered()
      draft.body = 'binarymime'
      return undefined
    case undefined:
    default:
      return syntax('BODY=7BIT, 8BITMIME or BINARYMIME')
  }
}

// RFC 6531 §3.4: it takes no value.
const smtputf8: Read = (value, draft) => {
  if (value !== undefined) return syntax('SMTPUTF8 without a value')
  draft.smtputf8 = true
}

// RFC 8689 §2: it takes no value.
const requireTls: Read = (value, draft) => {
  if (value !== undefined) return syntax('REQUIRETLS without a value')
  draft.requireTls = true
}

// RFC 3461 §4.3
const ret: Read = (value, draft) => {
  const asked = value?.toUpperCase()
  if (asked !== 'FULL' && asked !== 'HDRS') return syntax('RET=FULL or HDRS')
  draft.ret = asked === 'FULL' ? 'full' : 'headers'
}

// RFC 3461 §4.4: printable once decoded. It goes into a field of the DSN: a CRLF in it would be another field.
const envid: Read = (value, draft) => {
  const decoded = value === undefined || value.length > ENVID_CHARACTERS ? undefined : decodeXtext(value)
  if (decoded === undefined || !PRINTABLE.test(decoded))
    return syntax('ENVID=xtext of at most 100 characters')
  draft.envid = decoded
}

// RFC 4954 §5: a mailbox in xtext, or <>.
const auth: Read = (value, draft) => {
  if (value === '<>') {
    draft.submitter = null
    return undefined
  }
  const mailbox = parseMailbox(decodeXtext(value ?? '') ?? '', { smtputf8: true, furtherHop: true })
  if (!mailbox.ok) return syntax('AUTH=mailbox in xtext or <>')
  draft.submitter = mailbox.value
}

// RFC 2852 §4
const by: Read = (value, draft, { now, deliverByMinimum }) => {
  const [, seconds, letter = '', trace = ''] = BY.exec(value ?? '') ?? []
  if (seconds === undefined) return syntax('BY=seconds;mode')
  const time = Number(seconds) * SECOND
  const returns = letter.toUpperCase() === 'R'
  // RFC 2852 §4: with R the time must be positive and not below the minimum that EHLO announces.
  if (returns && (time <= 0 || time < deliverByMinimum))
    return syntax(`a by-time of at least ${Math.max(1, Math.ceil(deliverByMinimum / SECOND))} seconds`)
  const mode = returns ? 'return' : 'notify'
  draft.deliverBy = { at: now + time, mode, trace: trace !== '', ...(time <= 0 ? { overdue: true } : {}) }
}

// RFC 4865 §4: seconds from now; HOLDFOR and HOLDUNTIL exclude each other.
const holdFor: Read = (value, draft, context) => {
  if (value === undefined || !HOLDFOR.test(value)) return syntax('HOLDFOR=seconds')
  return hold(context.now + Number(value) * SECOND, draft, context)
}

const holdUntil: Read = (value, draft, context) => {
  const until = parseDateTime(value ?? '')
  return until === undefined ? syntax('HOLDUNTIL=date-time of RFC 3339') : hold(until, draft, context)
}

const hold = (until: number, draft: Draft, { now, holdMaximum }: CommandContext): ReturnType<Read> => {
  if (draft.holdUntil !== undefined) return syntax('one of HOLDFOR and HOLDUNTIL')
  if (until > now + holdMaximum)
    return syntax(`a hold of at most ${Math.floor(holdMaximum / SECOND)} seconds`)
  draft.holdUntil = until
}

// RFC 6710 §4.1
const priority: Read = (value, draft) => {
  if (value === undefined || !PRIORITY.test(value)) return syntax('MT-PRIORITY from -9 to 9')
  draft.priority = Number(value)
}

export const MAIL_PARAMETERS: ParameterTable<Draft> = new Map([
  ['SIZE', { of: 'SIZE', read: size }],
  ['BODY', { of: '8BITMIME', read: body }],
  ['SMTPUTF8', { of: 'SMTPUTF8', read: smtputf8 }],
  ['RET', { of: 'DSN', read: ret }],
  ['ENVID', { of: 'DSN', read: envid }],
  ['AUTH', { of: 'AUTH', read: auth }],
  ['BY', { of: 'DELIVERBY', read: by }],
  ['HOLDFOR', { of: 'FUTURERELEASE', read: holdFor }],
  ['HOLDUNTIL', { of: 'FUTURERELEASE', read: holdUntil }],
  ['MT-PRIORITY', { of: 'MT-PRIORITY', read: priority }],
  ['REQUIRETLS', { of: 'REQUIRETLS', read: requireTls }],
])
