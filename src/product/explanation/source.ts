/** What is known of a source, line by line, in English and Japanese. */

import { OTHERS } from '#engine/rule'
import type { WarmUpState } from '#engine/shaping'
import type { Instant } from '#engine/spool'
import type { Alert, Measure, RateRow, Standing } from '#product/reputation'

import { countedIn, signIn } from './sign.ts'
import type { Line } from './site-words.ts'
import { timesIn } from './words.ts'
import type { Language } from './words.ts'

export type SourceFacts = {
  readonly name: string
  /** Absent: the machine chooses. */
  readonly address?: string
  readonly ehlo: string
  /** Hosts that take all its mail. */
  readonly relay: readonly string[]
  readonly pools: readonly { readonly pool: string; readonly weight: number }[]
  /** By group of receivers; empty where it is not warmed up. */
  readonly warmUps: readonly WarmUpState[]
  readonly standings: readonly Standing[]
  /** Of the last day, by group of receivers. */
  readonly rates: readonly RateRow[]
  /** Rates that are too high. */
  readonly alerts: readonly Alert[]
}

type Labels = 'address' | 'pools' | 'warmUp' | 'standing' | 'mail' | 'alert' | 'change'

type Words = {
  readonly labels: { readonly [K in Labels]: string }
  readonly address: (source: SourceFacts) => string
  readonly noPool: string
  readonly receivers: (provider: string) => string
  readonly step: (state: WarmUpState) => string
  readonly slowed: (on: string, sign: string) => string
  readonly standing: (one: Standing) => string
  readonly noStanding: string
  readonly mail: (row: RateRow) => string
  readonly noMail: string
  readonly alert: (where: string, what: string, since: string) => string
  readonly change: { readonly [K in Measure]: string }
}

export function tellSource(source: SourceFacts, language: Language, now: Instant): readonly Line[] {
  const words = WORDS[language]
  const { labels } = words
  const { at } = timesIn(language, now)
  const pools = source.pools.map(({ pool, weight }) => (weight === 1 ? pool : `${pool}:${weight}`))
  const bad = source.standings.filter(({ state }) => state === 'bad')
  const known = source.standings.filter(({ state }) => state === 'good')
  return [
    [labels.address, words.address(source)],
    [labels.pools, pools.length === 0 ? words.noPool : pools.join(', ')],
    ...source.warmUps.map((state): Line => [labels.warmUp, warmUpWords(state, words, language)]),
    ...(bad.length > 0 || known.length === 0 ? bad : known).map((one): Line => [
      labels.standing,
      words.standing(one),
    ]),
    ...(source.standings.length === 0 ? [[labels.standing, words.noStanding] as const] : []),
    ...source.rates.map((row): Line => [labels.mail, `${words.receivers(row.provider)}: ${words.mail(row)}`]),
    ...(source.rates.length === 0 ? [[labels.mail, words.noMail] as const] : []),
    ...source.alerts.map((alert): Line => [
      labels.alert,
      words.alert(
        words.receivers(alert.provider),
        countedIn[language][alert.measure](alert),
        at(alert.since),
      ),
    ]),
    ...[...new Set(source.alerts.map(({ measure }) => measure))].map((measure): Line => [
      labels.change,
      words.change[measure],
    ]),
  ]
}

function warmUpWords(state: WarmUpState, words: Words, language: Language): string {
  const step = `${words.receivers(state.provider)}: ${words.step(state)}`
  if (state.slowed === undefined) return step
  const on = new Date(state.slowed.at).toISOString().slice(0, 10)
  return `${step}${words.slowed(on, signIn[language](state.slowed.sign))}`
}

/** What there is none of is not said. */
function joined(comma: string, parts: readonly (string | false)[]): string {
  return parts.filter((part) => part !== false).join(comma)
}

