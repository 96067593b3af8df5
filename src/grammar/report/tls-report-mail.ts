/** A report about TLS as a message: words for people, the report for programs. RFC 8460 §5.3 */

import { base64Lines, foldedField } from '#grammar/message'
import { formatDateTime } from '#grammar/time'

import type { TlsReport } from './tls-report.ts'

export type TlsReportMail = {
  readonly report: TlsReport
  /** Whose mail it is about. */
  readonly domain: string
  /** This node. */
  readonly submitter: string
  /** The JSON, by gzip. */
  readonly compressed: Uint8Array
  /** Addresses without names. */
  readonly from: string
  readonly to: string
  readonly messageId: string
  readonly now: number
}

/** `receiver.example!example.com!1795219200!1795305599!id.json.gz`. RFC 8460 §5.1 */
export function reportFileName({
  report,
  domain,
  submitter,
}: Pick<TlsReportMail, 'report' | 'domain' | 'submitter'>): string {
  const unique = report.id.replace(/[^A-Za-z0-9]/g, '').slice(0, 40)
  return `${submitter}!${domain}!${secondsOf(report.from)}!${secondsOf(report.until)}!${unique}.json.gz`
}

/** All in ASCII; lines end with CRLF. */
export function composeTlsReport(mail: TlsReportMail): Buffer {
  const { report, domain, submitter, compressed } = mail
  const boundary = `=_${report.id.replace(/[^A-Za-z0-9]/g, '').slice(0, 60)}`
  const head = [
    foldedField('From', `<${mail.from}>`),
    foldedField('To', `<${mail.to}>`),
    foldedField('Subject', `Report Domain: ${domain} Submitter: ${submitter} Report-ID: <${report.id}>`),
    foldedField('Date', formatDateTime(mail.now)),
    foldedField('Message-ID', mail.messageId),
    foldedField('TLS-Report-Domain', domain),
    foldedField('TLS-Report-Submitter', submitter),
    // RFC 3834 §5: no vacation program is to answer.
    'Auto-Submitted: auto-generated\r\n',
    'MIME-Version: 1.0\r\n',
    `Content-Type: multipart/report; report-type="tlsrpt";\r\n boundary="${boundary}"\r\n\r\n`,
    `--${boundary}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n`,
    textOf(mail),
    `\r\n--${boundary}\r\nContent-Type: application/tlsrpt+gzip\r\n`,
    'Content-Transfer-Encoding: base64\r\n',
    `Content-Disposition: attachment;\r\n filename="${reportFileName(mail)}"\r\n\r\n`,
  ]
  const end = `\r\n--${boundary}--\r\n`
  return Buffer.concat([Buffer.from(head.join('')), base64Lines(compressed), Buffer.from(end)])
}

function textOf({ report, domain, submitter }: TlsReportMail): string {
  const sum = (of: 'successes' | 'failures'): number =>
    report.policies.reduce((total, policy) => total + policy[of], 0)
  return [
    `This is an aggregate report about TLS connections from ${submitter}`,
    `to the mail servers of ${domain}.`,
    '',
    `From:     ${formatDateTime(report.from)}`,
    `Until:    ${formatDateTime(report.until)}`,
    `Sessions: ${sum('successes')} succeeded, ${sum('failures')} failed`,
    '',
    'The attached file has the details, as RFC 8460 describes them.',
    '',
  ].join('\r\n')
}

function secondsOf(at: number): number {
  return Math.floor(at / 1000)
}
