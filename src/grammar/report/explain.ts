/**
 * Enhanced status codes in words for the people who wrote the message, in Japanese and English: what happened, and what
 * they can do. Words for operators are elsewhere. RFC 3463, RFC 7505, RFC 7372, RFC 8689
 */

export type Words = {
  readonly what: string
  /** Empty when there is nothing to be done. */
  readonly todo: string
}

export type Explanation = { readonly ja: Words; readonly en: Words }

function words(ja: readonly [string, string], en: readonly [string, string]): Explanation {
  return { ja: { what: ja[0], todo: ja[1] }, en: { what: en[0], todo: en[1] } }
}

const CHECK_ADDRESS = [
  '宛先のアドレスに誤りがないか確かめてください。正しい場合は、電話など別の方法で相手にお尋ねください。',
  'Check the address for mistakes. If it is right, ask the recipient in another way, by telephone for example.',
] as const

const SEND_AGAIN = [
  'しばらくたってからもう一度お送りください。急ぐ場合は、電話など別の方法で相手にご連絡ください。',
  'Send the message again later. If it is urgent, reach the recipient in another way.',
] as const

const ASK_ADMINISTRATOR = [
  'お使いのメールシステムの管理者に、このメールを添えてご相談ください。',
  'Show this message to the administrator of your mail system.',
] as const

const ASK_RECIPIENT = [
  '別の方法で相手に連絡し、受信の設定を確かめてもらってください。',
  'Reach the recipient in another way and ask them to check their settings for incoming mail.',
] as const

const NOTHING_YET = [
  '今は何もする必要はありません。自動的に再送します。',
  'You need not do anything now: delivery is tried again automatically.',
] as const

const MAKE_SMALLER = [
  '添付ファイルを小さくするか、ファイル共有サービスなどで渡してください。',
  'Make the attachments smaller, or share the files in another way.',
] as const

