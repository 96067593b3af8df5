/** What the main thread does with reports that others send about our domains: read, told whose it is, kept. */

import { readReceivedReport } from '#engine/received-report'
import type { ReceivedReport } from '#engine/received-report'
import type { Reported, ReportTaken } from '#engine/feedback'
import { parseDomain } from '#grammar/address'
import type { Log } from '#platform/log'
import type { DomainOwners } from '#product/domain'
import type { ReceivedReports } from '#product/received-report'

export type ReportsIn = (reported: Reported) => Promise<ReportTaken>

export type ReportsInParts = {
  readonly reports: Pick<ReceivedReports, 'keep'>
  readonly owners: DomainOwners
  readonly log: Log
  now(): number
}

/** Who has the names of the node itself. */
const OWN = 'default'

export function reportsIn(parts: ReportsInParts): ReportsIn {
  const { reports, log } = parts
  return async ({ bytes, client, sender, names }) => {
    const by = { client, from: sender }
    const read = await readReceivedReport(bytes)
    if (!read.ok) {
      log.warn('report.refused', { ...by, why: read.why })
      return { kind: 'unreadable', why: read.why }
    }
    const about = { ...by, kind: read.kind, reporter: read.report.organization, report: read.report.id }
    const found = await ownerOf(domainsOf(read), names, parts.owners)
    if ('foreign' in found) {
      log.warn('report.refused', { ...about, domain: found.foreign, why: 'not a domain of ours' })
      return { kind: 'foreign', domain: found.foreign }
    }
    const kind = await reports.keep(read, { ...found, receivedAt: parts.now(), client, sender })
    const said = { ...about, ...found }
    if (kind === 'kept') log.info('report.received', said)
    else if (kind === 'repeated') log.info('report.repeated', said)
    else log.warn('report.refused', { ...said, why: 'too many within a day' })
    return { kind }
  }
}

/** RFC 7489 §7.2: a report is about one domain; RFC 8460 §4.4: about one, whose policies may be several. */
function domainsOf({ kind, report }: ReceivedReport): readonly string[] {
  return kind === 'dmarc' ? [report.domain] : [...new Set(report.policies.map(({ domain }) => domain))]
}

type Found = { readonly organization: string; readonly domain: string } | { readonly foreign: string }

/** Domains that are looked up for one report, at most. */
const LOOKED_UP = 10

async function ownerOf(
  domains: readonly string[],
  names: readonly string[],
  owners: DomainOwners,
): Promise<Found> {
  for (const text of domains.slice(0, LOOKED_UP)) {
    const domain = parseDomain(text)
    if (domain === undefined) continue
    const owner = (await owners.owner(domain)) ?? (names.includes(domain) ? OWN : undefined)
    if (owner !== undefined) return { organization: owner, domain }
  }
  return { foreign: parseDomain(domains[0] ?? '') ?? 'that domain' }
}