const WORDS: { readonly [K in Language]: Words } = {
  en: {
    labels: {
      address: 'address',
      pools: 'pools',
      warmUp: 'warm-up',
      standing: 'standing',
      mail: 'last day',
      alert: 'too high',
      change: 'change',
    },
    address: ({ address, ehlo, relay }) =>
      `${address ?? 'whichever the machine chooses'}, ${ehlo} in EHLO${relay.length === 0 ? '' : `, by ${relay.join(', ')}`}`,
    noPool: 'none: nothing is sent from it',
    receivers: (provider) => (provider === OTHERS ? 'receivers without a provider of their own' : provider),
    step: ({ step, steps, limit, sent }) =>
      step === undefined
        ? `over, ${sent} sent today`
        : `step ${step} of ${steps}, ${sent} of ${limit ?? 0} sent today`,
    slowed: (on, sign) => `; slowed on ${on}: ${sign}`,
    standing: ({ address, by, state, text }) =>
      state === 'bad' ? `${address} is bad by ${by}: ${text}` : `${address} is good by ${by}`,
    noStanding: 'not known: no node runs, or the world does not see its address',
    mail: ({ delivered, deferred, bounced, hard, returned, refused, complained }) =>
      joined(', ', [
        `${delivered} delivered`,
        deferred > 0 && `${deferred} deferred`,
        bounced > 0 && `${bounced} bounced`,
        returned > 0 && `${returned} came back later`,
        hard > 0 && `of these ${hard} hard`,
        refused > 0 && `${refused} refused for what is thought of us`,
        complained > 0 && `${complained} complained of`,
      ]),
    noMail: 'nothing was tried',
    alert: (where, what, since) => `${where}: ${what}, since ${since}`,
    change: {
      complained:
        'Send only to those who asked for it, and let them leave with one click; "hikyaku suppression list --reason complaint" shows who complained.',
      refused:
        'Send less, find which stream is taken for spam, and ask to be delisted; "hikyaku reputation" shows block lists.',
      bounced:
        'Take addresses off the list that do not exist; "hikyaku suppression list --reason bounce" shows them.',
      deferred:
        'Send more slowly to that receiver; "hikyaku shaping reactions" shows what its replies have set off.',
    },
  },
  ja: {
    labels: {
      address: 'アドレス',
      pools: 'プール',
      warmUp: 'ウォームアップ',
      standing: '評判',
      mail: '直近 1 日',
      alert: '基準超過',
      change: '変えるには',
    },
    address: ({ address, ehlo, relay }) =>
      `${address ?? 'マシンが選ぶもの'}、EHLO は ${ehlo}${relay.length === 0 ? '' : `、${relay.join(', ')} 経由`}`,
    noPool: 'なし（ここからは何も送られません）',
    receivers: (provider) => (provider === OTHERS ? 'その他の宛先' : provider),
    step: ({ step, steps, limit, sent }) =>
      step === undefined
        ? `完了、今日 ${sent} 通`
        : `第 ${step} 段階（全 ${steps} 段階）、今日 ${limit ?? 0} 通のうち ${sent} 通`,
    slowed: (on, sign) => `。${on} に抑制: ${sign}`,
    standing: ({ address, by, state, text }) =>
      state === 'bad' ? `${address} は ${by} で不良: ${text}` : `${address} は ${by} で良好`,
    noStanding: '不明（ノードが動いていないか、外から見えないアドレスです）',
    mail: ({ delivered, deferred, bounced, hard, returned, refused, complained }) =>
      joined('、', [
        `配信 ${delivered} 通`,
        deferred > 0 && `延期 ${deferred} 回`,
        bounced > 0 && `エラー ${bounced} 通`,
        returned > 0 && `後日のエラー ${returned} 通`,
        hard > 0 && `うち宛先不明など ${hard} 通`,
        refused > 0 && `評判による拒否 ${refused} 通`,
        complained > 0 && `迷惑メール報告 ${complained} 件`,
      ]),
    noMail: '送信なし',
    alert: (where, what, since) => `${where}: ${what}、${since} から`,
    change: {
      complained:
        '配信を希望した人だけに送り、ワンクリックで解除できるようにしてください。報告した宛先は "hikyaku suppression list --reason complaint" で見られます。',
      refused:
        '送信を減らし、迷惑メールと見なされたストリームを突き止めて、解除を申請してください。掲載されたブラックリストは "hikyaku reputation" で見られます。',
      bounced:
        '存在しないアドレスを名簿から外してください。"hikyaku suppression list --reason bounce" で見られます。',
      deferred:
        'その宛先への送信を遅くしてください。応答による規制は "hikyaku shaping reactions" で見られます。',
    },
  },
}
