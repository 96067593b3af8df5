/** The DNS of one domain against what `domain show` asks to publish. Asks; changes nothing. */

import type { Dns } from '#platform/dns'
import type { DomainView, Node } from '#product/domain'

import { checkKeys } from './dkim.ts'
import { checkDmarc } from './dmarc.ts'
import type { Finding } from './finding.ts'
import { checkExchanges } from './mail-exchange.ts'
import { sendingAddresses } from './sending-address.ts'
import type { Source } from './sending-address.ts'
import { checkSpf } from './spf-check.ts'

export type Sender = { readonly node: Node; readonly sources: readonly Source[] }

export type Verification = {
  readonly domain: string
  /** DKIM first, then SPF, DMARC, the return path and the MX. */
  readonly findings: readonly Finding[]
}

/** Settles within some 30 questions to `dns`, most of them at the same time; never rejects. `now` judges retired keys. */
export async function verifyDomain(
  dns: Dns,
  view: DomainView,
  sender: Sender,
  now: number,
): Promise<Verification> {
  const { name: domain } = view.domain
  const { name: nodeName, returnPathDomain } = sender.node
  const addresses = await sendingAddresses(dns, sender.sources)
  const spf = { nodeName, addresses }
  const ownIsReturnPath = returnPathDomain === undefined
  const checks = await Promise.all([
    checkKeys(dns, view.keys, now),
    checkSpf(dns, { ...spf, check: 'spf', domain, required: ownIsReturnPath }),
    checkDmarc(dns, { domain, returnPathDomain: returnPathDomain ?? domain }),
    ...(ownIsReturnPath
      ? []
      : [
          checkExchanges(dns, {
            check: 'return-path',
            domain: returnPathDomain,
            worst: 'problem',
            host: nodeName,
          }),
          checkSpf(dns, { ...spf, check: 'return-path', domain: returnPathDomain, required: true }),
        ]),
    checkExchanges(dns, { check: 'mx', domain, worst: ownIsReturnPath ? 'problem' : 'warning' }),
  ])
  return { domain, findings: checks.flat() }
}
