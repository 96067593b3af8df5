/** Reports about TLS between mail servers, as JSON, read and written. RFC 8460 §4.4 */

import { formatTimestamp, parseTimestamp } from '#grammar/time'

/** RFC 8460 §4.3 */
export const TLS_RESULTS = [
  'starttls-not-supported',
  'certificate-host-mismatch',
  'certificate-expired',
  'certificate-not-trusted',
  'validation-failure',
  'tlsa-invalid',
  'dnssec-invalid',
  'dane-required',
  'sts-policy-fetch-error',
  'sts-policy-invalid',
  'sts-webpki-invalid',
] as const

export type TlsResult = (typeof TLS_RESULTS)[number]

export type TlsReport = {
  /** Who reports. */
  readonly organization: string
  readonly contact: string
  readonly id: string
  /** Milliseconds since the epoch, the second of them the last that is reported. */
  readonly from: number
  readonly until: number
  readonly policies: readonly TlsReportPolicy[]
}

export type TlsReportPolicy = {
  readonly type: 'tlsa' | 'sts' | 'no-policy-found'
  /** Of the policy; for `tlsa`, the host whose records they are. */
  readonly domain: string
  readonly strings: readonly string[]
  readonly mx: readonly string[]
  readonly successes: number
  readonly failures: number
  readonly details: readonly TlsReportDetail[]
}

export type TlsReportDetail = {
  /** One of `TLS_RESULTS`, or what the reporter calls it: others may be registered. */
  readonly result: string
  readonly count: number
  readonly sendingAddress?: string
  readonly receivingHost?: string
  readonly receivingHelo?: string
  readonly receivingAddress?: string
  readonly information?: string
  readonly reason?: string
}

export function formatTlsReport(report: TlsReport): string {
  return JSON.stringify({
    'organization-name': report.organization,
    'date-range': {
      'start-datetime': formatTimestamp(report.from),
      'end-datetime': formatTimestamp(report.until),
    },
    'contact-info': report.contact,
    'report-id': report.id,
    policies: report.policies.map((policy) => ({
      policy: {
        'policy-type': policy.type,
        'policy-string': policy.strings,
        'policy-domain': policy.domain,
        ...(policy.mx.length > 0 && { 'mx-host': policy.mx }),
      },
      summary: {
        'total-successful-session-count': policy.successes,
        'total-failure-session-count': policy.failures,
      },
      ...(policy.details.length > 0 && { 'failure-details': policy.details.map(writtenDetail) }),
    })),
  })
}

const DETAIL = {
  sendingAddress: 'sending-mta-ip',
  receivingHost: 'receiving-mx-hostname',
  receivingHelo: 'receiving-mx-helo',
  receivingAddress: 'receiving-ip',
  information: 'additional-information',
  reason: 'failure-reason-code',
} as const

function writtenDetail(detail: TlsReportDetail): { readonly [name: string]: unknown } {
  const { result, count } = detail
  const others = entriesOf(DETAIL).flatMap(([name, written]) => {
    const value = detail[name]
    return value === undefined ? [] : [[written, value]]
  })
  return { 'result-type': result, ...Object.fromEntries(others), 'failed-session-count': count }
}

export type ReadTlsReport =
  | { readonly ok: true; readonly report: TlsReport }
  /** In words for the operator. */
  | { readonly ok: false; readonly why: string }

/** What is read of a report by a stranger. A text field is cut, a list that is longer is refused. */
const LIMITS = { policies: 1_000, strings: 200, details: 20_000, text: 1_000 } as const

/** Takes what reporters write in practice: numbers as text, one policy string or MX without a list around it. */
export function readTlsReport(json: string): ReadTlsReport {
  try {
    return { ok: true, report: reportOf(objectOf(JSON.parse(json), 'the report')) }
  } catch (error) {
    // How the reader below leaves from its depth; JSON that is none throws another.
    if (error instanceof TypeError) return { ok: false, why: error.message }
    return { ok: false, why: 'not JSON' }
  }
}

type Fields = { readonly [name: string]: unknown }

function reportOf(fields: Fields): TlsReport {
  const range = objectOf(fields['date-range'], 'date-range')
  return {
    organization: textOf(fields['organization-name']) ?? '',
    contact: textOf(fields['contact-info']) ?? '',
    id: textOf(fields['report-id']) ?? '',
    from: timeOf(range['start-datetime'], 'start-datetime'),
    until: timeOf(range['end-datetime'], 'end-datetime'),
    policies: listOf(fields['policies'], 'policies', LIMITS.policies).map((one) =>
      policyOf(objectOf(one, 'policies')),
    ),
  }
}

function policyOf(fields: Fields): TlsReportPolicy {
  const policy = objectOf(fields['policy'], 'policy')
  const summary = objectOf(fields['summary'] ?? {}, 'summary')
  const type = textOf(policy['policy-type'])
  if (type !== 'tlsa' && type !== 'sts' && type !== 'no-policy-found')
    throw new TypeError(`policy-type is ${type ?? 'missing'}`)
  const details = listOf(fields['failure-details'] ?? [], 'failure-details', LIMITS.details)
  return {
    type,
    domain: textOf(policy['policy-domain']) ?? '',
    strings: textsOf(policy['policy-string'], 'policy-string'),
    mx: textsOf(policy['mx-host'], 'mx-host'),
    successes: countOf(summary['total-successful-session-count'], 'total-successful-session-count'),
    failures: countOf(summary['total-failure-session-count'], 'total-failure-session-count'),
    details: details.map((one) => detailOf(objectOf(one, 'failure-details'))),
  }
}

function detailOf(fields: Fields): TlsReportDetail {
  const others = entriesOf(DETAIL).flatMap(([name, written]) => {
    const value = textOf(fields[written])
    return value === undefined || value === '' ? [] : [[name, value] as const]
  })
  return {
    result: textOf(fields['result-type']) ?? 'unknown',
    count: countOf(fields['failed-session-count'], 'failed-session-count'),
    ...Object.fromEntries(others),
  }
}

function objectOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError(`${what} is no object`)
  return value as Fields
}

function listOf(value: unknown, what: string, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`${what} is no list`)
  if (value.length > most) throw new TypeError(`${what} has more than ${most} elements`)
  return value
}

function textsOf(value: unknown, what: string): readonly string[] {
  if (value === undefined || value === null) return []
  const list = typeof value === 'string' ? [value] : listOf(value, what, LIMITS.strings)
  return list.map((one) => textOf(one) ?? '')
}

/** Without what a terminal may obey. */
function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  // oxlint-disable-next-line no-control-regex
  return value.slice(0, LIMITS.text).replace(/[\0-\x1f\x7f-\x9f]+/g, ' ')
}

function countOf(value: unknown, what: string): number {
  const count = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : (value ?? 0)
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) return count
  throw new TypeError(`${what} is no count`)
}

function timeOf(value: unknown, what: string): number {
  const time = typeof value === 'string' ? parseTimestamp(value) : undefined
  if (time === undefined) throw new TypeError(`${what} is no time`)
  return time
}

function entriesOf<T extends object>(of: T): [keyof T, T[keyof T]][] {
  return Object.entries(of) as [keyof T, T[keyof T]][]
}
