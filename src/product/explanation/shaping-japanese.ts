/** What limits and reactions hold back, in Japanese. */

import { OTHERS } from '#engine/rule'
import type { Limit, Live, WarmUpState } from '#engine/shaping'

import { countedIn, limitPlace, reactionPlace, ruleLine } from './shaping-place.ts'
import { signIn, signShortIn } from './sign.ts'
import { round, span } from './span.ts'
import type { OfPath } from './reason.ts'
import type { Sentences, ShapingReasons } from './wording.ts'

export const JAPANESE_SHAPING: ShapingReasons = {
  connections: (reason) => (reason.limit === 'all' ? ofNode(reason) : inUse(reason)),
  'opening-paced': ({ source, site, rule, until }, { at, due }) => ({
    brief: `${source}: 新しい接続は ${rateOf(rule)} ${rule.value} 本まで、次は${due(until)}${by(rule)}`,
    what: `送信元 ${source} から${whereTo(rule, site)}へは、${rateOf(rule)} ${rule.value} 本までしか新しく接続しません${by(rule)}。`,
    until: `次に接続できるのは ${at(until)}。それより早く、今ある接続が空けば送ります`,
    change: changeOf(rule),
  }),
  paced: ({ source, site, rule, until }, { at, due }) => ({
    brief: `${source}: ${rateOf(rule)} ${rule.value} 通まで、次は${due(until)}${by(rule)}`,
    what: `送信元 ${source} から${whereTo(rule, site)}へは、${rateOf(rule)} ${rule.value} 通までしか送りません${by(rule)}。`,
    until: `次の 1 通は ${at(until)}`,
    change: changeOf(rule),
  }),
  warming: ({ source, warmUp, whenFull, until }, { at, due }) => ({
    brief: `${source}: ウォームアップ第 ${warmUp.step ?? 0} 段階${slowedBriefly(warmUp)}、${receivers(warmUp)}へ今日の ${warmUp.limit ?? 0} 通を送信済み、再開は${due(until)}`,
    what: `送信元 ${source} は${receivers(warmUp)}に対してウォームアップ中です。第 ${warmUp.step ?? 0} 段階（全 ${warmUp.steps} 段階）では 1 日 ${warmUp.limit ?? 0} 通までで、${day(until)}（UTC）の分はすべて送りました。${slowed(warmUp)}${whenFull === 'wait' ? '残りはこの送信元を待ちます（warm_up.when_full）。' : ''}`,
    until: `${at(until)}まで`,
    change: `相手が許すなら "hikyaku warm-up set ${source} ${warmUp.provider} --step ${(warmUp.step ?? 0) + 1}" で増やせます。${whenFull === 'wait' ? 'warm_up.when_full を "overflow" にすると、' : ''}プールの別の送信元があれば、残りはそこから送ります。`,
  }),
  slowed: ({ source, site, perMinute, until, reaction }, { at, due }) => ({
    brief: `${source}: 毎分 ${round(perMinute)} 通に減速中、次は${due(until)}（${reactionPlace(reaction)}）: ${reaction.cause.attempt.text}`,
    what: `下の応答により、送信元 ${source} から ${site} への送信を減らしています。今は毎分 ${round(perMinute)} 通で、少しずつ元に戻します（${reactionPlace(reaction)}）。`,
    until: `次の 1 通は ${at(until)}。減速が終わるのは ${at(reaction.until)}`,
    change: undo(reaction),
  }),
  single: ({ source, site, reaction }, { at, due }) => ({
    brief: `${source}: 接続は 1 本だけ、解除は${due(reaction.until)}（${reactionPlace(reaction)}）: ${reaction.cause.attempt.text}`,
    what: `下の応答により、送信元 ${source} から ${site} への接続は 1 本だけで、それが使われています（${reactionPlace(reaction)}）。`,
    until: `接続が空くまで。制限が終わるのは ${at(reaction.until)}`,
    change: undo(reaction),
  }),
  suspended: ({ source, site, reaction }, { at, due }) => ({
    brief: `${source}: 送信休止中、再開は${due(reaction.until)}（${reactionPlace(reaction)}）: ${reaction.cause.attempt.text}`,
    what:
      reaction.act.do === 'reroute'
        ? `下の応答により、送信元 ${source} から ${site} への送信を休み、送信元 ${reaction.act.to} から送ります（${reactionPlace(reaction)}）。`
        : `下の応答により、送信元 ${source} から ${site} への送信を休んでいます（${reactionPlace(reaction)}）。`,
    until: `${at(reaction.until)}まで`,
    change: undo(reaction),
  }),
  'stream-paused': ({ source, site, reaction }, { at, due }) => ({
    brief: `${source}: ${streamOf(reaction)}を休止中、再開は${due(reaction.until)}（${reactionPlace(reaction)}）`,
    what: `${streamOf(reaction)}のメールは、送信元 ${source} から ${site} へ送っていません（${reactionPlace(reaction)}）${unknown(reaction)}。`,
    until: `${at(reaction.until)}まで`,
    change: `存在しないアドレスを、宛先のリストから取り除いてください。${undo(reaction)}`,
  }),
  'campaign-held': ({ reaction }, { at, due }) => ({
    brief: `${campaignOf(reaction)}を保留中、再開は${due(reaction.until)}（${reactionPlace(reaction)}）：${reaction.cause.attempt.text}`,
    what: `返答を受けて、${campaignOf(reaction)}は、宛先を問わず保留されています（${reactionPlace(reaction)}）。`,
    until: `${at(reaction.until)}まで`,
    change: `${undo(reaction)}「hikyaku message release」は、個々のメッセージだけを送ります。`,
  }),
}

