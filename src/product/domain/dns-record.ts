/** The DNS records that a domain's owner is asked to publish, and how they look in a zone file. RFC 1035 §5 */

export type DnsRecord = {
  /** Absolute, without the last dot. */
  readonly name: string
  readonly type: 'TXT' | 'MX' | 'CNAME'
  /** Of a TXT record, its strings joined. */
  readonly value: string
  readonly purpose:
    | 'ownership'
    | 'dkim'
    | 'spf'
    | 'dmarc'
    | 'return-path'
    | 'tracking'
    | 'dmarc-reports'
    | 'tls-reports'
  /** Who can publish it: the owner of the domain, or the operator in the domain of return paths. */
  readonly by: 'owner' | 'operator'
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
  /** The name of an SPF record that has all addresses mail leaves by; absent: the node's name has them. */
  readonly spfInclude?: string
  /** The name of links in mail from a domain, and ours that it is to lead to; absent where it needs none. */
  readonly trackingOf?: (domain: string) => { readonly name: string; readonly target: string } | undefined
  /** Local parts there for reports of others, where somebody takes them. */
  readonly reports?: { readonly dmarc: string; readonly tls: string }
}

export function dkimRecord(domain: string, selector: string, value: string): DnsRecord {
  const name = `${selector}._domainkey.${domain}`
  return { name, type: 'TXT', value, purpose: 'dkim', by: 'owner', required: true }
}

/** Whoever can publish it has the domain. A name of its own, as RFC 8552 §1.1 has it, that several may claim at once. */
export function ownershipRecord(domain: string, token: string): DnsRecord {
  const value = `hikyaku-ownership=${token}`
  return { name: `_hikyaku.${domain}`, type: 'TXT', value, purpose: 'ownership', by: 'owner', required: true }
}

/**
 * A start that breaks nothing: SPF names the node and is soft on others, DMARC asks for no action, and for reports where
 * the node takes them. SPF is checked for the return path (RFC 7208 §2.4); docomo checks the author's domain as well, so
 * both have one.
 */
export function policyRecords(domain: string, node: Node): DnsRecord[] {
  const { name, returnPathDomain, reports } = node
  const spf = `v=spf1 ${spfMechanism(node)} ~all`
  const required = returnPathDomain === undefined
  const own: DnsRecord[] = [{ name: domain, type: 'TXT', value: spf, purpose: 'spf', by: 'owner', required }]
  const rua = returnPathDomain === undefined || reports === undefined ? '' : reports.dmarc
  const asking = rua === '' ? '' : `; rua=mailto:${rua}@${returnPathDomain}`
  const dmarc = `v=DMARC1; p=none${asking}`
  own.push({
    name: `_dmarc.${domain}`,
    type: 'TXT',
    value: dmarc,
    purpose: 'dmarc',
    by: 'owner',
    required: true,
  })
  own.push(...trackingRecords(domain, node))
  if (returnPathDomain === undefined) return own
  const returns = {
    name: returnPathDomain,
    purpose: 'return-path',
    by: publisherOf(returnPathDomain, domain),
    required: true,
  } as const
  return [
    ...own,
    ...ownReturnPath(domain, returnPathDomain),
    { ...returns, type: 'MX', value: `10 ${name}` },
    { ...returns, type: 'TXT', value: spf },
    ...(reports === undefined ? [] : reportRecords(domain, returnPathDomain, reports)),
  ]
}

/** What an SPF record says of this installation. RFC 7208 §5.2, §5.3 */
export function spfMechanism({ name, spfInclude }: Pick<Node, 'name' | 'spfInclude'>): string {
  return spfInclude === undefined ? `a:${name}` : `include:${spfInclude}`
}

/** Below the domain, so that SPF agrees with the author's: a good addition to DKIM, which alone would do for DMARC. */
function ownReturnPath(domain: string, returnPathDomain: string): readonly DnsRecord[] {
  if (publisherOf(returnPathDomain, domain) === 'owner') return []
  const name = `${RETURN_PATH_LABEL}.${domain}`
  const common = { purpose: 'return-path', by: 'owner', required: false } as const
  return [{ ...common, name, type: 'CNAME', value: returnPathDomain }]
}

const RETURN_PATH_LABEL = 'hk-bounce'

/** Required: without it links in mail lead nowhere. */
function trackingRecords(domain: string, { trackingOf }: Node): readonly DnsRecord[] {
  const found = trackingOf?.(domain)
  if (found === undefined) return []
  const by = publisherOf(found.name, domain)
  return [{ name: found.name, type: 'CNAME', value: found.target, purpose: 'tracking', by, required: true }]
}

/** What is at the domain or below it is its owner's to publish. */
function publisherOf(name: string, domain: string): DnsRecord['by'] {
  return name === domain || name.endsWith(`.${domain}`) ? 'owner' : 'operator'
}

function reportRecords(domain: string, to: string, { tls }: { readonly tls: string }): readonly DnsRecord[] {
  const value = `v=TLSRPTv1; rua=mailto:${tls}@${to}`
  const about = [...new Set([domain, to])]
  return [
    // RFC 7489 §7.1: the owner of the domain that gets the reports says that it wants them.
    ...(to === domain || to.endsWith(`.${domain}`)
      ? []
      : [advised(domain, `${domain}._report._dmarc.${to}`, 'v=DMARC1', 'dmarc-reports')]),
    // RFC 8460 §3: for each domain that has mail servers; that of the return path has ours.
    ...about.map((one) => advised(domain, `_smtp._tls.${one}`, value, 'tls-reports')),
  ]
}

function advised(domain: string, name: string, value: string, purpose: DnsRecord['purpose']): DnsRecord {
  return { name, type: 'TXT', value, purpose, by: publisherOf(name, domain), required: false }
}

/** Octets of one character-string. RFC 1035 §3.3 */
const STRING_OCTETS = 255

const TTL = 3600

/** One line of a zone file. Long texts become several strings, which readers join. RFC 6376 §3.6.2.2 */
export function zoneLine({ name, type, value }: Pick<DnsRecord, 'name' | 'type' | 'value'>): string {
  const data = type === 'TXT' ? strings(value).map(quoted).join(' ') : `${value}.`
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
