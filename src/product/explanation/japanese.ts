/** Every reason in Japanese. */

import type { Attempt, Report } from '#engine/spool'
import { explainStatus } from '#grammar/report'

import { JAPANESE_SHAPING } from './shaping-japanese.ts'
import type { Forecast } from './reason.ts'
import { remedyOf, sentences } from './remedy.ts'
import type { Remedy } from './remedy.ts'
import { round, span } from './span.ts'
import type { Sentences, Wording } from './wording.ts'

const MOMENT = 'まもなく'

export const JAPANESE: Wording = {
  reasons: {
    ...JAPANESE_SHAPING,
    delivered: ({ when, last }, { at }) => ({
      brief: '配送済み',
      what: `${when === undefined ? '' : `${at(when)}に`}届けました。`,
      until: '',
      change: `ここですることはもうありません。見当たらない場合は、${last?.host || '受け取ったサーバー'} の管理者が、この応答を手がかりに調べられます。`,
    }),
    bounced: ({ when, last }, { at }) => ({
      brief: '不達',
      what: `${when === undefined ? '' : `${at(when)}に`}受け取りを断られ、配送を終えました。`,
      until: '',
      change: last === undefined ? '' : explainStatus(last.enhanced).ja.todo,
    }),
    expired: ({ when, tries }, { at }) => ({
      brief: '期限切れ',
      what: `期限が過ぎたため、${when === undefined ? '' : `${at(when)}に`}配送をあきらめました（試行 ${tries} 回）。`,
      until: '',
      change: 'もう一度送るほかありません。試行を続ける期間は queue.expire で決まります。',
    }),
    cancelled: ({ when, why }, { at }) => ({
      brief: '取り消し',
      what: `${when === undefined ? '' : `${at(when)}に`}運用者が取り消しました${reason(why)}。`,
      until: '',
      change: 'もう一度送るほかありません。取り消したものは元に戻せません。',
    }),
    'came-back': ({ report: { kind, at: when } }, { at }) => CAME_BACK[kind](at(when)),
    held: ({ why }, { name }) => ({
      brief: `保留${why === '' ? '' : `: ${why}`}`,
      what: `運用者が保留にしています${reason(why)}。`,
      until: '運用者が解除するまで',
      change: `「hikyaku message release ${name}」で配送を再開し、「hikyaku message cancel ${name}」で取り消します。`,
    }),
    damaged: ({ why }, { name }) => ({
      brief: '保留: 内容が破損',
      what: `保管している内容が受け付けたときのものと違うため、保留にしています${reason(why)}。`,
      until: '運用者が取り消すか、解除するまで',
      change: `ここでは内容を元に戻せないため、差出人に送り直してもらうほかありません。「hikyaku message cancel ${name}」で取り消します。データディレクトリーを復元した後なら、「hikyaku message release ${name}」でもう一度試行します。`,
    }),
    scheduled: ({ until }, { name, at, due }) => ({
      brief: `送信予約、${due(until)}`,
      what: '差出人が、後で送るよう指定しています（FUTURERELEASE）。',
      until: `${at(until)}まで`,
      change: `「hikyaku message retry ${name}」で今すぐ送り、「hikyaku message cancel ${name}」で取り消します。`,
    }),
    retry: ({ tries, about, until, end, last }, { name, at, due }) => ({
      brief: `${tries + 1} 回目の試行は${due(until)}`,
      what: `これまでの ${tries} 回の試行は見合わせとなり、${tries + 1} 回目${about === undefined ? '' : `（およそ ${about} 回のうち）`}の時刻を待っています。`,
      until: `${at(until)}まで。${at(end)}を過ぎると、もう試行しません`,
      change: sentences(remedy(last), `「hikyaku message retry ${name}」で今すぐ試行します。`),
    }),
    'on-wire': () => ({
      brief: '送信中',
      what: '今、送信しています。',
      until: '相手の応答があるまで。待つ時間の上限は egress.timeouts で決まります',
      change: '変えられません。送信中のものは呼び戻せません。',
    }),
    recording: () => ({
      brief: '記録中',
      what: '試行が終わり、その結果を記録しています。',
      until: MOMENT,
      change: '',
    }),
    turn: ({ ahead, isHeld, ...rate }, { at }) => ({
      brief: ahead === 0 ? '次の番' : `前に ${ahead} 件`,
      what:
        ahead === 0
          ? 'メモリー上にあり、このキューでは次の番です。'
          : `メモリー上にあり、このキューでは前に ${ahead} 件あります。`,
      until: `${ahead > 0 ? '前のものが送り出されるまで' : isHeld ? '上に示した理由がなくなるまで' : MOMENT}${atRate(rate, at)}`,
      change: '',
    }),
    loading: () => ({
      brief: '読み込み中',
      what: '時刻になったので、保管場所から読み込んでいます。',
      until: MOMENT,
      change: '',
    }),
    route: ({ domain }) => ({
      brief: `${domain} を DNS に問い合わせ中`,
      what: `${domain} のメールを受け取るサーバーを、DNS に問い合わせています。`,
      until: 'DNS が答えるまで。答えが得られなければ、後で試行します',
      change: '長く続く場合は、dns.servers に書かれたサーバーを調べてください。',
    }),
    window: ({ limit, size, backlog, ...rate }, { at }) => ({
      brief:
        limit === 'queue'
          ? `キューの枠 ${size} 件が埋まっています`
          : `メモリーの枠 ${size} 件が埋まっています`,
      what: `${
        limit === 'queue'
          ? `このキューがメモリーに置ける ${size} 件の枠が埋まっています`
          : `すべてのキューを合わせてメモリーに置ける ${size} 件の枠が埋まっています`
      }${backlog === undefined ? '' : `（このキューの ${backlog} 件が保管場所で待っています）`}。`,
      until: `前のものが終わるまで${atRate(rate, at, '最後の 1 通を')}`,
      change:
        limit === 'queue'
          ? 'queue.window で枠を広げられますが、経路に余裕がなければ早くはなりません。'
          : 'queue.window_total で枠を広げられます。その分メモリーを使います。',
    }),
    connecting: ({ source, site }) => ({
      brief: `${source}: 接続中`,
      what: `送信元 ${source} から ${site} への最初の接続を開いています。`,
      until: 'つながるか、失敗するまで。待つ時間の上限は egress.timeouts で決まります',
      change: '',
    }),
    closing: ({ source, site }) => ({
      brief: `${source}: 切断中`,
      what: `送信元 ${source} から ${site} への接続を閉じています。`,
      until: '閉じ終わるまで',
      change: '',
    }),
    'refused-more': ({ source, site, connections, until, last }, { at, due }) => ({
      brief: `${source}: 相手が許す接続は ${connections} 本まで、再確認は${due(until)}: ${last.text}`,
      what: `${site} が送信元 ${source} に許す接続は ${connections} 本までで、すべて使われています。`,
      until: `どれかが空くまで。${at(until)}に、もう 1 本をあらためて試します`,
      change: '増やせるのは相手だけです。',
    }),
    down: ({ source, site, until, failures, last }, { at, due }) => ({
      brief: `${source}: 不通、次の接続は${due(until)}: ${last.text}`,
      what: `送信元 ${source} から ${site} へ、${failures === 1 ? '前回' : `続けて ${failures} 回`}つながらないか、応対を断られました。`,
      until: `次に接続を試すのは ${at(until)}`,
      change: sentences(
        remedy(last),
        '相手が応答すれば自動的に再開します。「message retry」では早まりません。',
      ),
    }),
    paused: ({ why }) => ({
      brief: `送信停止中${why === '' ? '' : `: ${why}`}`,
      what: `結果を記録できないため${why === '' ? '' : `（${why}）`}、何も送り始めません。記録のない成功は、二重に送ることになるからです。`,
      until: '保管場所に書き込めるようになるまで',
      change: 'ディスクの空きを増やすか、データベースを復旧してください。送信は自動的に再開します。',
    }),
    draining: () => ({
      brief: 'ノードは停止処理中',
      what: 'ノードは停止するところで、新たに送り始めません。',
      until: '再び動き出すまで',
      change: '',
    }),
    untold: ({ limit }) => ({
      brief: '差出人に未通知',
      what:
        limit === undefined
          ? '差出人には通知していません。通知を作成できませんでした。理由はログにあります（notice.lost）。'
          : `差出人には通知していません。1 時間にこのアドレスへ送った通知が ${limit} 通に達していました。`,
      until: '',
      change:
        limit === undefined
          ? ''
          : '上限は queue.dsn_per_sender_per_hour で変えられます。この件は、差出人に別の方法で知らせるほかありません。',
    }),
    stopped: () => ({
      brief: 'ノードは停止中',
      what: 'ノードが動いていないため、何も送られません。',
      until: '動き出すまで',
      change: '「hikyaku serve」で動かします。',
    }),
  },
  said: ({ host, address, stage }, words) => {
    const where = STAGES.get(stage) ?? stage
    return host === ''
      ? `${where}: ${words}`
      : `${host}${address === '' ? '' : ` [${address}]`} ${where}: ${words}`
  },
  moment: (time, distance) => `${time}（${distance}）`,
  distance(milliseconds) {
    if (Math.abs(milliseconds) < 500) return '今'
    const text = span(Math.abs(milliseconds), ['日', '時間', '分', '秒'])
    return `${text}${milliseconds > 0 ? '後' : '前'}`
  },
}

