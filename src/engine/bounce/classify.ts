/** Why a host did not take a message, by what it said: rules first, then codes. Pure, but for words it remembers. */

import { CLASSES } from '#grammar/bounce'
import type { BounceClass, BounceType } from '#grammar/bounce'
import { even, withoutSummary } from './rule.ts'
import type { Rule, Said } from './rule.ts'
import { RULES } from './rules.ts'
import { classOfCode, classOfStatus } from './status.ts'

export type Classified = {
  readonly class: BounceClass
  readonly type: BounceType
  /** Which rule decided: of `RULES`, else `status 5.1.1`, `code 550 at RCPT` or `none`. */
  readonly rule: string
}

/** Of a reply that was given just now: a transient one says nothing for good of the address. */
export function classifyReply(said: Said): Classified {
  const found = ruleFor(said) ?? byCodes(said)
  const transient = said.code >= 400 && said.code < 500
  return transient && found.type === 'hard' ? { ...found, type: 'soft' } : found
}

/**
 * Of a delivery that was given up, by all that is said of it: the nearest words first, codes when no words are known.
 * What gave up for good on an address that is unknown for now knows no more than that it is unknown.
 */
export function classifyFinal(said: Said, more: readonly string[]): Classified {
  const texts = [said.text, ...more]
  const telling = texts.map(withoutSummary)
  // The last of more is said of all recipients, and to the reader: a status that tells anything tells better.
  const near = more.length === 0 ? telling : telling.slice(0, -1)
  const precise = said.enhanced.endsWith('.0') ? undefined : byStatus(said)
  const found = firstOf(said, near) ?? precise ?? firstOf(said, telling.slice(near.length)) ?? byStatus(said)
  // A summary says least, and nothing where the reply is known.
  return found ?? (said.code === 0 ? firstOf(said, texts) : undefined) ?? byCodes(said)
}

function firstOf(said: Said, texts: readonly string[]): Classified | undefined {
  for (const text of texts) {
    const found = text === '' ? undefined : ruleFor({ ...said, text, final: true })
    if (found !== undefined) return found
  }
  return undefined
}

function byStatus(said: Said): Classified | undefined {
  const status = classOfStatus(said.enhanced)
  return status === undefined ? undefined : classified(ofWhom(status, said), `status ${said.enhanced}`)
}

function byCodes(said: Said): Classified {
  const status = byStatus(said)
  if (status !== undefined) return status
  const code = classOfCode(said)
  if (code !== undefined)
    return classified(code, `code ${said.code}${said.stage === undefined ? '' : ` at ${said.stage}`}`)
  return classified('other', 'none')
}

function classified(name: BounceClass, rule: string): Classified {
  return { class: name, type: CLASSES[name].type, rule }
}

function ruleFor(said: Said): Classified | undefined {
  const found = firstRule(said)
  if (found === undefined) return undefined
  return classified(ofWhom(found.class, said), found.id)
}

/**
 * An address or domain that is unknown when only the sender has been named is the sender's. RFC 3463 §3.2
 * Who refuses before anybody is named refuses the host that connects.
 */
function ofWhom(name: BounceClass, { stage, enhanced }: Said): BounceClass {
  const isOfHost = stage === 'CONNECT' || stage === 'greeting' || stage === 'EHLO'
  if (isOfHost && name === 'policy') return 'reputation'
  // The name that is unknown is ours.
  if (isOfHost && (name === 'host-unknown' || name === 'user-unknown')) return 'reverse-dns'
  const isOfSender = stage === 'MAIL' || /^[45]\.1\.[78]$/.test(enhanced)
  return isOfSender && CLASSES[name].type === 'hard' ? 'sender-rejected' : name
}

/** Rules of one receiver stand before all others, and are few where the host is another. */
const OF_HOSTS = RULES.filter(({ hosts }) => hosts !== undefined)
const OF_ALL = RULES.filter(({ hosts }) => hosts === undefined)

/** The first rule that fits. */
export function firstRule(said: Said): Rule | undefined {
  const words = even(said.text)
  if (words === '') return undefined
  const takes = (rule: Rule): boolean => fits(rule, said) && rule.pattern.test(words)
  return OF_HOSTS.find(takes) ?? remembered(said, words, () => OF_ALL.find(takes))
}

/** Receivers say the same words thousands of times; to match them against all rules takes 0.1 ms. */
const MEMORY = new Map<string, Rule | null>()

/** Replies that are remembered; at most 3,000 characters each. */
const MEMORY_LIMIT = 500

function remembered(
  { stage, code, final = false }: Said,
  words: string,
  find: () => Rule | undefined,
): Rule | undefined {
  const key = `${stage ?? ''} ${code} ${final} ${words}`
  const known = MEMORY.get(key)
  if (known !== undefined) return known ?? undefined
  const found = find()
  if (MEMORY.size >= MEMORY_LIMIT) MEMORY.clear()
  MEMORY.set(key, found ?? null)
  return found
}

/** Everything but the words: cheap, and most rules of receivers end here. */
function fits(
  { hosts, stages, codes, final }: Rule,
  { host = '', domain = '', stage, code, ...said }: Said,
): boolean {
  if (final === true && said.final !== true) return false
  if (hosts !== undefined && !hosts.some((suffix) => isWithin(host, suffix) || isWithin(domain, suffix)))
    return false
  if (stages !== undefined && !stages.some((one) => one === stage)) return false
  return codes === undefined || codes.includes(code)
}

function isWithin(name: string, suffix: string): boolean {
  return (
    name.endsWith(suffix) && (name.length === suffix.length || name[name.length - suffix.length - 1] === '.')
  )
}
