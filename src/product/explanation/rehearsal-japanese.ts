/** A rehearsal in Japanese. */

import { countedIn } from './shaping-place.ts'
import type { RehearsalWords } from './rehearsal-wording.ts'

const SPANS = { second: '毎秒', minute: '毎分', hour: '1 時間に', day: '24 時間に' } as const

export const JAPANESE_REHEARSAL: RehearsalWords = {
  columns: {
    to: '宛先',
    domains: 'ドメイン',
    messages: '通数',
    after: '完了まで',
    nearly: '95 % まで',
    pace: '速度',
    refused: '受信拒否',
    putOff: '見合わせ',
    retries: '再試行',
    expired: '期限切れ',
    bound: '主な制約',
    by: '制約',
    from: '開始',
    till: '終了',
    clock: '日時',
  },
  head: ({ messages }, { length, end }) => `${messages} 通の送信は ${length}で完了する見込みです（${end}）。`,
  outcome: ({ delivered, bounced, expired, deferrals, retries }) =>
    `受理 ${delivered} 通、受信拒否 ${bounced} 通、期限切れ ${expired} 通。見合わせは延べ ${deferrals} 回、再試行は延べ ${retries} 回。`,
  others: (parts, messages) =>
    `… ほか ${parts.length} サイト、${messages} 通は、これより早く完了します（--json ですべて表示）`,
  way: (name, source, sent, sites) =>
    `${name}（送信元 ${source}）: 受理 ${sent} 通${sites > 1 ? `、${sites} サイト。制約は通数が最も多いサイトのもの` : ''}`,
  unused: 'この経路では送られません',
  limit: ({ limit: { key, value, provider } }) => {
    const to = provider === undefined ? '' : `${provider} 全体への`
    if (key === 'connections') return `${to}接続 ${value} 本がすべて使用中`
    const span = SPANS[countedIn(key)]
    return key.startsWith('connections')
      ? `${to}新しい接続は${span} ${value} 本まで`
      : `${to === '' ? '' : `${to}送信は`}${span} ${value} 通まで`
  },
  warmUp: ({ step, steps, most }) =>
    `ウォームアップ第 ${step} 段階（全 ${steps} 段階）: その日は ${most} 通まで`,
  reaction: {
    suspended: (_, { length, times }) =>
      times === 1 ? `${length}の送信休止` : `送信休止 ${times} 回、計 ${length}`,
    slowed: (_, { length, times }) => (times === 1 ? `${length}の減速` : `減速 ${times} 回、計 ${length}`),
    'one-connection': (_, { length, times }) =>
      times === 1 ? `${length}は接続を 1 本に制限` : `接続を 1 本に制限 ${times} 回、計 ${length}`,
    paused: (_, { length, times }) =>
      times === 1
        ? `存在しない宛先が多すぎるため、ストリームを${length}休止`
        : `存在しない宛先が多すぎるため、ストリームを ${times} 回、計 ${length}休止`,
  },
  other: {
    'refused-more': ({ connections }) => `相手が ${connections} 本を超える接続を断る`,
    down: ({ reply }) => `接続できない: ${reply}`,
    node: () => 'ノード全体の接続数が上限（egress.connections）',
    retries: () => '残りは次の試行を待つ',
    nothing: () => 'なし（相手の応答の速さ次第）',
  },
  place: (place) => `（${place}）`,
  reply: (reply) => `: ${reply}`,
  span: ['日', '時間', '分', '秒'],
  perSecond: (n) => `毎秒 ${n} 通`,
  perMinute: (n) => `毎分 ${n} 通`,
  perHour: (n) => `毎時 ${n} 通`,
  perDay: (n) => `1 日 ${n} 通`,
  assumptions: '前提',
  assumed: (assumed, seed, tell) => [
    `相手が 1 通の受信にかける時間は ${tell(assumed.transaction)}、接続にかける時間は ${tell(assumed.connecting)}（--transaction、--connecting）`,
    `相手が許す量は、${assumed.ownRules ? 'ご自分のものを含むすべてのルール' : '製品に付属するルール（ご自分のルールによらない）'}の ${percent(assumed.bears)}（--bears、--own-rules）`,
    `存在しない宛先は ${percent(assumed.unknown)}（--unknown）、ルールのない相手でグレイリストにかかる宛先は ${percent(assumed.greylisting)}（--greylisting）`,
    `1 通の送信を試みる期間は ${tell(assumed.expire)}（--expire）`,
    ...(assumed.strangers.length === 0
      ? []
      : [`相手がまだ知らない送信元: ${assumed.strangers.join('、')}（--new）`]),
    assumed.isContinued
      ? 'ノードがこれまでに数えた通数と、発動中の規制を引き継ぐ（shaping.json）'
      : 'これまでの送信はないものとする',
    `乱数のシードは ${seed}（--seed）`,
  ],
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`
}