const REMEDIES: Record<Remedy, (source: string) => string> = {
  login: (source) =>
    `相手ホストへのログイン情報が誤っています。[egress.sources.${source}] の relay_user と relay_password、または経路の user と password を直してください。`,
  tls: () =>
    '求められている TLS が使えません。どの規則が求めているかは「hikyaku shaping resolve ドメイン」で分かり、自分のファイルで変えられます。ドメイン側の要求は「hikyaku tls-policy list」で分かり、[[tls_policies]] の obey = false で従わないようにできます。',
  address: (source) =>
    `このマシンにそのアドレスを割り当てるか、egress.sources.${source}.address を直してノードを再起動してください。`,
  route: () =>
    '相手ドメインの DNS か、こちらのリゾルバーに原因があります。リゾルバーは「hikyaku doctor」で調べられます。',
}

function remedy(last: Attempt | undefined): string {
  const found = remedyOf(last)
  return found === undefined ? '' : REMEDIES[found](last?.source ?? '')
}

/** コマンド名はそのまま。 */
const STAGES: ReadonlyMap<string, string> = new Map([
  ['route', '経路の検索'],
  ['connect', '接続'],
  ['greeting', '接続直後'],
  ['tls', 'TLS'],
  ['content', '内容の読み出し'],
  ['end of data', '本文の送信後'],
])

