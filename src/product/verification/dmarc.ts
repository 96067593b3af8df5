/** Whether mail of a domain passes DMARC, and what receivers are asked to do when it does not. RFC 7489 */

import type { Dns } from '#platform/dns'
import type { DnsRecord } from '#product/domain'

import { quoted } from './finding.ts'
import type { Finding } from './finding.ts'
import { lookUp } from './lookup.ts'
import { organizationalDomain } from './organizational-domain.ts'
import { parseTagList } from './tag-list.ts'

export type DmarcCheck = {
  readonly domain: string
  /** The domain of reverse-paths: where SPF is looked up. */
  readonly returnPathDomain: string
  /** The policy to begin with, and by what the domain of return paths agrees to get reports; as `domain show` has them. */
  readonly start?: DnsRecord | undefined
  readonly agreement?: DnsRecord | undefined
}

export async function checkDmarc(dns: Dns, dmarc: DmarcCheck): Promise<readonly Finding[]> {
  const found = await policyOf(dns, dmarc.domain)
  switch (found.kind) {
    case 'unknown':
      return [finding('warning', `${found.name} cannot be looked up now: ${found.why}`)]
    case 'none':
      return [finding('problem', `${dmarc.domain} has no DMARC policy`, start(dmarc))]
    case 'several':
      return [
        finding('problem', `${found.name} has several DMARC policies, and so none`, { advice: 'leave one' }),
      ]
    case 'policy':
      return [...judge(found, dmarc), ...(await agreed(dns, found, dmarc))]
  }
}

export type PolicyFault =
  | { readonly kind: 'none' | 'good' }
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'bad'; readonly texts: readonly string[]; readonly why: string }

/** Whether receivers find a policy for mail of `domain` that they can follow. */
export async function policyFault(dns: Dns, domain: string): Promise<PolicyFault> {
  const found = await policyOf(dns, domain)
  switch (found.kind) {
    case 'none':
      return found
    case 'unknown':
      return { kind: 'unknown', why: found.why }
    case 'several':
      return { kind: 'bad', texts: [], why: `${found.name} has several policies, and so none` }
    case 'policy':
      return actionOf(found, domain) === undefined
        ? { kind: 'bad', texts: [found.text], why: 'cannot be read' }
        : { kind: 'good' }
  }
}

type Policy =
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown'; readonly name: string; readonly why: string }
  | { readonly kind: 'several'; readonly name: string }
  | { readonly kind: 'policy'; readonly name: string; readonly text: string }

/** Of the domain itself, else of its organizational domain. RFC 7489 §6.6.3 */
async function policyOf(dns: Dns, domain: string): Promise<Policy> {
  for (const one of new Set([domain, organizationalDomain(domain)])) {
    const name = `_dmarc.${one}`
    const found = await lookUp(dns, name, 'TXT')
    if (found.kind === 'unknown') return { kind: 'unknown', name, why: found.why }
    const texts = found.kind === 'found' ? found.records.filter(isPolicy) : []
    if (texts.length > 1) return { kind: 'several', name }
    if (texts[0] !== undefined) return { kind: 'policy', name, text: texts[0] }
  }
  return { kind: 'none' }
}

/** RFC 7489 §6.4: the version comes first. */
function isPolicy(text: string): boolean {
  return /^v\s*=\s*DMARC1\s*(?:;|$)/.test(text)
}

function judge({ name, text }: Extract<Policy, { kind: 'policy' }>, dmarc: DmarcCheck): readonly Finding[] {
  const tags = parseTagList(text)
  const isOwn = name === `_dmarc.${dmarc.domain}`
  const action = actionOf({ name, text }, dmarc.domain)
  if (tags === undefined || action === undefined)
    return [finding('problem', `${name} cannot be read: ${quoted(text)}`, start(dmarc))]
  const whose = isOwn ? name : `${name}, a parent's`
  const rest = action === 'none' ? MONITORING : tags.has('rua') ? {} : WITHOUT_REPORTS
  return [finding('ok', `${whose}: p=${action}`, rest), ...alignment(tags, dmarc)]
}

/** What receivers are asked to do with mail of `domain` that fails; `undefined` when the record cannot be read. */
function actionOf(
  { name, text }: { readonly name: string; readonly text: string },
  domain: string,
): string | undefined {
  const tags = parseTagList(text)
  // RFC 7489 §6.6.3: without a policy that can be read, a record with rua counts as p=none, others as none at all.
  const given = (name === `_dmarc.${domain}` ? undefined : tags?.get('sp')) ?? tags?.get('p')
  const action = given?.toLowerCase()
  return action !== undefined && /^(?:none|quarantine|reject)$/.test(action) ? action : undefined
}

const MONITORING = {
  advice: 'p=none only watches; ask for quarantine or reject once reports show only mail of yours',
}
const WITHOUT_REPORTS = { advice: 'rua=mailto:… would have receivers tell what fails' }

/** Our signatures have `d=` of the domain as it was added: its own mail aligns in either mode. RFC 7489 §3.1 */
function alignment(
  tags: ReadonlyMap<string, string>,
  { domain, returnPathDomain }: DmarcCheck,
): readonly Finding[] {
  const isStrict = (tag: string): boolean => tags.get(tag)?.toLowerCase() === 's'
  const dkim = isStrict('adkim')
    ? finding('warning', `adkim=s: mail from subdomains of ${domain}, signed for ${domain}, does not align`)
    : finding('ok', `DKIM aligns: signatures are for ${domain}`)
  const spf = isAligned(returnPathDomain, domain, isStrict('aspf'))
    ? finding('ok', `SPF aligns: return paths are in ${returnPathDomain}`)
    : finding('ok', `SPF does not align: return paths are in ${returnPathDomain}; DKIM alone carries DMARC`)
  return [dkim, spf]
}

function isAligned(returnPathDomain: string, domain: string, isStrict: boolean): boolean {
  if (isStrict || returnPathDomain === domain) return returnPathDomain === domain
  // RFC 7489 §3.1.2: relaxed, the organizational domains are compared.
  return organizationalDomain(returnPathDomain) === organizationalDomain(domain)
}

function start({ domain, start: shown }: DmarcCheck): Pick<Finding, 'publish'> {
  const { value } = shown ?? { value: 'v=DMARC1; p=none' }
  return { publish: { name: `_dmarc.${domain}`, type: 'TXT', value } }
}

/** RFC 7489 §7.1: reports go to a domain of others only when it says so itself. */
async function agreed(
  dns: Dns,
  { text }: Extract<Policy, { kind: 'policy' }>,
  { domain, returnPathDomain, agreement }: DmarcCheck,
): Promise<readonly Finding[]> {
  const isAsked = text.toLowerCase().includes(`@${returnPathDomain}`)
  if (agreement === undefined || !isAsked || isAligned(returnPathDomain, domain, false)) return []
  const { name, type, value } = agreement
  const found = await lookUp(dns, name, 'TXT')
  if (found.kind === 'unknown') return [finding('warning', `${name} cannot be looked up now: ${found.why}`)]
  if (found.kind === 'found' && found.records.some(isPolicy)) return []
  const missing = `reports are asked for at ${returnPathDomain}, which does not say that it wants them`
  return [finding('warning', missing, { publish: { name, type, value } })]
}

function finding(
  level: Finding['level'],
  text: string,
  more: Pick<Finding, 'advice' | 'publish'> = {},
): Finding {
  return { level, check: 'dmarc', text, ...more }
}
