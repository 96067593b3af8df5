/** What we write to people: plain text, in their language first and in the other below. */

import type { Language } from './user.ts'

export type Letter = { readonly subject: string; readonly text: string }

type Words = { readonly [L in Language]: Letter }

export type InvitationFacts = {
  readonly organization: string
  readonly by: string
  readonly url: string
}

export function invitationLetter(language: Language, { organization, by, url }: InvitationFacts): Letter {
  return both(language, {
    en: {
      subject: `Invitation to ${organization} on Hikyaku`,
      text: `${by} invites you to ${organization} on Hikyaku.

To accept, open this link within seven days; it works once:
${url}

If you do not know what this is about, leave it: nothing happens without you.`,
    },
    ja: {
      subject: `${organization}への招待（Hikyaku）`,
      text: `${by} さんから、Hikyakuの ${organization} に招待されています。

参加するには、7日以内に次のリンクを開いてください（1回限り有効です）。
${url}

お心当たりがない場合は、このメールを無視してください。何も登録されません。`,
    },
  })
}

export type ResetFacts = { readonly email: string; readonly url: string }

export function resetLetter(language: Language, { email, url }: ResetFacts): Letter {
  return both(language, {
    en: {
      subject: 'A new password for Hikyaku',
      text: `Somebody asked for a new password for ${email} on Hikyaku.

To choose one, open this link within an hour; it works once:
${url}

If it was not you, leave it: your password stays as it is.`,
    },
    ja: {
      subject: 'パスワードの再設定（Hikyaku）',
      text: `Hikyakuの ${email} のパスワード再設定が申請されました。

新しいパスワードを設定するには、1時間以内に次のリンクを開いてください（1回限り有効です）。
${url}

お心当たりがない場合は、このメールを無視してください。パスワードは変わりません。`,
    },
  })
}

const LINE = '-'.repeat(40)

function both(language: Language, words: Words): Letter {
  const [first, second] = language === 'ja' ? [words.ja, words.en] : [words.en, words.ja]
  return { subject: first.subject, text: `${first.text}\n\n${LINE}\n\n${second.text}\n` }
}
