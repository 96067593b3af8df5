/** Whether others can insist on TLS when they send to a domain: its MTA-STS record, policy and MX. RFC 8461 */

import { fetchPolicy } from '#engine/transport-security'
import { matchesMx, parseStsRecord } from '#grammar/mta-sts'
import type { StsPolicy } from '#grammar/mta-sts'
import type { Dns } from '#platform/dns'
import type { HttpClient } from '#platform/http-client'

import { quoted } from './finding.ts'
import type { Finding, Level } from './finding.ts'
import { lookUp } from './lookup.ts'

/** A day; RFC 8461 §3.2 speaks of weeks. */
const SHORT = 86_400

/** `http`: absent where no web server may be asked. */
export async function checkMtaSts(dns: Dns, domain: string, http?: HttpClient): Promise<readonly Finding[]> {
  const name = `_mta-sts.${domain}`
  const found = await lookUp(dns, name, 'TXT')
  if (found.kind === 'unknown') return [finding('warning', `${name} cannot be looked up now: ${found.why}`)]
  const record = parseStsRecord(found.kind === 'found' ? found.records : [])
  switch (record.kind) {
    case 'none':
      return [finding('ok', `${domain} has no MTA-STS: nobody insists on TLS when mail comes to it`)]
    case 'invalid':
      return [
        finding('warning', `${name} counts as none: ${record.why}`, {
          publish: { name, type: 'TXT', value: 'v=STSv1; id=1' },
        }),
      ]
    case 'record':
      return http === undefined
        ? [finding('skipped', `${name} is good; the policy itself is not fetched here`)]
        : await checkPolicy(dns, domain, http)
  }
}

async function checkPolicy(dns: Dns, domain: string, http: HttpClient): Promise<readonly Finding[]> {
  const fetched = await fetchPolicy(domain, http)
  if (!fetched.ok)
    return [
      finding('warning', `the policy counts as none (${fetched.fault}): ${fetched.text}`, {
        advice: `serve it with a certificate for mta-sts.${domain}, as text/plain, without a redirect`,
      }),
    ]
  const { policy } = fetched
  if (policy.mode === 'none') return [finding('ok', `${domain} has an MTA-STS policy of mode none`)]
  const mx = await lookUp(dns, domain, 'MX')
  const hosts = mx.kind === 'found' ? mx.records.map(({ exchange }) => exchange) : [domain]
  if (mx.kind === 'unknown') return [finding('warning', `${domain} cannot be looked up now: ${mx.why}`)]
  return [coverage(domain, policy, hosts), ...lifetime(policy)]
}

function coverage(domain: string, { mode, mx }: StsPolicy, hosts: readonly string[]): Finding {
  const outside = hosts.filter((host) => !matchesMx(mx, host))
  if (outside.length === 0) return finding('ok', `the policy of ${domain} (mode ${mode}) names all its MX`)
  const isLost = mode === 'enforce' && outside.length === hosts.length
  const level: Level = isLost ? 'problem' : 'warning'
  const then = mode === 'enforce' ? 'get no mail from who obeys it' : 'are reported'
  return finding(
    level,
    `MX that the policy (mode ${mode}) does not name ${then}: ${quoted(outside.join(', '))}`,
    {
      advice: `add ${outside.map((host) => `"mx: ${host}"`).join(' and ')} to the policy, and change the id of _mta-sts.${domain}`,
    },
  )
}

function lifetime({ mode, maxAge }: StsPolicy): readonly Finding[] {
  if (mode !== 'enforce' || maxAge >= SHORT) return []
  return [
    finding(
      'warning',
      `the policy is kept for ${maxAge} s only: who keeps senders from it need not wait long`,
      {
        advice: 'let max_age be a week or more',
      },
    ),
  ]
}

function finding(level: Level, text: string, more: Pick<Finding, 'advice' | 'publish'> = {}): Finding {
  return { level, check: 'mta-sts', text, ...more }
}
