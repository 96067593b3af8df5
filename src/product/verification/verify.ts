/** The DNS of one domain against what `domain show` asks to publish. Asks; changes nothing. */

import type { Dns } from '#platform/dns'
import type { HttpClient } from '#platform/http-client'
import type { DomainView, Node } from '#product/domain'

import { checkBimi } from './bimi.ts'
import { checkBulkRules } from './bulk.ts'
import { checkKeys } from './dkim.ts'
import { checkDmarc } from './dmarc.ts'
import type { Finding } from './finding.ts'
import { checkExchanges } from './mail-exchange.ts'
import { checkMtaSts } from './mta-sts.ts'
import { checkPtr } from './ptr.ts'
import { sendingAddresses } from './sending-address.ts'
import type { Source } from './sending-address.ts'
import { checkSpf } from './spf-check.ts'
import { checkTlsReport } from './tls-rpt.ts'

export type Sender = {
  readonly node: Node
  readonly sources: readonly Source[]
  /** Fetches MTA-STS policies; absent where no web server may be asked. */
  readonly http?: HttpClient
}

export type Verification = {
  readonly domain: string
  /** DKIM first, then SPF, DMARC, the return path, the MX, TLS, BIMI, PTR, and what large receivers make of it. */
  readonly findings: readonly Finding[]
}

/** The name below the domain that mail comes back to, as the last look found it. */
function ownReturnPath({ statuses }: DomainView): string | undefined {
  const found = statuses.find(({ purpose, type }) => purpose === 'return-path' && type === 'CNAME')
  return found?.status === 'ok' ? found.name : undefined
}

/** Settles within some 40 questions to `dns`, most of them at the same time; never rejects. `now` judges retired keys. */
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
  const ptr = checkPtr(dns, addresses)
  const dmarc = checkDmarc(dns, {
    domain,
    returnPathDomain: ownReturnPath(view) ?? returnPathDomain ?? domain,
    start: view.records.find(({ purpose }) => purpose === 'dmarc'),
    agreement: view.records.find(({ purpose }) => purpose === 'dmarc-reports'),
  })
  const authentication = await Promise.all([
    checkKeys(dns, view.keys, now),
    checkSpf(dns, { ...spf, check: 'spf', domain, required: ownIsReturnPath }),
    dmarc,
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
  ])
  const others = await Promise.all([
    checkExchanges(dns, { check: 'mx', domain, worst: ownIsReturnPath ? 'problem' : 'warning' }),
    checkMtaSts(dns, domain, sender.http),
    checkTlsReport(
      dns,
      domain,
      view.records.find(({ name }) => name === `_smtp._tls.${domain}`),
    ),
    checkBimi(dns, domain, await dmarc),
    ptr,
  ])
  const needed = authentication.flat()
  return { domain, findings: [...needed, ...others.flat(), ...checkBulkRules([...needed, ...(await ptr)])] }
}
