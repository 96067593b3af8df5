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
  readonly window: string
  readonly free: string
  /** Nothing is due before; the domain of those that wait. */
  readonly notDue: (next: string, domain: string) => string
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
  const held = told.length > 0 ? told.map(({ brief }) => brief) : [unheld(site, words, { at, now })]
  const reactions = site.reactions.map(
    (live) => `${words.reaction(live, at(live.until))} ${words.answer(live)}`,
  )
  return [
    [labels.left, words.left(site, next)],
    ...labelled(labels.paths, paths.length === 0 ? [words.noPath] : paths),
    ...labelled(labels.held, site.waiting + site.active > 0 ? held : []),
    ...labelled(labels.reactions, reactions),
    ...pace(site, words, at),
    ...labelled(labels.change, [...new Set([...told.map(({ change }) => change), ...changes(site, words)])]),
  ]
}

/** What waits for its next try only is in no path’s way. */
function unheld(
  { active, nextDue, queues }: SiteExplained,
  words: Words,
  { at, now }: { readonly at: (time: Instant) => string; readonly now: Instant },
): string {
  const [queue = ''] = queues
  if (active > 0 || nextDue === undefined || nextDue <= now) return words.free
  return words.notDue(at(nextDue), queue.slice(queue.lastIndexOf('/') + 1))
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
    [labels.rate, rateText(rate, words)],
    ...(eta === undefined ? [] : [[labels.eta, at(eta)] as const]),
  ]
}

function rateText(rate: SiteExplained['rate'], words: Words): string {
  if (rate === undefined) return words.unknown
  return rate.by === 'window' ? words.window : words[rate.by](rounded(rate.perMinute))
}

/** What would change it besides what each reason says. */
function changes(
  { bound, rate, reactions, reasons, waiting, active }: SiteExplained,
  words: Words,
): readonly string[] {
  if (waiting + active === 0) return []
  // Reasons say themselves how to change what they name.
  const told = new Set(reasons.flatMap((reason) => ('reaction' in reason ? [reason.reaction.id] : [])))
  const free = reasons.length === 0
  return [
    ...reactions.filter(({ id }) => !told.has(id)).map(({ id }) => words.cancel(id)),
    ...(bound === undefined || rate?.by !== 'limits' || !free
      ? []
      : [words.raise(bound.key, limitPlace(bound))]),
    ...(rate?.by === 'measured' && free && reactions.length === 0 ? [words.faster] : []),
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

/** Which path it is, where domains have paths of their own. */
function named(source: string, domain: string | undefined): string {
  return domain === undefined ? source : `${source} (${domain})`
}

function messages(perMinute: string): string {
  return perMinute === '1' ? '1 message' : `${perMinute} messages`
}

type Holds = { readonly [K in PathState['hold']['at']]: string }
type Acts = { readonly [K in Live['act']['do']]: string }

const ENGLISH_HOLDS: Holds = {
  open: 'open',
  connecting: 'connecting',
  closing: 'closing',
  full: 'all connections that it may have are in use',
  'refused-more': 'the site refuses more connections',
  down: 'down',
  paced: 'waits for a rate',
  warming: 'the number of its warm-up for today has gone',
  'opening-paced': 'waits until it may connect again',
  slowed: 'slowed by a reaction',
  suspended: 'suspended by a reaction',
  single: 'one connection only, by a reaction',
}
const JAPANESE_HOLDS: Holds = {
  open: '送信可能',
  connecting: '接続中',
  closing: '切断中',
  full: '使える接続がすべて使用中',
  'refused-more': '相手がこれ以上の接続を拒否',
  down: '不通',
  paced: '速度の上限により待機中',
  warming: '今日のウォームアップの通数に到達',
  'opening-paced': '新しい接続の上限により待機中',
  slowed: '規制により減速中',
  suspended: '規制により休止中',
  single: '規制により接続は 1 本だけ',
}
const ENGLISH_ACTS: Acts = {
  suspend: 'suspended',
  slow: 'slowed',
  'one-connection': 'one connection only',
  reroute: 'suspended, another source takes over',
  'pause-stream': 'the stream paused',
  'hold-campaign': 'a campaign held, wherever it would go',
}
const JAPANESE_ACTS: Acts = {
  suspend: '送信休止',
  slow: '減速',
  'one-connection': '接続は 1 本だけ',
  reroute: '送信休止（別の送信元から送信）',
  'pause-stream': 'ストリームの休止',
  'hold-campaign': 'キャンペーンの保留（宛先を問わず）',
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
      `${waiting} waiting, ${active} in memory, ${onWire} of them on the wire${held > 0 ? `, ${held} held` : ''}${next === undefined ? '' : `; next due ${next}`}`,
    path: ({ source, domain, hold, connections, busy }, perMinute) =>
      `${named(source, domain)}: ${ENGLISH_HOLDS[hold.at]}; ${connections === 1 ? '1 connection' : `${connections} connections`}, ${busy} at work; ${messages(perMinute)} in the last minute`,
    noPath: 'none in memory: nothing is due, or no node runs',
    reaction: (live, end) => `${ENGLISH_ACTS[live.act.do]} until ${end} (${reactionPlace(live)}):`,
    answer: reply,
    bound: (key, value, place, source) =>
      `${key} = ${value}, for source ${source}${place === '' ? '' : ` (${place})`}`,
    measured: (perMinute) => `${messages(perMinute)} a minute, as in the last one`,
    limits: (perMinute) => `up to ${messages(perMinute)} a minute by the limits`,
    unknown: 'not known',
    window: 'as that limit lets through, and it is used up for now',
    free: 'nothing',
    notDue: (next, domain) =>
      `the time of the next try, ${next}; hikyaku message list --state waiting --to @${domain} shows the last answers`,
    raise: (key, place) =>
      `A greater ${key}${place === '' ? '' : ` (${place})`} lets more through, if the receiver bears it.`,
    cancel: (id) => `"hikyaku shaping cancel ${id}" ends the reaction now.`,
    faster: 'Nothing of ours slows it: how fast the receiver answers decides.',
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
    path: ({ source, domain, hold, connections, busy }, perMinute) =>
      `${named(source, domain)}: ${JAPANESE_HOLDS[hold.at]}。接続 ${connections} 本（使用中 ${busy} 本）、直近 1 分間に ${perMinute} 通`,
    noPath: 'メモリー上にありません。送る時刻でないか、ノードが停止中です',
    reaction: (live, end) => `${JAPANESE_ACTS[live.act.do]}、${end}まで（${reactionPlace(live)}）:`,
    answer: reply,
    bound: (key, value, place, source) =>
      `${key} = ${value}、送信元 ${source}${place === '' ? '' : `（${place}）`}`,
    measured: (perMinute) => `毎分 ${perMinute} 通（直近 1 分間の実績）`,
    limits: (perMinute) => `上限から見て最大毎分 ${perMinute} 通`,
    unknown: '不明',
    window: 'この上限の範囲で進みます。いまは使い切っています',
    free: 'ありません',
    notDue: (next, domain) =>
      `次の再試行の時刻 ${next} を待っています。直近の応答は「hikyaku message list --state waiting --to @${domain}」で見られます`,
    raise: (key, place) => `相手が許せば、${key} を増やせます${place === '' ? '' : `（${place}）`}。`,
    cancel: (id) => `「hikyaku shaping cancel ${id}」で規制をすぐに解除できます。`,
    faster: '今は上限にも規制にもかかっていません。速さを決めているのは、相手の応答の速さです。',
  },
}
