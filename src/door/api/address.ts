/** Addresses of requests: read, with the place of what is none. */

import { parseMailbox } from '#grammar/address'
import type { Mailbox } from '#grammar/address'
import type { Author } from '#grammar/composition'

import type { AddressRequest } from './message-schema.ts'
import { invalidAt } from './problem.ts'

/** @throws {Problem} `invalid` */
export function author(request: AddressRequest, pointer: string): Author {
  if (typeof request !== 'string')
    return { name: request.name ?? '', mailbox: mailbox(request.email, pointer) }
  const { name, address } = named(request.trim())
  return { name, mailbox: mailbox(address, pointer) }
}

/** @throws {Problem} `invalid` */
export function mailbox(text: string, pointer: string): Mailbox {
  const parsed = parseMailbox(text, { smtputf8: true, looseDots: true })
  if (parsed.ok && parsed.rest === '') return parsed.value
  throw invalidAt(pointer, `${text} is not an address`)
}

export function distinct(all: readonly Mailbox[]): readonly Mailbox[] {
  return [...new Map(all.map((each) => [`${each.local}@${each.domain}`, each])).values()]
}

/** `Name <address>`, the name quoted or not. In one pass: a remote side chose the text. RFC 5322 §3.4 */
function named(text: string): { readonly name: string; readonly address: string } {
  const open = text.lastIndexOf('<')
  if (open === -1 || !text.endsWith('>')) return { name: '', address: text }
  const phrase = text.slice(0, open).trim()
  const address = text.slice(open + 1, -1)
  if (phrase.length > 1 && phrase.startsWith('"') && phrase.endsWith('"'))
    return { name: phrase.slice(1, -1).replaceAll(/\\(.)/g, '$1'), address }
  // What is half a quotation, or a second address, is left as it is, to be refused as no address.
  return /[<>"]/.test(phrase) ? { name: '', address: text } : { name: phrase, address }
}
