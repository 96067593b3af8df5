/**
 * What a receiver makes of an address by the SPF record of a domain: check_host() of RFC 7208 §4, which also says
 * which term decided and what it cost. For checking one's own records; explanations (`exp=`) are not fetched.
 */

import { isIPv6 } from 'node:net'

import { normalAddress, parseRanges } from '#platform/address-range'
import type { Dns } from '#platform/dns'

import { lookUp, reverseName } from './lookup.ts'
import type { Found } from './lookup.ts'
import { expandMacros } from './spf-macro.ts'
import type { SpfQuestion } from './spf-macro.ts'
import { isSpf, parseSpf } from './spf-record.ts'
import type { Directive, Qualifier } from './spf-record.ts'

export type SpfResult = 'none' | 'neutral' | 'pass' | 'fail' | 'softfail' | 'temperror' | 'permerror'

export type SpfVerdict = {
  readonly result: SpfResult
  /** The term that decided, or what is wrong. */
  readonly because: string
  /** Of the ten that terms may cost. */
  readonly lookups: number
}

/** RFC 7208 §4.6.4 */
const LIMIT = { lookups: 10, voids: 2, names: 10 } as const

const RESULT: Readonly<Record<Qualifier, SpfResult>> = {
  '+': 'pass',
  '-': 'fail',
  '~': 'softfail',
  '?': 'neutral',
}

/** What one evaluation has used, over all records it comes to. */
type Spent = { lookups: number; voids: number }
type Run = { readonly dns: Dns; readonly question: SpfQuestion; readonly spent: Spent }
type Verdict = Pick<SpfVerdict, 'result' | 'because'>
/** Whether a term matches, or why that cannot be told. */
type Matched = boolean | Verdict

export async function evaluateSpf(dns: Dns, domain: string, question: SpfQuestion): Promise<SpfVerdict> {
  // An IPv4-mapped address is an IPv4 address. RFC 7208 §5
  const address = normalAddress(question.address) ?? question.address
  const run = { dns, question: { ...question, address }, spent: { lookups: 0, voids: 0 } }
  return { ...(await checkHost(run, domain)), lookups: run.spent.lookups }
}

/** The record itself, which must be the only one. RFC 7208 §4.5 */
export async function findSpf(dns: Dns, domain: string): Promise<Found<string>> {
  const found = await lookUp(dns, domain, 'TXT')
  if (found.kind !== 'found') return found
  const records = found.records.filter(isSpf)
  return records.length === 0 ? { kind: 'none' } : { kind: 'found', records }
}

async function checkHost(run: Run, domain: string): Promise<Verdict> {
  const found = await findSpf(run.dns, domain)
  if (found.kind === 'unknown') return { result: 'temperror', because: `${domain}: ${found.why}` }
  if (found.kind === 'none') return { result: 'none', because: `${domain} has no SPF record` }
  const [text = '', ...more] = found.records
  if (more.length > 0) return broken(`${domain} has ${found.records.length} SPF records`)
  const record = parseSpf(text)
  if ('wrong' in record) return broken(`${record.wrong} of ${domain}`)
  for (const directive of record.directives) {
    const matched = await matches(run, domain, directive)
    if (typeof matched !== 'boolean') return matched
    if (matched) return { result: RESULT[directive.qualifier], because: directive.text }
  }
  return record.redirect === undefined
    ? { result: 'neutral', because: `no term of ${domain} matches` }
    : redirected(run, domain, record.redirect)
}

/** RFC 7208 §6.1 */
async function redirected(run: Run, domain: string, spec: string): Promise<Verdict> {
  const target = expandMacros(spec, domain, run.question)
  if (target === undefined) return broken(`redirect=${spec} of ${domain}`)
  const verdict = spend(run) ?? (await checkHost(run, target))
  return verdict.result === 'none' ? broken(`redirect=${spec}: ${verdict.because}`) : verdict
}

async function matches(run: Run, domain: string, directive: Directive): Promise<Matched> {
  switch (directive.mechanism) {
    case 'all':
      return true
    case 'ip4':
    case 'ip6':
      return inNetwork(run, directive)
    case 'include':
    case 'a':
    case 'mx':
    case 'ptr':
    case 'exists': {
      const target = directive.target === '' ? domain : expandMacros(directive.target, domain, run.question)
      if (target === undefined) return broken(`${directive.text} of ${domain}`)
      return spend(run) ?? looked(run, target, directive)
    }
  }
}

