/** The DNS records that a domain's owner is asked to publish, and how they look in a zone file. RFC 1035 §5 */

export type DnsRecord = {
  /** Absolute, without the last dot. */
  readonly name: string
  readonly type: 'TXT' | 'MX'
  /** Of a TXT record, its strings joined. */
  readonly value: string
  readonly purpose: 'dkim' | 'spf' | 'dmarc' | 'return-path' | 'dmarc-reports' | 'tls-reports'
  /** Without it mail is refused by large receivers; the others are good advice for a domain that has none yet. */
  readonly required: boolean
  /** Of a retired key: it may be removed then. */
  readonly keepUntil?: number
}

export type Node = {
  /** The name of the machines that send: its A and AAAA records are theirs. */
  readonly name: string
  /** The domain of return paths, where there is one. */
  readonly returnPathDomain?: string
  /** Local parts there for reports of others, where somebody takes them. */
  readonly reports?: { readonly dmarc: string; readonly tls: string }
}

export function dkimRecord(domain: string, selector: string, value: string): DnsRecord {
  return { name: `${selector}._domainkey.${domain}`, type: 'TXT', value, purpose: 'dkim', required: true }
}

/**
 * A start that breaks nothing: SPF names the node and is soft on others, DMARC asks for no action, and for reports where
 * the node takes them. SPF is checked for the return path (RFC 7208 §2.4); docomo checks the author's domain as well, so
 * both have one.
 */
export function policyRecords(domain: string, node: Node): DnsRecord[] {
  const { name, returnPathDomain, reports } = node
  const spf = `v=spf1 a:${name} ~all`
  const spfRequired = returnPathDomain === undefined
  const own: DnsRecord[] = [{ name: domain, type: 'TXT', value: spf, purpose: 'spf', required: spfRequired }]
  const rua = returnPathDomain === undefined || reports === undefined ? '' : reports.dmarc
  const asking = rua === '' ? '' : `; rua=mailto:${rua}@${returnPathDomain}`
  const dmarc = `v=DMARC1; p=none${asking}`
  own.push({ name: `_dmarc.${domain}`, type: 'TXT', value: dmarc, purpose: 'dmarc', required: true })
  if (returnPathDomain === undefined) return own
  return [
    ...own,
    { name: returnPathDomain, type: 'MX', value: `10 ${name}`, purpose: 'return-path', required: true },
    { name: returnPathDomain, type: 'TXT', value: spf, purpose: 'return-path', required: true },
    ...(reports === undefined ? [] : reportRecords(domain, returnPathDomain, reports)),
  ]
}

function reportRecords(domain: string, to: string, { tls }: { readonly tls: string }): readonly DnsRecord[] {
  const value = `v=TLSRPTv1; rua=mailto:${tls}@${to}`
  const about = [...new Set([domain, to])]
  return [
    // RFC 7489 §7.1: the owner of the domain that gets the reports says that it wants them.
    ...(to === domain || to.endsWith(`.${domain}`)
      ? []
      : [advised(`${domain}._report._dmarc.${to}`, 'v=DMARC1', 'dmarc-reports')]),
    // RFC 8460 §3: for each domain that has mail servers; that of the return path has ours.
    ...about.map((one) => advised(`_smtp._tls.${one}`, value, 'tls-reports')),
  ]
}

function advised(name: string, value: string, purpose: DnsRecord['purpose']): DnsRecord {
  return { name, type: 'TXT', value, purpose, required: false }
}

/** Octets of one character-string. RFC 1035 §3.3 */
const STRING_OCTETS = 255

const TTL = 3600

/** One line of a zone file. Long texts become several strings, which readers join. RFC 6376 §3.6.2.2 */
export function zoneLine({ name, type, value }: Pick<DnsRecord, 'name' | 'type' | 'value'>): string {
  const data = type === 'MX' ? `${value}.` : strings(value).map(quoted).join(' ')
  return `${name}. ${TTL} IN ${type} ${data}`
}

/** Values are ASCII: characters are octets. */
function strings(value: string): string[] {
  const count = Math.ceil(value.length / STRING_OCTETS)
  return Array.from({ length: count }, (_, i) => value.slice(i * STRING_OCTETS, (i + 1) * STRING_OCTETS))
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}
