/** What is known of a site, line by line, in English and Japanese. */

import type { PathState } from '#engine/egress'
import type { Live } from '#engine/shaping'
import type { Instant } from '#engine/spool'

import { limitPlace, reactionPlace } from './shaping-place.ts'
import type { SiteExplained } from './site.ts'
import { tell, timesIn } from './words.ts'
import type { Language } from './words.ts'

/** A label, and what stands behind it. Replies in it are the words of strangers. */
export type Line = readonly [label: string, text: string]

type Labels = 'left' | 'paths' | 'held' | 'reactions' | 'bound' | 'rate' | 'eta' | 'change'

type Words = {
  readonly labels: { readonly [K in Labels]: string }
  readonly left: (site: SiteExplained, next: string | undefined) => string
  readonly path: (path: PathState, perMinute: string) => string
  readonly noPath: string
  readonly reaction: (live: Live, end: string) => string
  readonly answer: (live: Live) => string
  readonly bound: (key: string, value: number, place: string, source: string) => string
  readonly measured: (perMinute: string) => string
  readonly limits: (perMinute: string) => string
  readonly unknown: string
  readonly free: string
  readonly raise: (key: string, place: string) => string
  readonly cancel: (id: string) => string
  readonly faster: string
}

export function tellSite(site: SiteExplained, language: Language, now: Instant): readonly Line[] {
  const words = WORDS[language]
  const { labels } = words
  const { at, distance } = timesIn(language, now)
  const next = site.nextDue === undefined ? undefined : distance(Math.max(0, site.nextDue - now))
  const paths = site.paths.map((path) => words.path(path, rounded(path.perMinute ?? 0)))
  const told = site.reasons.map((reason) => tell(reason, language, { name: site.site, now }))
  const held = told.map(({ brief }) => brief)
  const reactions = site.reactions.map(
    (live) => `${words.reaction(live, at(live.until))} ${words.answer(live)}`,
  )
  return [
    [labels.left, words.left(site, next)],
    ...labelled(labels.paths, paths.length === 0 ? [words.noPath] : paths),
    ...labelled(labels.held, held.length === 0 && site.waiting + site.active > 0 ? [words.free] : held),
    ...labelled(labels.reactions, reactions),
    ...pace(site, words, at),
    ...labelled(labels.change, [...new Set([...told.map(({ change }) => change), ...changes(site, words)])]),
  ]
}

function labelled(label: string, texts: readonly string[]): readonly Line[] {
  return texts.filter((text) => text !== '').map((text, i) => [i === 0 ? label : '', text] as const)
}

function pace(
  { bound, rate, eta, waiting, active }: SiteExplained,
  words: Words,
  at: (time: Instant) => string,
): readonly Line[] {
  const { labels } = words
  if (waiting + active === 0) return []
  const place = limitPlace(bound)
  return [
    ...(bound === undefined
      ? []
      : [[labels.bound, words.bound(bound.key, bound.value, place, bound.source)] as const]),
    [labels.rate, rate === undefined ? words.unknown : words[rate.by](rounded(rate.perMinute))],
    ...(eta === undefined ? [] : [[labels.eta, at(eta)] as const]),
  ]
}

/** What would change it besides what each reason says. */
function changes(
  { bound, rate, reactions, waiting, active }: SiteExplained,
  words: Words,
): readonly string[] {
  if (waiting + active === 0) return []
  return [
    ...reactions.map(({ id }) => words.cancel(id)),
    ...(bound === undefined || rate?.by === 'measured' ? [] : [words.raise(bound.key, limitPlace(bound))]),
    ...(rate?.by === 'measured' && reactions.length === 0 ? [words.faster] : []),
  ]
}

function rounded(perMinute: number): string {
  return perMinute >= 10 ? String(Math.round(perMinute)) : perMinute.toFixed(1).replace(/\.0$/, '')
}

function reply({ cause: { attempt } }: Live): string {
  return [attempt.code === 0 ? '' : String(attempt.code), attempt.text]
    .filter((part) => part !== '')
    .join(' ')
}

const WORDS: { readonly [K in Language]: Words } = {
  en: {
    labels: {
      left: 'left',
      paths: 'paths',
      held: 'held by',
      reactions: 'reactions',
      bound: 'limit',
      rate: 'rate',
      eta: 'done',
      change: 'change',
    },
    left: ({ waiting, active, onWire, held }, next) =>
      `${waiting} wait, ${active} in memory, ${onWire} of them on the wire${held > 0 ? `, ${held} held` : ''}${next === undefined ? '' : `; next due ${next}`}`,
    path: ({ source, hold, connections, busy }, perMinute) =>
      `${source}: ${hold.at}, ${connections} connections, ${busy} at work, ${perMinute} messages in the last minute`,
    noPath: 'none yet: no node runs, or no route was needed',
    reaction: (live, end) => `${live.act.do} until ${end} (${reactionPlace(live)}):`,
    answer: reply,
    bound: (key, value, place, source) =>
      `${key} = ${value}, from ${source}${place === '' ? '' : ` (${place})`}`,
    measured: (perMinute) => `${perMinute} messages a minute, as in the last one`,
    limits: (perMinute) => `up to ${perMinute} messages a minute by the limits; none went in the last one`,
    unknown: 'not known',
    free: 'nothing',
    raise: (key, place) =>
      `${key} allows more${place === '' ? '' : ` (${place})`}, if the receiver bears it.`,
    cancel: (id) => `"hikyaku shaping cancel ${id}" ends the reaction now.`,
    faster: 'At this rate the receiver’s replies decide, not a reaction.',
  },
  ja: {
    labels: {
      left: '残り',
      paths: '経路',
      held: '理由',
      reactions: '規制',
      bound: '上限',
      rate: '速度',
      eta: '完了見込み',
      change: '変えるには',
    },
    left: ({ waiting, active, onWire, held }, next) =>
      `待機 ${waiting} 通、メモリー上 ${active} 通、うち送信中 ${onWire} 通${held > 0 ? `、保留 ${held} 通` : ''}${next === undefined ? '' : `。次の送信は${next}`}`,
    path: ({ source, hold, connections, busy }, perMinute) =>
      `${source}: ${hold.at}、接続 ${connections} 本（使用中 ${busy} 本）、直近 1 分間に ${perMinute} 通`,
    noPath: 'まだありません。ノードが停止中か、経路が不要です',
    reaction: (live, end) => `${live.act.do}、${end} まで（${reactionPlace(live)}）:`,
    answer: reply,
    bound: (key, value, place, source) =>
      `${key} = ${value}、送信元 ${source}${place === '' ? '' : `（${place}）`}`,
    measured: (perMinute) => `毎分 ${perMinute} 通（直近 1 分間の実績）`,
    limits: (perMinute) => `上限から見て最大毎分 ${perMinute} 通。直近 1 分間の送信はありません`,
    unknown: '不明',
    free: 'ありません',
    raise: (key, place) => `相手が許せば、${key} を増やせます${place === '' ? '' : `（${place}）`}。`,
    cancel: (id) => `「hikyaku shaping cancel ${id}」で規制をすぐに解除できます。`,
    faster: 'いまの速度を決めているのは規制ではなく、相手の応答の速さです。',
  },
}
