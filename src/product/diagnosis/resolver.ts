/** Whether names can be looked up, and whether the answers can be trusted. */

import type { Dns } from '#platform/dns'
import type { Finding } from '#product/verification'

export type NamedResolver = { readonly name: string; readonly dns: Dns }

/** A name that is always there, in a zone that is signed. */
const KNOWN = 'iana.org'

export function checkResolvers(resolvers: readonly NamedResolver[]): Promise<readonly Finding[]> {
  return Promise.all(resolvers.map(checkResolver))
}

/** Whether none of them answers; those that know another Internet, as in a laboratory, do. Asks what is known already. */
export async function isDeaf(resolvers: readonly NamedResolver[]): Promise<boolean> {
  const answers = await Promise.all(resolvers.map(({ dns }) => dns.query(KNOWN, 'MX')))
  return answers.every(({ kind }) => kind === 'failed')
}

async function checkResolver({ name, dns }: NamedResolver): Promise<Finding> {
  const answer = await dns.query(KNOWN, 'MX')
  switch (answer.kind) {
    case 'failed':
      return finding(
        'problem',
        `${name} does not answer: ${answer.reason}: ${answer.text}`,
        'no mail can be routed: set dns.servers, or repair /etc/resolv.conf',
      )
    case 'nxdomain':
    case 'nodata':
      return finding(
        'problem',
        `${name} says that ${KNOWN} has no mail hosts`,
        'it does not know the Internet: set dns.servers',
      )
    case 'records':
      // RFC 4035 §3.2.3: set by a resolver that has validated, and believed only of one on this machine.
      return answer.authentic
        ? finding('ok', `${name} answers, and validates DNSSEC`)
        : finding(
            'warning',
            `${name} answers; that it validates DNSSEC is not known`,
            'a validating resolver on this machine, such as unbound, keeps forged MX records out',
          )
  }
}

function finding(level: Finding['level'], text: string, advice?: string): Finding {
  return { level, check: 'dns', text, ...(advice === undefined ? {} : { advice }) }
}
