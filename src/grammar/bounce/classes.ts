/**
 * Why mail is not taken, as one taxonomy for live replies and for messages that come back: each class with what becomes
 * of the address, and words for people who do not know mail. docs/bounces.md has it as a table.
 */

/** What a reply says of the address: `hard`, it will never take mail; `soft`, it may. `none` is of no failure. */
export type BounceType = 'hard' | 'soft' | 'none'

export type ClassWords = {
  readonly what: string
  /** What the sender can do. */
  readonly todo: string
}

export type ClassFacts = {
  readonly type: BounceType
  readonly ja: ClassWords
  readonly en: ClassWords
}

export const CLASSES = {
  'user-unknown': {
    type: 'hard',
    ja: {
      what: 'その宛先は存在しません。',
      todo: 'アドレスの綴りを確かめ、正しくなければ名簿から外してください。',
    },
    en: {
      what: 'There is no such address.',
      todo: 'Check its spelling; if it is not a mistake, take it off your lists.',
    },
  },
  moved: {
    type: 'hard',
    ja: {
      what: '宛先の人は別のアドレスに移っています。',
      todo: '新しいアドレスを本人に確かめて、名簿を書き換えてください。',
    },
    en: {
      what: 'The recipient has moved to another address.',
      todo: 'Ask them for the new address and correct your list.',
    },
  },
  'host-unknown': {
    type: 'hard',
    ja: {
      what: '宛先のドメインが存在しないか、メールの届け先がありません。',
      todo: '@ より後ろの綴りを確かめ、正しくなければ名簿から外してください。',
    },
    en: {
      what: 'The domain does not exist, or has no mail host.',
      todo: 'Check what stands after the @; if the domain is gone, take the address off your lists.',
    },
  },
  'no-mail': {
    type: 'hard',
    ja: {
      what: '宛先のドメイン、またはサーバーは、メールを一切受け取りません。',
      todo: '名簿から外し、別の連絡先をお尋ねください。',
    },
    en: {
      what: 'The domain or its host takes no mail at all.',
      todo: 'Take the address off your lists and ask for another.',
    },
  },
  'mailbox-full': {
    type: 'soft',
    ja: {
      what: '宛先のメールボックスがいっぱいです。',
      todo: '後日送り直してください。何週間も続くなら、使われていないアドレスかもしれません。',
    },
    en: {
      what: "The recipient's mailbox is full.",
      todo: 'Try again another day. If it stays full for weeks, the address may be abandoned.',
    },
  },
  inactive: {
    type: 'soft',
    ja: {
      what: '宛先のメールボックスは無効にされているか、休止しています。',
      todo: '別の方法で本人に確かめてください。続くなら名簿から外してください。',
    },
    en: {
      what: "The recipient's mailbox is disabled or asleep.",
      todo: 'Ask the recipient in another way; if it goes on, take the address off your lists.',
    },
  },
  suspended: {
    type: 'soft',
    ja: { what: '宛先のメールボックスは一時的に止められています。', todo: '後日送り直してください。' },
    en: { what: "The recipient's mailbox is suspended for the time being.", todo: 'Try again another day.' },
  },
  filtered: {
    type: 'soft',
    ja: {
      what: '受信者の設定(指定受信・なりすまし規制など)により拒まれました。',
      todo: '送信元のドメインを受信できるように設定してもらってください。',
    },
    en: {
      what: "The recipient's own settings refused the message.",
      todo: 'Ask the recipient to allow mail from your domain.',
    },
  },
  'sender-rejected': {
    type: 'soft',
    ja: {
      what: '差出人(エンベロープ From)のアドレスやドメインが拒まれました。',
      todo: '差出人のドメインが実在し、メールを受け取れることを確かめてください。',
    },
    en: {
      what: 'The address or domain of the sender was refused.',
      todo: "Check that the sender's domain exists and takes mail.",
    },
  },
  'relaying-denied': {
    type: 'soft',
    ja: {
      what: '相手のサーバーは、この宛先への中継を許していません。',
      todo: '宛先のドメインの MX を確かめてください。多くは相手側の設定の誤りです。',
    },
    en: {
      what: 'The host does not take mail for this domain from us.',
      todo: 'Check the MX records of the domain; most often they, or its host, are set up wrongly.',
    },
  },
  authentication: {
    type: 'soft',
    ja: {
      what: 'SPF・DKIM・DMARC の認証に通らないため拒まれました。',
      todo: '差出人のドメインの SPF・DKIM・DMARC の設定を直してください(hikyaku domain verify で確かめられます)。',
    },
    en: {
      what: 'The message failed SPF, DKIM or DMARC.',
      todo: "Correct the records of the sender's domain; hikyaku domain verify shows what is wrong.",
    },
  },
  reputation: {
    type: 'soft',
    ja: {
      what: '送信元の IP アドレスまたはドメインの評判により拒まれました(ブラックリストへの掲載を含みます)。',
      todo: '宛先に問題はありません。送信を控え、原因を正してから解除を申請してください。',
    },
    en: {
      what: 'Our address or domain is blocked or has a bad reputation there, as by a block list.',
      todo: 'The recipient is fine. Slow down, find the cause, and ask to be delisted.',
    },
  },
  'reverse-dns': {
    type: 'soft',
    ja: {
      what: '送信元の IP アドレスの逆引き(PTR)または HELO の名前に問題があります。',
      todo: '送信元 IP の逆引きと正引きを一致させてください(hikyaku doctor で確かめられます)。',
    },
    en: {
      what: 'The reverse DNS of our address, or the name we give in HELO, is missing or wrong.',
      todo: 'Let PTR and forward records match; hikyaku doctor checks them.',
    },
  },
  greylisted: {
    type: 'soft',
    ja: {
      what: '初めての送信元なので、相手がいったん保留しています。',
      todo: '何もする必要はありません。自動的に再送します。',
    },
    en: {
      what: 'The host puts off senders it has not seen before.',
      todo: 'Nothing: the next try, some minutes later, is taken.',
    },
  },
  rate: {
    type: 'soft',
    ja: {
      what: '送信の速さ、接続の数、または宛先の数が相手の上限を超えました。',
      todo: '相手への送信を遅くしてください。再送は自動で行われます。',
    },
    en: {
      what: 'Too much at once for the receiver: messages, connections or recipients.',
      todo: 'Send more slowly to it; the message is tried again.',
    },
  },
  policy: {
    type: 'soft',
    ja: {
      what: '相手の組織の方針により拒まれました。',
      todo: '相手の管理者または受信者にお問い合わせください。',
    },
    en: {
      what: 'A policy of the receiver forbids the message.',
      todo: 'Ask the recipient or their administrator what they require.',
    },
  },
  security: {
    type: 'soft',
    ja: {
      what: '相手のサーバーが認証などの権限を求めています。',
      todo: 'スマートホストの認証情報と、相手側の接続の許可を確かめてください。',
    },
    en: {
      what: 'The host wants authentication or a permission that we lack.',
      todo: 'Check the credentials of the smart host, and who may use it.',
    },
  },
  spam: {
    type: 'soft',
    ja: {
      what: '迷惑メールと判定されて拒まれました。',
      todo: '件名・本文・リンクを見直し、配信の同意がある宛先だけに送ってください。',
    },
    en: {
      what: 'The message was taken for spam.',
      todo: 'Look at subject, text and links, and send only to those who asked for it.',
    },
  },
  virus: {
    type: 'soft',
    ja: {
      what: 'ウイルスまたは危険なファイルが見つかったと判定されました。',
      todo: '添付ファイルを調べ、取り除いてから送り直してください。',
    },
    en: {
      what: 'A virus or a dangerous file was found in the message.',
      todo: 'Examine the attachments, remove them and send again.',
    },
  },
  content: {
    type: 'soft',
    ja: {
      what: 'メールの形式・添付ファイル・変換に問題があると判定されました。',
      todo: '添付ファイルの種類、文字コード、見出しを見直してください。',
    },
    en: {
      what: 'The form of the message is not accepted: its attachments, encoding or conversion.',
      todo: 'Look at the kinds of attachments, the character set and the header.',
    },
  },
  noncompliant: {
    type: 'soft',
    ja: {
      what: 'メールが規格(RFC 5322 など)に合っていないと判定されました。',
      todo: 'From・Date・Message-ID など、重複や欠落のある見出しを直してください。',
    },
    en: {
      what: 'The message does not comply with the standards of mail, such as a field that is missing or there twice.',
      todo: 'Correct the header section: From, Date, Message-ID.',
    },
  },
  'too-big': {
    type: 'soft',
    ja: {
      what: 'メールが大きすぎます。',
      todo: '添付ファイルを小さくするか、ファイル共有サービスで渡してください。',
    },
    en: {
      what: 'The message is too big.',
      todo: 'Make the attachments smaller, or share the files in another way.',
    },
  },
  tls: {
    type: 'soft',
    ja: {
      what: '暗号化(TLS)が必要なのに成立しないか、証明書が確かめられません。',
      todo: '相手の TLS・MTA-STS・DANE の設定を確かめてください。',
    },
    en: {
      what: 'Encryption is required and cannot be had, or a certificate cannot be verified.',
      todo: 'Check TLS on both sides, and the MTA-STS or DANE records of the domain.',
    },
  },
  network: {
    type: 'soft',
    ja: {
      what: '相手のサーバーに接続できないか、経路に問題があります(転送の循環を含みます)。',
      todo: '自動的に再送します。続くなら相手の管理者にお知らせください。',
    },
    en: {
      what: 'The host cannot be reached, or the message goes round in circles.',
      todo: 'It is tried again by itself; if it goes on, tell the administrator of the other side.',
    },
  },
  dns: {
    type: 'soft',
    ja: {
      what: 'DNS の応答が得られないか、正しくありません。',
      todo: '自動的に再送します。続くならドメインの管理者にお知らせください。',
    },
    en: {
      what: 'The DNS gave no answer, or a wrong one.',
      todo: 'It is tried again by itself; if it goes on, tell the administrator of the domain.',
    },
  },
  expired: {
    type: 'soft',
    ja: {
      what: '期限までに届けられませんでした。',
      todo: '後日送り直してください。続くなら別の方法でご連絡ください。',
    },
    en: {
      what: 'It could not be delivered in time.',
      todo: 'Send it again another day, or reach the recipient in another way.',
    },
  },
  'system-full': {
    type: 'soft',
    ja: { what: '相手のサーバーの容量が足りません。', todo: '後で送り直してください。' },
    en: { what: 'The receiving system has no room.', todo: 'Try again later.' },
  },
  'system-error': {
    type: 'soft',
    ja: {
      what: '相手のサーバーの障害、または設定の誤りです。',
      todo: '後で送り直してください。続くなら相手の管理者にお知らせください。',
    },
    en: {
      what: 'The receiving system has a fault or is set up wrongly.',
      todo: 'Try again later; if it goes on, tell its administrator.',
    },
  },
  'mailer-error': {
    type: 'soft',
    ja: {
      what: '宛先で動くプログラム(転送や振り分けなど)が失敗しました。',
      todo: '相手に、転送やフィルターの設定を確かめてもらってください。',
    },
    en: {
      what: "A program at the recipient's side failed, such as one that forwards or sorts mail.",
      todo: 'Ask the recipient to check it.',
    },
  },
  syntax: {
    type: 'soft',
    ja: {
      what: 'SMTP のやりとりが噛み合いませんでした。',
      todo: '続くなら hikyaku trace の記録を添えて管理者にご相談ください。',
    },
    en: {
      what: 'The two servers did not understand each other.',
      todo: 'If it goes on, show the administrator a trace of the session.',
    },
  },
  suppressed: {
    type: 'soft',
    ja: {
      what: '送信サービスの停止リストに載っているため、送られませんでした。',
      todo: '過去のエラーや苦情の記録を確かめ、問題が解消していれば停止を解いてください。',
    },
    en: {
      what: 'A sending service holds the address on its suppression list; nothing was sent.',
      todo: 'Look at the old failure or complaint; lift the suppression if it is settled.',
    },
  },
  complaint: {
    type: 'none',
    ja: {
      what: '受信者がこのメールを迷惑メールとして報告しました。',
      todo: 'この宛先への配信を止めてください。',
    },
    en: { what: 'The recipient reported the message as spam.', todo: 'Stop sending to this address.' },
  },
  unsubscribe: {
    type: 'none',
    ja: { what: '受信者が配信の停止を求めています。', todo: 'この宛先への配信を止めてください。' },
    en: { what: 'The recipient asks to get no more.', todo: 'Stop sending to this address.' },
  },
  'auto-reply': {
    type: 'none',
    ja: { what: '不在通知などの自動応答です。', todo: '何もする必要はありません。' },
    en: { what: 'An automatic answer, such as of somebody who is away.', todo: 'Nothing.' },
  },
  delivered: {
    type: 'none',
    ja: { what: '届けられました。', todo: '何もする必要はありません。' },
    en: { what: 'It was delivered, or passed on.', todo: 'Nothing.' },
  },
  other: {
    type: 'soft',
    ja: { what: '理由は分かりません。', todo: '相手の応答をご覧ください。' },
    en: { what: 'The reason is not known.', todo: 'See the words of the other side.' },
  },
} as const satisfies Record<string, ClassFacts>

export type BounceClass = keyof typeof CLASSES

export const BOUNCE_CLASSES = Object.keys(CLASSES) as readonly BounceClass[]

export function classWords(name: BounceClass): Pick<ClassFacts, 'ja' | 'en'> {
  const { ja, en } = CLASSES[name]
  return { ja, en }
}
