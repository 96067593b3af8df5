/** The parameters of RCPT, and ORCPT as it is passed on. RFC 3461 §4 */

import type { Notify, Recipient } from './envelope.ts'
import { syntax } from './parameter.ts'
import type { ParameterTable, ReadParameter } from './parameter.ts'
import { decodeUtf8Address, decodeXtext, encodeUtf8Address, encodeXtext } from './xtext.ts'

type Draft = { -readonly [K in keyof Omit<Recipient, 'to'>]: Recipient[K] }
type Read = ReadParameter<Draft>

/** RFC 3461 §4.2 */
const ORCPT_CHARACTERS = 500
const ORCPT = /^([A-Za-z0-9-]+);(.+)$/
const NOT_ASCII = /[^\0-\x7f]/
const CONTROL = /\p{Cc}/u

const CONDITIONS = new Map<string, Exclude<Notify, 'never'>[number]>([
  ['SUCCESS', 'success'],
  ['FAILURE', 'failure'],
  ['DELAY', 'delay'],
])

// RFC 3461 §4.1: NEVER alone, or a list of the others.
const notify: Read = (value, draft) => {
  if (value?.toUpperCase() === 'NEVER') {
    draft.notify = 'never'
    return undefined
  }
  const asked = (value ?? '').split(',').map((word) => CONDITIONS.get(word.toUpperCase()))
  const conditions = asked.filter((condition) => condition !== undefined)
  if (conditions.length < asked.length) return syntax('NOTIFY=NEVER, or SUCCESS, FAILURE and DELAY')
  draft.notify = [...new Set(conditions)]
}

const orcpt: Read = (value = '', draft, { smtputf8 }) => {
  const [, type, text = ''] = ORCPT.exec(value) ?? []
  const address = type === undefined ? undefined : decode(type.toLowerCase(), text, smtputf8)
  // It goes into Original-Recipient of the DSN: a CRLF in it would be another field.
  if (type === undefined || address === undefined || CONTROL.test(address) || value.length > ORCPT_CHARACTERS)
    return syntax('ORCPT=type;address in xtext of at most 500 characters')
  draft.orcpt = `${type.toLowerCase()};${address}`
}

function decode(type: string, text: string, smtputf8: boolean): string | undefined {
  // RFC 6533 §3: unitext only where the message itself is SMTPUTF8.
  if (type === 'utf-8') return NOT_ASCII.test(text) && !smtputf8 ? undefined : decodeUtf8Address(text)
  const address = decodeXtext(text)
  // RFC 3461 §4.2: every other type is ASCII.
  return address === undefined || NOT_ASCII.test(address) ? undefined : address
}

export const RCPT_PARAMETERS: ParameterTable<Draft> = new Map([
  ['NOTIFY', { of: 'DSN', read: notify }],
  ['ORCPT', { of: 'DSN', read: orcpt }],
])

/** `Recipient.orcpt` as the value of ORCPT=, in ASCII whatever the address, so that any hop with DSN takes it. RFC 3461 §4.2 */
export function formatOrcpt(original: string): string {
  const semicolon = original.indexOf(';')
  const type = original.slice(0, semicolon)
  const address = original.slice(semicolon + 1)
  return `${type};${type === 'utf-8' ? encodeUtf8Address(address) : encodeXtext(address)}`
}
