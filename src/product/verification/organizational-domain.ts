/** Which part of a name one registers: the domain that speaks for all below it. RFC 7489 §3.2 */

import { getDomain } from 'tldts'

/** `mail.example.co.jp` → `example.co.jp`, by the list of public suffixes; a name that is a suffix is its own. */
export function organizationalDomain(name: string): string {
  return getDomain(name, { allowPrivateDomains: true }) ?? name
}
