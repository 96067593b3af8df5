/** What the pages say. */

export type Language = 'ja' | 'en'

const ENGLISH = {
  name: 'English',
  title: 'Mail preferences',
  from: 'From',
  to: 'To',
  kind: 'Kind of mail',
  note: 'Nothing changes until you press a button. Mail that is on its way already may still arrive.',
  state: {
    subscribed: 'You receive this mail.',
    stopped: 'You have unsubscribed: no more of this mail is sent to you.',
    held: 'No mail is sent to this address at present, for another reason than that you unsubscribed.',
  },
  done: {
    stream: 'Done. No more of this mail will be sent to you.',
    all: 'Done. No more mail of this kind, nor any other newsletter of this sender, will be sent to you.',
    again: 'Done. You will receive this mail again.',
  },
  buttons: {
    stream: 'Unsubscribe from this mail',
    all: 'Unsubscribe from all newsletters of this sender',
    again: 'Receive it again',
  },
  titles: {
    unknown: 'This link leads nowhere',
    busy: 'Too many requests',
    failed: 'That did not work',
    unreadable: 'That could not be understood',
  },
  texts: {
    unknown: 'It is not complete, or was changed on its way. Please use the link in the mail itself.',
    busy: 'Please try again in a minute.',
    failed: 'Nothing was changed. Please try again in a few minutes.',
    unreadable: 'Nothing was changed. Please go back and use one of the buttons.',
  },
}

const JAPANESE: typeof ENGLISH = {
  name: '日本語',
  title: 'メール配信の設定',
  from: '差出人',
  to: '宛先',
  kind: 'メールの種類',
  note: 'ボタンを押すまで設定は変わりません。すでに送信中のメールは、行き違いで届くことがあります。',
  state: {
    subscribed: 'このメールを受け取る設定になっています。',
    stopped: '配信停止の手続きが済んでいます。このメールは今後お送りしません。',
    held: '配信停止のお申し出とは別の理由で、現在この宛先への配信を止めています。',
  },
  done: {
    stream: '手続きが完了しました。このメールは今後お送りしません。',
    all: '手続きが完了しました。このメールを含め、この差出人からのお知らせメールは今後すべてお送りしません。',
    again: '手続きが完了しました。このメールの配信を再開します。',
  },
  buttons: {
    stream: 'このメールの配信を停止する',
    all: 'この差出人からのお知らせメールをすべて停止する',
    again: '配信を再開する',
  },
  titles: {
    unknown: 'リンクが正しくありません',
    busy: 'アクセスが集中しています',
    failed: '手続きを完了できませんでした',
    unreadable: '内容を確認できませんでした',
  },
  texts: {
    unknown:
      'リンクの一部が欠けているか、途中で書き換えられています。メールに記載されたリンクから開いてください。',
    busy: '1分ほどおいてから、もう一度お試しください。',
    failed: '設定は変わっていません。しばらくしてから、もう一度お試しください。',
    unreadable: '設定は変わっていません。前のページに戻り、ボタンを押してください。',
  },
}

export const WORDS: Readonly<Record<Language, typeof ENGLISH>> = { en: ENGLISH, ja: JAPANESE }

/** The first of ours that a browser asks for, by its order of preference; English for who asks for neither. RFC 9110 §12.5.4 */
export function languageOf(accepted: string): Language {
  const asked = accepted
    .slice(0, 200)
    .split(',')
    .map((one) => {
      const [tag = '', ...parameters] = one.trim().toLowerCase().split(';')
      const weight = parameters.find((each) => each.trim().startsWith('q='))
      return { tag: tag.trim(), weight: weight === undefined ? 1 : Number(weight.trim().slice(2)) }
    })
    .filter(({ weight }) => weight > 0)
    .toSorted((a, b) => b.weight - a.weight)
  for (const { tag } of asked) {
    if (tag === 'ja' || tag.startsWith('ja-')) return 'ja'
    if (tag === 'en' || tag.startsWith('en-')) return 'en'
  }
  return 'en'
}
