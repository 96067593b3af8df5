/** A DMARC aggregate report in words of two languages, for whom it was sent to. */

import type { DmarcRecord, DmarcReport } from '#grammar/report'

import type { Language } from './words.ts'

type Words = {
  readonly head: (report: DmarcReport) => string
  readonly range: (from: string, until: string) => string
  readonly sums: (passed: number, failed: number) => string
  readonly messages: (count: number) => string
  readonly passed: (by: readonly string[]) => string
  readonly failed: (disposition: string) => string
  readonly from: (domain: string) => string
  readonly unsigned: string
  readonly signature: (result: string, domain: string) => string
  readonly unsent: string
  readonly sender: (result: string, domain: string) => string
  readonly reason: (text: string) => string
  readonly change: string
  readonly good: string
}

const WORDS: { readonly [L in Language]: Words } = {
  en: {
    head: ({ organization, contact }) => `Report of ${organization}${contact === '' ? '' : ` (${contact})`}`,
    range: (from, until) => `from ${from} until ${until}`,
    sums: (passed, failed) => `${passed} passed, ${failed} failed`,
    messages: (count) => (count === 1 ? '1 message' : `${count} messages`),
    passed: (by) => `passed by ${by.join(' and ')}`,
    failed: (disposition) => FAILED_EN.get(disposition) ?? `failed: ${disposition}`,
    from: (domain) => `in the name of ${domain}`,
    unsigned: 'DKIM: not signed',
    signature: (result, domain) => `DKIM: ${result} for ${domain}`,
    unsent: 'SPF: no result',
    sender: (result, domain) => `SPF: ${result} for ${domain}`,
    reason: (text) => `reason: ${text}`,
    change:
      'change: if that machine is yours, let its mail be signed by the domain, as this node does; if not, somebody uses your name, and p=quarantine or p=reject keeps it out',
    good: 'Everything passed.',
  },
  ja: {
    head: ({ organization, contact }) =>
      `${organization} からのレポート${contact === '' ? '' : `（${contact}）`}`,
    range: (from, until) => `期間 ${from} から ${until}`,
    sums: (passed, failed) => `合格 ${passed} 通、不合格 ${failed} 通`,
    messages: (count) => `${count} 通`,
    passed: (by) => `${by.join('と')}で合格`,
    failed: (disposition) => FAILED_JA.get(disposition) ?? `不合格（${disposition}）`,
    from: (domain) => `差出人 ${domain}`,
    unsigned: 'DKIM: 署名なし',
    signature: (result, domain) => `DKIM: ${domain} で ${result}`,
    unsent: 'SPF: 結果なし',
    sender: (result, domain) => `SPF: ${domain} で ${result}`,
    reason: (text) => `理由: ${text}`,
    change:
      '対処: 自社の送信元なら、このノードのようにドメインの鍵で署名して送ってください。心当たりがなければなりすましです。p=quarantine または p=reject で防げます',
    good: 'すべて合格しています。',
  },
}

const FAILED_EN: ReadonlyMap<string, string> = new Map([
  ['none', 'failed, delivered all the same'],
  ['quarantine', 'failed, put into quarantine'],
  ['reject', 'failed, rejected'],
])

const FAILED_JA: ReadonlyMap<string, string> = new Map([
  ['none', '不合格（そのまま配送）'],
  ['quarantine', '不合格（隔離）'],
  ['reject', '不合格（拒否）'],
])

/** Lines, each with its end. Words of strangers in them have no control characters. */
export function tellDmarcReport(report: DmarcReport, language: Language): string {
  const words = WORDS[language]
  const { domain, policy, records } = report
  const sub = policy.sp === undefined ? '' : ` sp=${policy.sp}`
  const sums = words.sums(sumOf(records, true), sumOf(records, false))
  const lines = [
    words.head(report),
    `  ${words.range(moment(report.from), moment(report.until))}`,
    '',
    `${domain}  [p=${policy.p}${sub}]  ${sums}`,
  ]
  for (const record of records) lines.push(...recordLines(record, words))
  if (records.every(isPassed)) lines.push('', words.good)
  else lines.push('', words.change)
  return `${lines.join('\n')}\n`
}

function recordLines(record: DmarcRecord, words: Words): readonly string[] {
  const by = [...(record.dkim === 'pass' ? ['DKIM'] : []), ...(record.spf === 'pass' ? ['SPF'] : [])]
  const verdict = by.length > 0 ? words.passed(by) : words.failed(record.disposition)
  const head = `  ${record.source}  ${words.messages(record.count)}: ${verdict}; ${words.from(record.headerFrom)}`
  const reasons = record.reasons.map((reason) => `    ${words.reason(reason)}`)
  if (by.length > 0) return [head, ...reasons]
  const { signatures, senders } = record
  return [
    head,
    ...(signatures.length === 0 ? [`    ${words.unsigned}`] : []),
    ...signatures.map(({ result, domain }) => `    ${words.signature(result, domain)}`),
    ...(senders.length === 0 ? [`    ${words.unsent}`] : []),
    ...senders.map(({ result, domain }) => `    ${words.sender(result, domain)}`),
    ...reasons,
  ]
}

/** RFC 7489 §4.2: one of the two is enough. */
function isPassed({ dkim, spf }: DmarcRecord): boolean {
  return dkim === 'pass' || spf === 'pass'
}

function sumOf(records: readonly DmarcRecord[], passed: boolean): number {
  return records.reduce((total, one) => (isPassed(one) === passed ? total + one.count : total), 0)
}

function moment(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`
}