type Full = Extract<OfPath, { readonly at: 'connections' }>

function ofNode({ source, site, connections }: Full): Sentences {
  return {
    brief: `${source}: ノード全体の接続数が上限`,
    what: `ノード全体の接続数が上限に達しています（送信元 ${source} から ${site} へは ${connections} 本）。`,
    until: 'どれかが空くまで',
    change: 'egress.connections で増やせます。',
  }
}

function inUse({ source, site, limit, connections, rule }: Full): Sentences {
  const n = rule?.value ?? connections
  const provider = limit === 'path' ? undefined : (rule?.provider ?? '')
  const where = provider === undefined ? `${site} へ` : `${provider} 全体へ`
  const to = provider === undefined ? '' : `${where}の`
  const change = changeOf(rule)
  if (n === 1)
    return {
      brief: `${source}: ${to}ただ 1 本の接続が使用中${by(rule)}`,
      what: `送信元 ${source} から ${where}の接続は 1 本だけで、それが使われています${by(rule)}。`,
      until: 'それが空くまで',
      change,
    }
  const own = provider === undefined ? '' : `。そのうち ${site} へは ${connections} 本です`
  return {
    brief: `${source}: ${to}接続 ${n} 本がすべて使用中${by(rule)}`,
    what: `送信元 ${source} から ${where}の接続 ${n} 本が、すべて使われています${own}${by(rule)}。`,
    until: 'どれかが空くまで',
    change,
  }
}

function receivers({ provider }: WarmUpState): string {
  return provider === OTHERS ? 'プロバイダーの規則がない宛先' : ` ${provider} `
}

function slowedBriefly({ slowed: found }: WarmUpState): string {
  return found === undefined ? '' : `（抑制中: ${signShortIn.ja(found.sign)}）`
}

/** What keeps it from going further. */
function slowed({ slowed: found }: WarmUpState): string {
  if (found === undefined) return ''
  const on = new Date(found.at).toISOString().slice(0, 10)
  return `${on} に送信量を抑えました。理由: ${signIn.ja(found.sign)}。`
}

/** `until` に終わる日。 */
function day(until: number): string {
  return new Date(until - 1).toISOString().slice(0, 10)
}

function by(rule: Limit | undefined): string {
  const place = limitPlace(rule)
  return place === '' ? '' : `（${place}）`
}

const SPANS = { second: '毎秒', minute: '毎分', hour: '1 時間に', day: '24 時間に' } as const

function rateOf({ key }: Limit): string {
  return SPANS[countedIn(key)]
}

function whereTo({ provider }: Limit, site: string): string {
  return ` ${provider === undefined ? site : `${provider} 全体`} `
}

function changeOf(rule: Limit | undefined): string {
  const { origin } = rule ?? {}
  if (rule === undefined || origin === undefined) return ''
  if (origin.layer === 'configuration') return `相手が許すなら、${origin.key} で増やせます。`
  return `相手が許すなら、ご自分のルールファイル（shaping/*.toml）に ${ruleLine(rule, origin)} と書いて増やせます（docs/shaping.md）。`
}

function undo({ id }: Live): string {
  return `「hikyaku shaping cancel ${id}」で今すぐ解除し、「hikyaku shaping extend ${id} 1h」で延ばします。`
}

function streamOf({ stream }: Live): string {
  return stream === undefined
    ? 'このストリーム'
    : `組織 ${stream.organization} のストリーム ${stream.stream} `
}

function campaignOf({ campaign }: Live): string {
  const { organization = '', stream = '', campaign: name } = campaign ?? {}
  return name === undefined
    ? `${organization} の ${stream} のうちキャンペーン名のないメール`
    : `${organization} の ${stream} のキャンペーン ${name} `
}

function unknown({ counted, from, until }: Live): string {
  if (counted === undefined) return ''
  const length = span(until - from, ['日', '時間', '分', '秒'])
  return `。${counted.tried} 件の宛先のうち ${counted.unknown} 件が存在しません。手当たり次第の送信と見なされて受信を止められるおそれがあるため、${length}休みます`
}
