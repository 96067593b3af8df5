/** A report about TLS in words of two languages, for whom it was sent to or made by. */

import type { TlsReport, TlsReportDetail, TlsReportPolicy, TlsResult } from '#grammar/report'

import type { Language } from './words.ts'

type Meaning = { readonly what: string; readonly change: string }

/** What each result means for the domain that it is about. RFC 8460 §4.3 */
const MEANINGS: { readonly [K in TlsResult]: { readonly [L in Language]: Meaning } } = {
  'starttls-not-supported': {
    en: {
      what: 'the mail server did not offer STARTTLS',
      change: 'switch STARTTLS on at that server; if it is on, somebody between takes it out',
    },
    ja: {
      what: 'メールサーバーがSTARTTLSを提示しませんでした',
      change: 'そのサーバーでSTARTTLSを有効にしてください。有効なら、途中で取り除かれています',
    },
  },
  'certificate-host-mismatch': {
    en: {
      what: 'the certificate is for another name than the MX',
      change: 'get a certificate whose names include the MX host',
    },
    ja: { what: '証明書の名前がMXホスト名と一致しません', change: 'MXホスト名を含む証明書に替えてください' },
  },
  'certificate-expired': {
    en: { what: 'the certificate has expired', change: 'renew the certificate of that server' },
    ja: { what: '証明書の有効期限が切れています', change: 'そのサーバーの証明書を更新してください' },
  },
  'certificate-not-trusted': {
    en: {
      what: 'no authority that the sender trusts vouches for the certificate',
      change: 'install a certificate of a public authority, with its intermediate certificates',
    },
    ja: {
      what: '送信側が信頼する認証局の証明書ではありません',
      change: '公的な認証局の証明書を、中間証明書も含めて設定してください',
    },
  },
  'validation-failure': {
    en: {
      what: 'TLS did not come about, or did not pass a check, for another reason',
      change: 'see the reason that the sender gives',
    },
    ja: {
      what: 'その他の理由でTLSが成立しないか、検証に失敗しました',
      change: '送信側が示す理由を確認してください',
    },
  },
  'tlsa-invalid': {
    en: {
      what: 'no TLSA record matches the certificate',
      change: 'publish the TLSA record of the new key before the server uses it',
    },
    ja: {
      what: 'TLSAレコードが証明書と一致しません',
      change: '新しい鍵のTLSAレコードを、サーバーで使う前に公開してください',
    },
  },
  'dnssec-invalid': {
    en: {
      what: 'the DNS answers could not be validated',
      change: 'check the signatures (DNSSEC) of the zone',
    },
    ja: { what: 'DNS応答を検証できませんでした', change: 'ゾーンの署名（DNSSEC）を確認してください' },
  },
  'dane-required': {
    en: {
      what: 'the sender demands DANE, and there are no TLSA records',
      change: 'publish TLSA records for the MX hosts, or agree on less with the sender',
    },
    ja: {
      what: '送信側がDANEを必須としていますが、TLSAレコードがありません',
      change: 'MXホストのTLSAレコードを公開するか、送信側と取り決めを見直してください',
    },
  },
  'sts-policy-fetch-error': {
    en: {
      what: 'the MTA-STS policy could not be fetched',
      change: 'see that https://mta-sts.<domain>/.well-known/mta-sts.txt answers with 200 and text/plain',
    },
    ja: {
      what: 'MTA-STSポリシーを取得できませんでした',
      change:
        'https://mta-sts.<domain>/.well-known/mta-sts.txt が200とtext/plainで応答するか確認してください',
    },
  },
  'sts-policy-invalid': {
    en: {
      what: 'the MTA-STS policy has mistakes',
      change: 'correct the policy: hikyaku domain verify says what is wrong',
    },
    ja: {
      what: 'MTA-STSポリシーに誤りがあります',
      change: 'ポリシーを直してください。hikyaku domain verify が誤りを示します',
    },
  },
  'sts-webpki-invalid': {
    en: {
      what: 'the certificate of the web server of the MTA-STS policy is not valid',
      change: 'renew the certificate of mta-sts.<domain>',
    },
    ja: {
      what: 'MTA-STSポリシーのWebサーバー証明書が無効です',
      change: 'mta-sts.<domain> の証明書を更新してください',
    },
  },
}

const WORDS = {
  en: {
    head: ({ organization, contact }: TlsReport) =>
      `Report of ${organization}${contact === '' ? '' : ` (${contact})`}`,
    range: (from: string, until: string) => `from ${from} until ${until}`,
    policy: { tlsa: 'DANE', sts: 'MTA-STS', 'no-policy-found': 'no policy' },
    sessions: ({ successes, failures }: TlsReportPolicy) =>
      `${successes} sessions succeeded, ${failures} failed`,
    times: (count: number) => (count === 1 ? 'once' : `${count} times`),
    unknown: { what: 'a result without a name of the standard', change: '' },
    change: 'change',
    reason: 'reason',
    good: 'Everything succeeded.',
  },
  ja: {
    head: ({ organization, contact }: TlsReport) =>
      `${organization} からのレポート${contact === '' ? '' : `（${contact}）`}`,
    range: (from: string, until: string) => `期間 ${from} から ${until}`,
    policy: { tlsa: 'DANE', sts: 'MTA-STS', 'no-policy-found': 'ポリシーなし' },
    sessions: ({ successes, failures }: TlsReportPolicy) =>
      `成功 ${successes} セッション、失敗 ${failures} セッション`,
    times: (count: number) => `${count} 回`,
    unknown: { what: '規格にない結果', change: '' },
    change: '対処',
    reason: '理由',
    good: 'すべて成功しています。',
  },
} as const

/** Lines, each with its end. Words of strangers in them have no control characters. */
export function tellTlsReport(report: TlsReport, language: Language): string {
  const words = WORDS[language]
  const lines = [words.head(report), `  ${words.range(moment(report.from), moment(report.until))}`]
  for (const policy of report.policies) {
    lines.push('', `${policy.domain}  [${words.policy[policy.type]}]  ${words.sessions(policy)}`)
    for (const detail of policy.details) lines.push(...detailLines(detail, language))
  }
  if (report.policies.every(({ failures }) => failures === 0)) lines.push('', words.good)
  return `${lines.join('\n')}\n`
}

function detailLines(detail: TlsReportDetail, language: Language): readonly string[] {
  const words = WORDS[language]
  const { what, change } = meaningOf(detail.result, language)
  const where = [detail.receivingHost, detail.receivingAddress].filter((one) => one !== undefined).join(' ')
  const from = detail.sendingAddress === undefined ? '' : ` ← ${detail.sendingAddress}`
  const reason = detail.reason ?? detail.information
  return [
    `  ${words.times(detail.count)}: ${what} (${detail.result})${where === '' ? '' : `: ${where}${from}`}`,
    ...(reason === undefined ? [] : [`    ${words.reason}: ${reason}`]),
    ...(change === '' ? [] : [`    ${words.change}: ${change}`]),
  ]
}

function meaningOf(result: string, language: Language): Meaning {
  return Object.hasOwn(MEANINGS, result) ? MEANINGS[result as TlsResult][language] : WORDS[language].unknown
}

function moment(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`
}
