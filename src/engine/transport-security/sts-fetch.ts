/** Gets the MTA-STS policy of a domain from its web server. RFC 8461 §3.3 */

import { parseStsPolicy } from '#grammar/mta-sts'
import type { StsPolicy } from '#grammar/mta-sts'
import type { HttpAnswer, HttpClient } from '#platform/http-client'

/** As TLS reports call it. RFC 8460 §4.3.2.2 */
export type StsFault = 'sts-policy-fetch-error' | 'sts-policy-invalid' | 'sts-webpki-invalid'

export type Fetched =
  | { readonly ok: true; readonly policy: StsPolicy; readonly text: string }
  | { readonly ok: false; readonly fault: StsFault; readonly text: string }

/** RFC 8461 §3.3 suggests a minute and 64 KiB. */
const TIMEOUT = 60_000
const MOST = 64 * 1024

/** Never rejects. */
export async function fetchPolicy(domain: string, http: HttpClient): Promise<Fetched> {
  // RFC 8461 §3.3: redirects are not followed.
  const url = `https://mta-sts.${domain}/.well-known/mta-sts.txt`
  const answer = await http.request({ url, timeout: TIMEOUT, most: MOST })
  if (!answer.ok) {
    const fault = answer.failure === 'certificate' ? 'sts-webpki-invalid' : 'sts-policy-fetch-error'
    return { ok: false, fault, text: `${url}: ${answer.text}` }
  }
  const wrong = unusable(answer)
  if (wrong !== undefined) return { ok: false, fault: 'sts-policy-fetch-error', text: `${url}: ${wrong}` }
  const text = answer.body.toString('utf8')
  const parsed = parseStsPolicy(text)
  if (!parsed.ok) return { ok: false, fault: 'sts-policy-invalid', text: `${url}: ${parsed.why}` }
  return { ok: true, policy: parsed.value, text }
}

function unusable({ status, headers }: Extract<HttpAnswer, { ok: true }>): string | undefined {
  if (status !== 200) return `status ${status} instead of 200`
  // RFC 8461 §3.2: so that no policy can be slipped in where a server lets strangers store pictures.
  const type = (headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  return type === 'text/plain'
    ? undefined
    : `media type ${type === '' ? 'missing' : type} instead of text/plain`
}
