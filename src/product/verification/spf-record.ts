/** SPF records as text and as terms. RFC 7208 §4.5, §4.6.1, §12 */

export type Qualifier = '+' | '-' | '~' | '?'

export type Directive = {
  /** As it stands in the record. */
  readonly text: string
  readonly qualifier: Qualifier
  readonly mechanism: 'all' | 'include' | 'a' | 'mx' | 'ptr' | 'ip4' | 'ip6' | 'exists'
  /** A domain with macros, or an address; empty when the term names none. */
  readonly target: string
  /** Of IPv4 and of IPv6. */
  readonly prefix: { readonly v4: number; readonly v6: number }
}

export type SpfRecord = {
  readonly directives: readonly Directive[]
  /** Looked at only when nothing matches and there is no `all`. RFC 7208 §6.1 */
  readonly redirect?: string
}

export function isSpf(text: string): boolean {
  return /^v=spf1(?: |$)/i.test(text)
}

/** A term that makes the whole record useless comes back as `wrong`. RFC 7208 §4.6 */
export function parseSpf(text: string): SpfRecord | { readonly wrong: string } {
  const terms = text.split(' ').filter((term) => term !== '')
  const directives: Directive[] = []
  let redirect: string | undefined
  for (const term of terms.slice(1)) {
    const read = parseTerm(term)
    if (read === undefined || (typeof read === 'string' && redirect !== undefined)) return { wrong: term }
    if (typeof read === 'string') redirect = read
    else directives.push(...read)
  }
  const hasAll = directives.some(({ mechanism }) => mechanism === 'all')
  return redirect === undefined || hasAll ? { directives } : { directives, redirect }
}

/** A directive, where to redirect, or nothing for a modifier that nobody knows. RFC 7208 §6 */
function parseTerm(term: string): readonly Directive[] | string | undefined {
  const [modifier, name = '', value = ''] = MODIFIER.exec(term) ?? []
  if (modifier !== undefined) return name.toLowerCase() === 'redirect' ? value || undefined : []
  const directive = parseDirective(term)
  return directive && [directive]
}

const MODIFIER = /^([a-z][a-z0-9\-_.]*)=(.*)$/i

const TERM = /^([+\-~?]?)(all|include|a|mx|ptr|ip4|ip6|exists)([:/].*)?$/i

function parseDirective(text: string): Directive | undefined {
  const [matched, qualifier, name = '', rest = ''] = TERM.exec(text) ?? []
  if (matched === undefined) return undefined
  const mechanism = name.toLowerCase() as Directive['mechanism']
  const slash = prefixAt(rest)
  const colon = rest.slice(0, slash)
  const lengths = prefixOf(mechanism, rest.slice(slash))
  // A colon with nothing behind it is a mistake everywhere.
  if (lengths === undefined || colon === ':' || !fits(mechanism, colon !== '')) return undefined
  return {
    text,
    qualifier: (qualifier || '+') as Qualifier,
    mechanism,
    target: colon.slice(1),
    prefix: lengths,
  }
}

function fits(mechanism: Directive['mechanism'], hasTarget: boolean): boolean {
  if (mechanism === 'all') return !hasTarget
  return hasTarget || mechanism === 'a' || mechanism === 'mx' || mechanism === 'ptr'
}

/** Where the prefix lengths begin, which end the term: slashes before them belong to a macro. */
function prefixAt(text: string): number {
  const found = /\/\d*(?:\/\/\d*)?$|\/\/\d*$/.exec(text)
  return found?.index ?? text.length
}

const PREFIX = /^(?:\/(0|[1-9]\d{0,2}))?(?:\/\/(0|[1-9]\d{0,2}))?$/

function prefixOf(mechanism: Directive['mechanism'], text: string): Directive['prefix'] | undefined {
  const [matched, one, other] = PREFIX.exec(text) ?? []
  if (matched === undefined) return undefined
  if (mechanism === 'a' || mechanism === 'mx') return prefix(one, other)
  // An address has one length, and names have none.
  if (other !== undefined) return undefined
  if (mechanism === 'ip4') return prefix(one, undefined)
  if (mechanism === 'ip6') return prefix(undefined, one)
  return one === undefined ? prefix(undefined, undefined) : undefined
}

function prefix(v4 = '32', v6 = '128'): Directive['prefix'] | undefined {
  const lengths = { v4: Number(v4), v6: Number(v6) }
  return lengths.v4 <= 32 && lengths.v6 <= 128 ? lengths : undefined
}

/** The record with one more mechanism, before what ends the search. */
export function withMechanism(text: string, mechanism: string): string {
  const terms = text.split(' ').filter((term) => term !== '')
  const end = terms.findIndex((term) => /^(?:[+\-~?]?all|redirect=.*)$/i.test(term))
  return terms.toSpliced(end < 0 ? terms.length : end, 0, mechanism).join(' ')
}