function inNetwork({ question }: Run, { mechanism, target, prefix, text }: Directive): Matched {
  const isV6 = target.includes(':')
  const parsed = parseRanges([`${target}/${isV6 ? prefix.v6 : prefix.v4}`])
  if (!parsed.ok || isV6 !== (mechanism === 'ip6')) return broken(text)
  return parsed.ranges.matches(question.address)
}

function looked(run: Run, target: string, directive: Directive): Promise<Matched> {
  switch (directive.mechanism) {
    case 'include':
      return included(run, target)
    case 'a':
      return hasAddress(run, target, directive)
    case 'mx':
      return throughMx(run, target, directive)
    case 'ptr':
      return throughPtr(run, target)
    case 'exists':
      return ask(run, target, 'A').then((found) => asMatch(run, found, () => true))
    case 'all':
    case 'ip4':
    case 'ip6':
      return Promise.resolve(false)
  }
}

/** RFC 7208 §5.2 */
async function included(run: Run, target: string): Promise<Matched> {
  const { result, because } = await checkHost(run, target)
  switch (result) {
    case 'pass':
      return true
    case 'fail':
    case 'softfail':
    case 'neutral':
      return false
    case 'none':
      return broken(`include:${target}: ${because}`)
    case 'temperror':
    case 'permerror':
      return { result, because: `include:${target}: ${because}` }
  }
}

async function hasAddress(run: Run, name: string, { prefix }: Directive): Promise<Matched> {
  const { address } = run.question
  const found = await ask(run, name, isIPv6(address) ? 'AAAA' : 'A')
  return asMatch(run, found, (records) => {
    const length = isIPv6(address) ? prefix.v6 : prefix.v4
    const parsed = parseRanges(records.map((record) => `${record}/${length}`))
    return parsed.ok && parsed.ranges.matches(address)
  })
}

/** The addresses of up to ten exchanges are not counted among the lookups. RFC 7208 §4.6.4 */
async function throughMx(run: Run, name: string, directive: Directive): Promise<Matched> {
  const found = await ask(run, name, 'MX')
  if (found.kind !== 'found') return asMatch(run, found, () => false)
  if (found.records.length > LIMIT.names)
    return broken(`${directive.text}: more than ${LIMIT.names} MX records`)
  for (const { exchange } of found.records) {
    const matched = await hasAddress(run, exchange, directive)
    if (matched !== false) return matched
  }
  return false
}

/** Names of the address that lead back to it, at or below `target`. RFC 7208 §5.5 */
async function throughPtr(run: Run, target: string): Promise<Matched> {
  const { address } = run.question
  const found = await ask(run, reverseName(address), 'PTR')
  // RFC 7208 §5.5: an error here is no match, not an error.
  if (found.kind !== 'found') return false
  const below = `.${target.toLowerCase()}`
  const names = found.records.slice(0, LIMIT.names).filter((name) => `.${name}`.endsWith(below))
  for (const name of names) {
    const back = await lookUp(run.dns, name, isIPv6(address) ? 'AAAA' : 'A')
    if (back.kind === 'found' && back.records.some((one) => normalAddress(one) === address)) return true
  }
  return false
}

type Question = 'A' | 'AAAA' | 'MX' | 'PTR'

/** Counts the answers that are void. */
async function ask<T extends Question>(run: Run, name: string, type: T): ReturnType<typeof lookUp<T>> {
  const found = await lookUp(run.dns, name, type)
  if (found.kind === 'none') run.spent.voids += 1
  return found
}

function asMatch<T>({ spent }: Run, found: Found<T>, test: (records: readonly T[]) => boolean): Matched {
  switch (found.kind) {
    case 'found':
      return test(found.records)
    case 'none':
      return spent.voids > LIMIT.voids && broken(`more than ${LIMIT.voids} lookups lead to nothing`)
    case 'unknown':
      return { result: 'temperror', because: found.why }
  }
}

/** One of the ten. */
function spend({ spent }: Run): Verdict | undefined {
  spent.lookups += 1
  return spent.lookups > LIMIT.lookups ? broken(`more than ${LIMIT.lookups} lookups`) : undefined
}

function broken(because: string): Verdict {
  return { result: 'permerror', because }
}
