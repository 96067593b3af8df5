/** What speaks against a source, in words of two languages; without the full stop. */

import type { Sign } from '#engine/shaping'
import type { Measure } from '#product/reputation'

import { percent } from './percent.ts'

/** So many of so many, which is a share of more than `most`. */
export type Counted = { readonly bad: number; readonly of: number; readonly most: number }

type Words = { readonly [K in Measure | 'put-off']: (counted: Counted) => string }

/** `put-off` is of a warm-up's day, everything else of the last 24 hours. */
export const countedIn: { readonly [K in 'en' | 'ja']: Words } = {
  en: {
    'put-off': (counted) => `${counted.bad} of ${counted.of} answers put mail off${than(counted)}`,
    complained: (counted) =>
      `within a day ${counted.bad} of ${counted.of} recipients complained${than(counted)}`,
    refused: (counted) =>
      `within a day ${counted.bad} of ${counted.of} messages were refused for what is thought of us${than(counted)}`,
    bounced: (counted) =>
      `within a day ${counted.bad} of ${counted.of} messages went to addresses that take no mail${than(counted)}`,
    deferred: (counted) =>
      `within a day ${counted.bad} of ${counted.of} attempts were put off${than(counted)}`,
  },
  ja: {
    'put-off': (counted) => `応答 ${counted.of} 件のうち ${counted.bad} 件が延期${beyond(counted)}`,
    complained: (counted) =>
      `1 日に ${counted.of} 通のうち ${counted.bad} 通が迷惑メールと報告${beyond(counted)}`,
    refused: (counted) =>
      `1 日に ${counted.of} 通のうち ${counted.bad} 通が送信元の評判を理由に拒否${beyond(counted)}`,
    bounced: (counted) =>
      `1 日に ${counted.of} 通のうち ${counted.bad} 通が届かないアドレス宛て${beyond(counted)}`,
    deferred: (counted) => `1 日に ${counted.of} 回の配送のうち ${counted.bad} 回が延期${beyond(counted)}`,
  },
}

export const signIn: { readonly [K in 'en' | 'ja']: (sign: Sign) => string } = {
  en: (sign) =>
    sign.kind === 'suspended' ? 'a reply had suspended a path there' : countedIn.en[sign.kind](sign),
  ja: (sign) => (sign.kind === 'suspended' ? '相手の応答により経路が停止' : countedIn.ja[sign.kind](sign)),
}

/** For a table. */
export const signShortIn: { readonly [K in 'en' | 'ja']: (sign: Sign) => string } = {
  en: (sign) =>
    sign.kind === 'suspended' ? 'suspended' : `${sign.bad} of ${sign.of} ${sign.kind.replace('-', ' ')}`,
  ja: (sign) =>
    sign.kind === 'suspended' ? '停止' : `${sign.of} 件中 ${sign.bad} 件が${SHORT_JA[sign.kind]}`,
}

const SHORT_JA = { 'put-off': '延期', complained: '迷惑メール報告', refused: '評判による拒否' } as const

function than({ bad, of, most }: Counted): string {
  return ` (${percent(bad / of)}, more than ${percent(most)})`
}

function beyond({ bad, of, most }: Counted): string {
  return `（${percent(bad / of)}、基準 ${percent(most)} 超）`
}
