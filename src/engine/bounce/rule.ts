/** One rule of the classifier: data with its samples, which a test runs. What the words are matched against: `even`. */

import type { ReplyStage } from '#grammar/incoming'

import type { BounceClass } from '#grammar/bounce'

/** Where in the session it was said, in the words of the queue; `route` and `tls` are of this side. */
export type Stage = ReplyStage | 'route' | 'greeting' | 'tls' | 'content' | 'RSET'

/** What a host said, or why nothing was said. */
export type Said = {
  /** 0 when there was no reply. */
  readonly code: number
  /** RFC 3463; empty when there is none. */
  readonly enhanced: string
  readonly text: string
  /** One of `Stage`; another, as records of later versions may have, is of no rule. */
  readonly stage?: string
  /** The host that spoke. */
  readonly host?: string
  /** Of the recipient. */
  readonly domain?: string
  /** The delivery was given up with it. */
  readonly final?: boolean
}

export type Rule = {
  /** Named in logs, records and documents; never used for another again. */
  readonly id: string
  readonly class: BounceClass
  /** Linear, and matched against words made even. */
  readonly pattern: RegExp
  readonly stages?: readonly Stage[]
  readonly codes?: readonly number[]
  /** Of the host that spoke or of the recipient's domain: one suffix of it. */
  readonly hosts?: readonly string[]
  /** Only of a delivery that was given up. */
  readonly final?: true
  /** A public page or standard that says so, or `guess`. */
  readonly source: string
  readonly samples: readonly [Sample, ...Sample[]]
}

/** A reply as it is met; with where, when that matters. */
export type Sample =
  | string
  | (Partial<Pick<Said, 'stage' | 'host' | 'domain' | 'final'>> & { readonly reply: string })

type More = Partial<Pick<Rule, 'stages' | 'codes' | 'hosts' | 'final' | 'source'>>

/** Most rules are told by their words alone, learnt from replies seen. */
export function rule(
  id: `${BounceClass}/${string}`,
  pattern: RegExp,
  samples: readonly [Sample, ...Sample[]],
  more: More = {},
): Rule {
  return { id, class: id.split('/', 1)[0] as BounceClass, pattern, samples, source: 'replies seen', ...more }
}

/** One pattern of several, so that a rule reads as a list of what is said. */
export function any(...patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map(({ source }) => source).join('|'))
}

/**
 * What sendmail ends its transcripts with: the name of an exit code, of whatever the host said. Where the host itself is
 * quoted, that includes the user unknown that sendmail makes of any refusal of a recipient.
 */
const SUMMARY =
  /(?:^|\n)[ \t]*[45]\d\d(?: [45]\.\d\.\d{1,3})? (?:\S{1,320}\.\.\. )?(?:service unavailable|can't create output|unknown mailer error \d{1,3}|remote protocol error)[ \t]*(?=\n|$)/gi
const UNKNOWN = /(?:^|\n)[ \t]*5\d\d(?: 5\.1\.1)? \S{1,320}\.\.\. user unknown[ \t]*(?=\n|$)/gi
const REASON = /\(reason: can't create output\)/gi
const ALONE = /^\s*(?:service unavailable|can't create output)\s*$/i
const QUOTED = /(?:^|\n)[ \t]*<<< ?[45]\d\d/

/** The words that say what happened. */
export function withoutSummary(text: string): string {
  if (ALONE.test(text)) return ''
  const told = /\n|\.\.\.|\(reason/.test(text) ? text.replace(SUMMARY, '').replace(REASON, '') : text
  return QUOTED.test(told) ? told.replace(UNKNOWN, '') : told
}

/** Characters of a reply that are looked at. */
const LOOKED_AT = 3000

/**
 * Lower case, one space between words, `@` for each address, `mx` for hosts that are quoted, `#` for ids of sessions,
 * without reply codes: names have words in them that mean nothing, codes are told apart from the words, and the same words
 * are met again and again.
 */
export function even(text: string): string {
  return text
    .slice(0, LOOKED_AT)
    .toLowerCase()
    .replace(/(?:^|\n)[ \t]*<<< ?/g, '\n')
    .replace(/\b(host|while talking to) [\w-]{1,63}(?:\.[\w-]{1,63}){1,9}(?=:|\.:|\s{0,3}\[)/g, '$1 mx')
    .replace(/(^|[\s<(])[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}(?=\[[\d:])/g, '$1mx')
    .replace(/\bname=[\w.-]{1,255}/g, 'name=mx')
    .replace(/\.\.\.(?=[^\s.])/g, '... ')
    .replace(/[\u2018\u2019`]/g, "'")
    .replace(/[^\s<>()[\]"';:,@]{1,100}@[\p{L}\p{N}_-]{1,63}(?:\.[\p{L}\p{N}_-]{1,63}){0,9}/gu, '@')
    .replace(/([(<[]) ?@ ?(?=[)>\]])/g, '$1@')
    .replace(/(^|\s)[245]\d\d[ -](?=\S)/g, '$1')
    .replace(/(^|\s)[245]\.\d{1,3}\.\d{1,3}(?=[\s:,;]|$)/g, '$1')
    .replace(/[\w.-]{0,80}\d{5}[\w.-]{0,80}/g, '#')
    .replace(/\s+/g, ' ')
    .trim()
}