/** The last resort, by class; then by class and subject; then single codes. The longest that fits is used. */
const TABLE = new Map<string, Explanation>([
  ['2', words(['届けました。', ''], ['It was delivered.', ''])],
  [
    '4',
    words(
      ['相手のサーバーが、今は受け取れないと答えています。', NOTHING_YET[0]],
      ['The receiving server says that it cannot take the message now.', NOTHING_YET[1]],
    ),
  ],
  [
    '5',
    words(
      ['相手のサーバーが受け取りを断りました。', `下の応答をご覧ください。${ASK_ADMINISTRATOR[0]}`],
      ['The receiving server refused the message.', `See its reply below. ${ASK_ADMINISTRATOR[1]}`],
    ),
  ],
  [
    '4.1',
    words(
      ['相手のサーバーが、今は宛先か差出人のアドレスを確かめられないと答えています。', NOTHING_YET[0]],
      ['The receiving server cannot check the address of the recipient or the sender now.', NOTHING_YET[1]],
    ),
  ],
  [
    '5.1',
    words(
      ['宛先のアドレスに問題があります。', CHECK_ADDRESS[0]],
      ['There is a problem with the address.', CHECK_ADDRESS[1]],
    ),
  ],
  [
    '5.1.1',
    words(
      ['宛先のアドレスは存在しません。', CHECK_ADDRESS[0]],
      ['There is no such address.', CHECK_ADDRESS[1]],
    ),
  ],
  [
    '5.1.2',
    words(
      ['宛先のドメイン（@ より後ろ）は存在しません。', CHECK_ADDRESS[0]],
      ['The domain of the address, the part after @, does not exist.', CHECK_ADDRESS[1]],
    ),
  ],
  [
    '5.1.3',
    words(
      ['宛先のアドレスの書き方に誤りがあります。', CHECK_ADDRESS[0]],
      ['The address is not written as an address can be.', CHECK_ADDRESS[1]],
    ),
  ],
  [
    '5.1.6',
    words(
      ['相手は別のアドレスに移り、このアドレスは使われていません。', CHECK_ADDRESS[0]],
      ['The recipient has moved to another address; this one is no longer used.', CHECK_ADDRESS[1]],
    ),
  ],
  [
    '5.1.8',
    words(
      ['差出人のドメインが存在しないか、メールを受け取れないため、断られました。', ASK_ADMINISTRATOR[0]],
      [
        'It was refused because the domain of the sender does not exist or cannot receive mail.',
        ASK_ADMINISTRATOR[1],
      ],
    ),
  ],
  [
    '5.1.10',
    words(
      ['宛先のドメインは、メールを一切受け取らないと公表しています。', CHECK_ADDRESS[0]],
      ['The domain of the address has declared that it takes no mail at all.', CHECK_ADDRESS[1]],
    ),
  ],
  [
    '4.2',
    words(
      ['相手のメールボックスが、今は受け取れません。', NOTHING_YET[0]],
      ['The mailbox cannot take mail now.', NOTHING_YET[1]],
    ),
  ],
  [
    '4.2.2',
    words(['相手のメールボックスがいっぱいです。', NOTHING_YET[0]], ['The mailbox is full.', NOTHING_YET[1]]),
  ],
  [
    '5.2',
    words(
      ['相手のメールボックスが受け取れません。', ASK_RECIPIENT[0]],
      ['The mailbox cannot take the message.', ASK_RECIPIENT[1]],
    ),
  ],
  [
    '5.2.1',
    words(
      ['相手のメールボックスは、停止されているか、受信しない設定になっています。', ASK_RECIPIENT[0]],
      ['The mailbox is disabled or takes no mail.', ASK_RECIPIENT[1]],
    ),
  ],
  [
    '5.2.2',
    words(
      [
        '相手のメールボックスがいっぱいです。',
        '別の方法で相手に知らせ、空きができてからもう一度お送りください。',
      ],
      [
        'The mailbox is full.',
        'Tell the recipient in another way, and send the message again when there is room.',
      ],
    ),
  ],
  [
    '5.2.3',
    words(
      ['メールが、相手のメールボックスで受け取れる大きさを超えています。', MAKE_SMALLER[0]],
      ['The message is larger than the mailbox allows.', MAKE_SMALLER[1]],
    ),
  ],
  [
    '4.3',
    words(
      ['相手のサーバーが混み合っているか、空き容量が足りません。', NOTHING_YET[0]],
      ['The receiving system is busy or short of space.', NOTHING_YET[1]],
    ),
  ],
  [
    '5.3',
    words(
      ['相手のメールシステムが、このメールを扱えません。', ASK_ADMINISTRATOR[0]],
      ['The receiving system cannot handle the message.', ASK_ADMINISTRATOR[1]],
    ),
  ],
  [
    '5.3.4',
    words(
      ['メールが、相手のサーバーで受け取れる大きさを超えています。', MAKE_SMALLER[0]],
      ['The message is larger than the receiving system allows.', MAKE_SMALLER[1]],
    ),
  ],
  [
    '4.4',
    words(
      ['相手のサーバーにつながらないか、途中で切れました。', NOTHING_YET[0]],
      ['The receiving server could not be reached, or the connection broke.', NOTHING_YET[1]],
    ),
  ],
  [
    '4.4.1',
    words(
      ['相手のサーバーが応答しません。', NOTHING_YET[0]],
      ['The receiving server does not answer.', NOTHING_YET[1]],
    ),
  ],
  [
    '4.4.3',
    words(
      ['宛先のドメインを調べるための DNS が、今は答えません。', NOTHING_YET[0]],
      ['The DNS, which says where the domain receives its mail, does not answer now.', NOTHING_YET[1]],
    ),
  ],
  [
    '4.4.7',
    words(
      ['期限まで再送を続けましたが、届けられませんでした。', SEND_AGAIN[0]],
      ['Delivery was tried again and again until the time limit, without success.', SEND_AGAIN[1]],
    ),
  ],
  [
    '5.4',
    words(
      ['相手のサーバーに届く経路がありません。', CHECK_ADDRESS[0]],
      ['There is no way to the receiving server.', CHECK_ADDRESS[1]],
    ),
  ],
  [
    '5.4.4',
    words(
      ['宛先のドメインの、メールを受け取るサーバーが見つかりません。', CHECK_ADDRESS[0]],
      ['No server that receives mail for the domain could be found.', CHECK_ADDRESS[1]],
    ),
  ],
  [
    '5.4.6',
    words(
      ['メールがサーバーの間を回り続けています（転送のループ）。', ASK_ADMINISTRATOR[0]],
      ['The message goes round between servers: a forwarding loop.', ASK_ADMINISTRATOR[1]],
    ),
  ],
  [
    '5.4.7',
    words(
      ['期限までに届けられませんでした。', SEND_AGAIN[0]],
      ['It could not be delivered within its time limit.', SEND_AGAIN[1]],
    ),
  ],
  [
    '5.5',
    words(
      ['相手のサーバーとの通信の手順に問題がありました。', ASK_ADMINISTRATOR[0]],
      ['The servers did not understand each other.', ASK_ADMINISTRATOR[1]],
    ),
  ],
  [
    '5.5.3',
    words(
      ['一度に送る宛先が多すぎます。', '宛先をいくつかに分けてお送りください。'],
      ['There are too many recipients at once.', 'Send the message to fewer recipients at a time.'],
    ),
  ],
  [
    '5.6',
    words(
      ['メールの内容か形式を、相手のサーバーが受け付けません。', ASK_ADMINISTRATOR[0]],
      ['The receiving server does not take the content or the format of the message.', ASK_ADMINISTRATOR[1]],
    ),
  ],
  [
    '5.6.3',
    words(
      [
        '相手のサーバーは8ビットの文字を受け取れず、このメールは7ビットに変換できません。',
        '署名や暗号化をせずに、もう一度お送りください。',
      ],
      [
        'The receiving server takes only 7-bit mail, and the message cannot be converted.',
        'Send it again without a signature or encryption.',
      ],
    ),
  ],
  [
    '5.6.7',
    words(
      [
        '相手のサーバーは、英数字以外の文字を含むアドレスを扱えません。',
        '差出人と宛先に英数字だけのアドレスを使ってください。',
      ],
      [
        'The receiving server cannot handle addresses with characters outside of ASCII.',
        'Use an address in ASCII for the sender and the recipient.',
      ],
    ),
  ],
  [
    '5.6.9',
    words(
      [
        '相手のサーバーは、このメールのヘッダーの文字（UTF-8）を扱えません。',
        '差出人・宛先・添付ファイル名を英数字にして、もう一度お送りください。',
      ],
      [
        'The receiving server cannot handle the characters in the header of the message (UTF-8).',
        'Use ASCII in addresses and names of attachments, and send it again.',
      ],
    ),
  ],
  [
    '4.7',
    words(
      ['相手のサーバーが、受け取りを一時的に見合わせています。', NOTHING_YET[0]],
      ['The receiving server puts the message off for the time being.', NOTHING_YET[1]],
    ),
  ],
  [
    '5.7',
    words(
      ['相手のサーバーの受信方針により、断られました。', ASK_ADMINISTRATOR[0]],
      ['It was refused by the policy of the receiving server.', ASK_ADMINISTRATOR[1]],
    ),
  ],
  [
    '5.7.1',
    words(
      [
        '相手のサーバーが、この差出人からのメール、またはこの内容のメールを認めていません。',
        `${ASK_ADMINISTRATOR[0]}迷惑メールと誤って判定されたのかもしれません。`,
      ],
      [
        'The receiving server does not allow mail from this sender, or with this content.',
        `${ASK_ADMINISTRATOR[1]} It may have been taken for spam by mistake.`,
      ],
    ),
  ],
  ...['5.7.20', '5.7.21', '5.7.22', '5.7.23', '5.7.26'].map((status): [string, Explanation] => [
    status,
    words(
      [
        '差出人のドメインの認証（SPF・DKIM・DMARC）に合格しなかったため、断られました。',
        ASK_ADMINISTRATOR[0],
      ],
      [
        'It was refused because the domain of the sender was not authenticated (SPF, DKIM, DMARC).',
        ASK_ADMINISTRATOR[1],
      ],
    ),
  ]),
  [
    '5.7.25',
    words(
      ['送信元サーバーの IP アドレスの逆引き（PTR）が正しくないため、断られました。', ASK_ADMINISTRATOR[0]],
      [
        'It was refused because the sending IP address has no proper name in the DNS (PTR).',
        ASK_ADMINISTRATOR[1],
      ],
    ),
  ],
  [
    '5.7.30',
    words(
      [
        'このメールは暗号化した経路だけで送るよう指定されていますが、相手のサーバーが対応していません。',
        '指定（REQUIRETLS）を外して、もう一度お送りください。',
      ],
      [
        'The message may travel over TLS only (REQUIRETLS), and the receiving server cannot promise that.',
        'Send it again without that demand.',
      ],
    ),
  ],
])

/** Always finds words: those of the code, of its class and subject, or of its class. */
export function explainStatus(status: string): Explanation {
  const [kind = '5', subject = ''] = status.split('.')
  const found = TABLE.get(status) ?? TABLE.get(`${kind}.${subject}`) ?? TABLE.get(kind)
  return found ?? UNKNOWN
}

const UNKNOWN = words(
  ['届けられませんでした。', ASK_ADMINISTRATOR[0]],
  ['It could not be delivered.', ASK_ADMINISTRATOR[1]],
)
