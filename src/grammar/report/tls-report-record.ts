/** Where a domain wants reports about TLS: the TXT record of `_smtp._tls.<domain>`. RFC 8460 §3 */

import { parseMailbox } from '#grammar/address'
import type { Mailbox } from '#grammar/address'

export type ReportTarget =
  | { readonly kind: 'mail'; readonly to: Mailbox }
  | { readonly kind: 'https'; readonly url: string }

export type TlsReportRecord =
  | { readonly kind: 'record'; readonly targets: readonly ReportTarget[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'invalid'; readonly why: string }

/** Nobody needs more, and each costs whoever reports. */
const MOST_TARGETS = 5

/** Takes all TXT records of the name. What is neither `mailto:` nor `https:` is passed over. */
export function parseTlsReportRecord(texts: readonly string[]): TlsReportRecord {
  // RFC 8460 §3: records that do not begin so are discarded, and of the others there must be one.
  const meant = texts.filter((text) => /^v=TLSRPTv1[ \t]*;/.test(text))
  const [text] = meant
  if (text === undefined) return { kind: 'none' }
  if (meant.length > 1) return { kind: 'invalid', why: `${meant.length} records instead of one` }
  const rua = text
    .split(';')
    .map((field) => field.trim())
    .find((field) => field.startsWith('rua='))
  if (rua === undefined) return { kind: 'invalid', why: 'no rua' }
  const uris = rua.slice('rua='.length).split(',')
  const targets = uris.map((uri) => targetOf(uri.trim())).filter((one) => one !== undefined)
  if (targets.length === 0) return { kind: 'invalid', why: 'rua has neither a mailto: nor an https: address' }
  return { kind: 'record', targets: targets.slice(0, MOST_TARGETS) }
}

function targetOf(uri: string): ReportTarget | undefined {
  const url = URL.parse(uri)
  if (url?.protocol === 'https:') return { kind: 'https', url: url.href }
  if (url?.protocol !== 'mailto:') return undefined
  const parsed = parseMailbox(decoded(url.pathname), {})
  return parsed.ok && parsed.rest === '' ? { kind: 'mail', to: parsed.value } : undefined
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
