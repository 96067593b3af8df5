/** The DNS of every domain; of those that are as they should be one line each. */

import type { Operations } from '#product/operation'
import type { Finding } from '#product/verification'

export type DomainBook = Pick<Operations, 'domains' | 'domainVerify' | 'brokenTls'>

/** One after the other: the questions of one domain are asked at once, and the resolver has other work. */
export async function checkDomains(book: DomainBook): Promise<readonly Finding[]> {
  const domains = await book.domains()
  if (domains.length === 0)
    return [
      {
        level: 'warning',
        check: 'domain',
        text: 'there is none to send from',
        advice: 'hikyaku domain add example.com',
      },
    ]
  const findings: Finding[] = []
  for (const name of new Set(domains.map((domain) => domain.name)))
    findings.push(...(await checkDomain(book, name)))
  return findings
}

/** Mail to these goes in clear: who reads along, reads it. */
export async function checkBroken(book: DomainBook): Promise<Finding> {
  const hosts = await book.brokenTls()
  if (hosts.length === 0) return { level: 'ok', check: 'tls', text: 'no host is known whose TLS is broken' }
  const some = hosts.slice(0, 3).map(({ host }) => host)
  return {
    level: 'warning',
    check: 'tls',
    text: `${hosts.length} hosts get mail in clear, for their TLS does not work: ${some.join(', ')}`,
    advice:
      'hikyaku tls-policy broken says since when and why; [[tls_policies]] tls = "required" holds mail back instead',
  }
}

async function checkDomain(book: DomainBook, name: string): Promise<readonly Finding[]> {
  const verification = await book.domainVerify({ name })
  const check = `domain ${name}`
  const bad = (verification?.findings ?? []).filter(({ level }) => level !== 'ok')
  if (bad.length === 0) return [{ level: 'ok', check, text: 'the DNS shows all that it should' }]
  return bad.map((finding) => ({ ...finding, check, text: `${finding.check}: ${finding.text}` }))
}