const LOOK =
  'このために宛先が配信停止になっているかは「hikyaku suppression list」で分かり、「hikyaku suppression remove」で解除できます。'

/** What came back, and when. */
const CAME_BACK: Record<Report['kind'], (when: string) => Sentences> = {
  bounce: (when) => ({
    brief: '返送',
    what: `${when}に返送されました。いったん受け取ったサーバーが、宛先に届けられませんでした。`,
    until: '',
    change: LOOK,
  }),
  delay: (when) => ({
    brief: '転送先で遅延',
    what: `受け取ったサーバーから、まだ届けられないという知らせが${when}にありました。`,
    until: '',
    change: 'ここでできることはありません。配送を続けているのは、そのサーバーです。',
  }),
  success: (when) => ({
    brief: '到着確認',
    what: `受け取ったサーバーから、届けたという知らせが${when}にありました。`,
    until: '',
    change: '',
  }),
  complaint: (when) => ({
    brief: '苦情',
    what: `宛先の人から苦情があり、${when}に届きました。`,
    until: '',
    change: LOOK,
  }),
  unsubscribe: (when) => ({
    brief: '配信停止の依頼',
    what: `宛先の人から、このストリームのメールを止めてほしいという依頼が${when}にありました。`,
    until: '',
    change: LOOK,
  }),
  open: (when) => ({
    brief: '開封',
    what: `${when}に初めて開封されました。`,
    until: '',
    change: '',
  }),
  click: (when) => ({
    brief: 'クリック',
    what: `${when}に本文中のリンクが初めてクリックされました。`,
    until: '',
    change: '',
  }),
}

/** `what` を送るのがいつか。 */
function atRate({ perMinute, eta }: Forecast, at: (time: number) => string, what = ''): string {
  if (perMinute === undefined || eta === undefined) return ''
  return `。直近 1 分間の速さ（毎分 ${round(perMinute)} 通）が続けば、${what}送るのはおよそ ${at(eta)}`
}

function reason(why: string): string {
  return why === '' ? '' : `（理由: ${why}）`
}
