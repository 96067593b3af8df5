/** A reason in words, in the language of who asks. */

import { BOUNCE_CLASSES, classWords } from '#grammar/bounce'
import type { Attempt, Instant, Report } from '#engine/spool'
import { explainStatus } from '#grammar/report'

import { ENGLISH } from './english.ts'
import { JAPANESE } from './japanese.ts'
import type { Reason } from './reason.ts'
import type { Sentences, Telling, Told, Wording } from './wording.ts'

export const LANGUAGES = ['en', 'ja'] as const
export type Language = (typeof LANGUAGES)[number]

const WORDINGS: { readonly [K in Language]: Wording } = { en: ENGLISH, ja: JAPANESE }

/** Of a locale such as `ja_JP.UTF-8`; English for all we do not have. */
export function languageOf(locale: string): Language {
  return /^ja(?![a-z])/i.test(locale) ? 'ja' : 'en'
}

/** `name` is the delivery, for the commands that change it. */
export function tell(
  reason: Reason,
  language: Language,
  { name, now }: { readonly name: string; readonly now: Instant },
): Told {
  const wording = WORDINGS[language]
  const due = (time: Instant): string => wording.distance(Math.max(0, time - now))
  const at = (time: Instant): string => wording.moment(isoOf(time), wording.distance(time - now))
  // The table pairs each reason with words for it; TypeScript cannot follow a pair through a lookup.
  const words = wording.reasons[reason.at] as (reason: Reason, telling: Telling) => Sentences
  return { ...words(reason, { name, at, due }), ...answerOf(reason, language) }
}

/** How a language tells moments, and how far they are from `now`. */
export function timesIn(
  language: Language,
  now: Instant,
): { readonly at: (time: Instant) => string; readonly distance: (milliseconds: number) => string } {
  const { moment, distance } = WORDINGS[language]
  return { at: (time) => moment(isoOf(time), distance(time - now)), distance }
}

/** The answer behind a reason: of the last attempt, or what the record has kept of it. */
function answerOf(reason: Reason, language: Language): Pick<Told, 'said' | 'meaning'> {
  if (reason.at === 'came-back') return answerOfReport(reason.report, language)
  const last = 'last' in reason ? reason.last : undefined
  if (last === undefined) return { said: 'tries' in reason ? reason.why : '', meaning: '' }
  const { code, enhanced, text, outcome } = last
  // A code that we gave our own words is not part of an answer.
  const words = code === 0 ? text : [String(code), enhanced, text].filter((part) => part !== '').join(' ')
  const isPlain = enhanced === '' || outcome === 'delivered'
  const meaning = isPlain ? '' : explainStatus(enhanced)[language].what
  return { said: WORDINGS[language].said(last, words), meaning: classMeaning(last, language) ?? meaning }
}

function answerOfReport(report: Report, language: Language): Pick<Told, 'said' | 'meaning'> {
  const { host, status, text } = report
  const words = text === '' ? status : text
  const meaning = status === '' ? '' : explainStatus(status)[language].what
  return {
    said: host === '' || words === '' ? words : `${host}: ${words}`,
    meaning: classMeaning(report, language) ?? meaning,
  }
}

/** The class knows more than the code, but for what nobody knows. */
function classMeaning({ bounce }: Pick<Attempt, 'bounce'>, language: Language): string | undefined {
  const name = BOUNCE_CLASSES.find((one) => one === bounce?.class)
  return name === undefined || name === 'other' ? undefined : classWords(name)[language].what
}

/** `2026-11-22 10:21:49Z`, in every language. */
function isoOf(time: Instant): string {
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')}Z`
}
