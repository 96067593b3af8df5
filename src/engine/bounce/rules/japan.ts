/** Japanese carriers and portals, where the same words mean different things at different stages. */

import { any, rule } from '../rule.ts'

const DOCOMO = ['docomo.ne.jp']
const AU = ['ezweb.ne.jp', 'au.com', 'auone-net.jp', 'dion.ne.jp', 'uqmobile.jp']
const SOFTBANK = [
  'softbank.ne.jp',
  'softbank.jp',
  'vodafone.ne.jp',
  'disney.ne.jp',
  'ymobile.ne.jp',
  'willcom.com',
]
const YAHOO_JAPAN = ['yahoo.co.jp', 'ybb.ne.jp']

export const JAPAN = [
  rule(
    'filtered/docomo-after-data',
    /unknown user/,
    [
      { reply: '550 Unknown user someone@docomo.ne.jp', stage: 'end of data', host: 'mfsmax.docomo.ne.jp' },
      { reply: '550 Unknown user someone@docomo.ne.jp', stage: 'DATA', domain: 'docomo.ne.jp' },
    ],
    { hosts: DOCOMO, stages: ['DATA', 'end of data'], source: 'docomo: 送信できないメールについて' },
  ),
  rule(
    'user-unknown/docomo',
    /unknown user/,
    [{ reply: '550 Unknown user someone@docomo.ne.jp', stage: 'RCPT', host: 'mfsmax.docomo.ne.jp' }],
    { hosts: DOCOMO, source: 'docomo: 送信できないメールについて' },
  ),
  rule(
    'mailbox-full/docomo',
    /too much mail data/,
    [{ reply: '552 Too much mail data', stage: 'end of data', host: 'mfsmax.docomo.ne.jp' }],
    { hosts: DOCOMO },
  ),
  rule(
    'rate/docomo-recipients',
    /too many recipients/,
    [{ reply: '552 Too many recipients', stage: 'RCPT', host: 'mfsmax.docomo.ne.jp' }],
    { hosts: DOCOMO },
  ),
  rule(
    'noncompliant/docomo-long-line',
    /line too long/,
    [{ reply: '500 Line Too Long', stage: 'end of data', host: 'mfsmax.docomo.ne.jp' }],
    { hosts: DOCOMO },
  ),
  rule(
    'filtered/au-without-address',
    /^: user unknown/,
    [{ reply: '550 : User unknown', stage: 'end of data', host: 'msmx.au.com' }],
    { hosts: AU, source: 'au: 迷惑メールフィルター' },
  ),
  rule(
    'user-unknown/au',
    /^<@>: user unknown/,
    [{ reply: '550 <someone@ezweb.ne.jp>: User unknown', stage: 'RCPT', host: 'lsean.ezweb.ne.jp' }],
    { hosts: AU },
  ),
  rule(
    'user-unknown/au-relay',
    /^<@>: relay access denied/,
    [{ reply: '554 <someone@ezweb.ne.jp>: Relay access denied', stage: 'RCPT', host: 'lsean.ezweb.ne.jp' }],
    { hosts: AU },
  ),
  rule(
    'reputation/au-reset',
    /reset|econnreset|connection (?:closed|lost)/,
    [{ reply: 'connection lost at stage MAIL: read ECONNRESET', stage: 'MAIL', domain: 'ezweb.ne.jp' }],
    { hosts: AU, codes: [0], source: 'au: ネットワーク混雑時の規制 (resets instead of replies); guess' },
  ),
  rule(
    'inactive/au-account',
    /account is (?:disabled|temporarily limited)/,
    [
      { reply: 'The user account is disabled.', domain: 'ezweb.ne.jp' },
      { reply: 'The user account is temporarily limited.', domain: 'au.com' },
    ],
    { hosts: AU },
  ),
  rule(
    'filtered/domain-filter',
    any(
      /each of the following recipients was rejected by a remote mail server\.?\s*(?:$|-{9})/,
      /rejected by the domain filter/,
    ),
    [
      {
        reply: 'Each of the following recipients was rejected by a remote mail server.',
        domain: 'ezweb.ne.jp',
      },
      {
        reply: 'Each of the following recipients was rejected by a remote mail server. --------------------',
        domain: 'ezweb.ne.jp',
      },
    ],
    { hosts: AU },
  ),
  rule(
    'user-unknown/softbank',
    /invalid recipient/,
    [{ reply: '550 Invalid recipient: <someone@softbank.ne.jp>', stage: 'RCPT', domain: 'softbank.ne.jp' }],
    { hosts: SOFTBANK },
  ),
  rule(
    'sender-rejected/softbank',
    /domain? does not exist|dom does not exist/,
    [{ reply: '553 sender.example dom does not exist', stage: 'MAIL', domain: 'softbank.ne.jp' }],
    { hosts: SOFTBANK, stages: ['MAIL', 'RCPT'] },
  ),
  rule('filtered/willcom', /recipient id refuse to receive/, [
    'We failed to deliver mail because the following address recipient id refuse to receive mail',
  ]),
  rule(
    'user-unknown/yahoo-japan',
    /doesn't have a (?:\S{1,60} )?account|user doesn't exist/,
    [
      {
        reply:
          "554 delivery error: dd This user doesn't have a yahoo.co.jp account (someone@yahoo.co.jp) [-9]",
        stage: 'end of data',
        domain: 'yahoo.co.jp',
      },
    ],
    { hosts: YAHOO_JAPAN },
  ),
  rule(
    'reputation/yahoo-japan',
    /vs98-ip\d|\[?(?:tss|ipts|ts)0\d/,
    [
      { reply: '553 VS98-IP0 deferred - see help.yahoo.co.jp', stage: 'connect', domain: 'yahoo.co.jp' },
      {
        reply: '421 4.7.0 [TSS04] Messages temporarily deferred',
        stage: 'greeting',
        host: 'mx1.mail.yahoo.co.jp',
      },
    ],
    { hosts: YAHOO_JAPAN },
  ),
  rule('rate/jcom-session', /too many messages for this session/, [
    { reply: '421 4.7.2 Too many messages for this session', domain: 'jcom.home.ne.jp' },
  ]),
  rule(
    'mailbox-full/ja',
    /(?:メールボックス|受信箱|メール容量|保存容量|ディスク容量|容量).{0,30}(?:一杯|いっぱい|満杯|超え|超過|オーバー|空きが)/,
    [
      '送信先のメールボックスが一杯のため、送信できませんでした。',
      '宛先のメールボックスの容量を超えています',
    ],
  ),
  rule('too-big/ja', /(?:サイズ|大きさ|容量).{0,30}(?:制限|上限|大きすぎ|大きい)/, [
    'メールのサイズが制限を超えています',
  ]),
  rule(
    'host-unknown/ja',
    /(?:ドメイン|ホスト|サーバー?).{0,30}(?:見つかりません|見つからない|存在しません|存在しない)/,
    ['宛先のドメインが存在しません'],
  ),
  rule(
    'user-unknown/ja',
    /(?:アドレス|あて先|宛先|ユーザー?|受信者|ディレクトリ).{0,40}(?:見つか[らり]|存在しません|存在しない|ありません|該当|不明|登録され)/,
    [
      'ディレクトリのリストにありません',
      '指定された宛先は存在しません',
      '送信先メールアドレスが見つからないか、送信先メールサーバの事由により送信できませんでした。',
    ],
  ),
  rule('filtered/ja', /受信(?:を)?拒否|拒否(?:設定|され)|フィルタ(?:ー)?により|受信設定/, [
    '受信者の設定により受信拒否されました',
  ]),
  rule('spam/ja', /迷惑メール(?:と|として|の疑い|判定)/, ['迷惑メールと判定されました']),
  rule('virus/ja', /ウイルス.{0,20}(?:検出|感染|含)/, ['ウイルスが検出されました']),
  rule('policy/ja', /添付ファイル.{0,30}(?:禁止|許可され|制限)|送信(?:が)?禁止/, [
    '添付ファイルの送信が許可されていません',
  ]),
  rule('expired/ja', /(?:再送|配送|配信).{0,30}(?:期限|期間|時間).{0,20}(?:超|過ぎ|切れ)/, [
    '再送期限を超えたため配信を中止しました',
  ]),
]
