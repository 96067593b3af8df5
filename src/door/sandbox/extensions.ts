/** What the sandbox offers in answer to EHLO, by persona and by whether the connection is encrypted. */

import type { Extension } from '#grammar/smtp'

import type { Persona } from './persona.ts'
import { SIZE_LIMIT } from './transaction.ts'

const EXTENSIONS: readonly Extension[] = [
  'PIPELINING',
  'SIZE',
  '8BITMIME',
  'SMTPUTF8',
  'ENHANCEDSTATUSCODES',
  'CHUNKING',
  'BINARYMIME',
  'DSN',
  'DELIVERBY',
  'MT-PRIORITY',
  'AUTH',
]

const PARAMETERS: ReadonlyMap<Extension, string> = new Map([
  ['SIZE', `SIZE ${SIZE_LIMIT}`],
  ['AUTH', 'AUTH PLAIN LOGIN'],
])

export function offeredBy(
  { ehlo, without }: Persona,
  { isSecure, hasTls }: { readonly isSecure: boolean; readonly hasTls: boolean },
): ReadonlySet<Extension> {
  if (!ehlo) return new Set()
  const offered = new Set(EXTENSIONS)
  // RFC 3207 §4.2: not again inside TLS. RFC 8689 §3: REQUIRETLS only inside.
  if (isSecure) offered.add('REQUIRETLS')
  else if (hasTls) offered.add('STARTTLS')
  for (const one of without) offered.delete(one)
  return offered
}

/** The line of the answer to EHLO. */
export function keywordOf(extension: Extension): string {
  return PARAMETERS.get(extension) ?? extension
}
