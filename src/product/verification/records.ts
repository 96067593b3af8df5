/** What the DNS shows of each record that a domain is to have: as states for programs. In words: `verify.ts`. */

import { parseTlsReportRecord } from '#grammar/report'
import type { Dns } from '#platform/dns'
import type { DnsRecord, DomainView, Look, RecordStatus } from '#product/domain'

import { keyFault } from './dkim.ts'
import { policyFault } from './dmarc.ts'
import { quoted } from './finding.ts'
import { lookUp, lookUpAddresses } from './lookup.ts'
import type { Found } from './lookup.ts'
import { sendingAddresses } from './sending-address.ts'
import type { SendingAddress } from './sending-address.ts'
import { evaluateSpf, findSpf } from './spf.ts'
import type { Sender } from './verify.ts'

type Told = Pick<RecordStatus, 'status' | 'found' | 'why'>

/** Texts of strangers that are kept of one name. */
const KEPT = 5

/** Settles within some 20 questions to `dns`, most of them at the same time; never rejects. */
export async function lookAt(
  dns: Dns,
  { domain, records }: DomainView,
  { node, sources }: Pick<Sender, 'node' | 'sources'>,
): Promise<Look> {
  const addresses = await sendingAddresses(dns, sources)
  const sending = { addresses, nodeName: node.name }
  const [told, ownership] = await Promise.all([
    Promise.all(records.map((record) => tell(dns, record, sending))),
    lookUp(dns, `_hikyaku.${domain.name}`, 'TXT'),
  ])
  const statuses = records.map(({ name, type, purpose, by, required }, i) => ({
    name,
    type,
    purpose,
    by,
    required,
    ...(told[i] ?? { status: 'unknown' as const }),
  }))
  return { statuses, ...textsOf(ownership) }
}

function textsOf(found: Found<string>): Pick<Look, 'ownership'> {
  if (found.kind === 'unknown') return {}
  return { ownership: found.kind === 'found' ? found.records : [] }
}

type Sending = { readonly addresses: readonly SendingAddress[]; readonly nodeName: string }

async function tell(dns: Dns, record: DnsRecord, sending: Sending): Promise<Told> {
  const { name, type, value, purpose } = record
  switch (purpose) {
    case 'ownership':
      return judged(await lookUp(dns, name, 'TXT'), (texts) =>
        texts.includes(value) ? undefined : 'has another value',
      )
    case 'dkim':
      return judged(await lookUp(dns, name, 'TXT'), (texts) => keyFault(value, texts))
    case 'spf':
      return spf(dns, record, sending)
    case 'dmarc':
      return dmarc(dns, record)
    case 'return-path':
      if (type === 'CNAME') return alias(dns, record)
      return type === 'MX' ? exchanges(dns, name, sending.nodeName) : spf(dns, record, sending)
    case 'tracking':
      return alias(dns, record)
    case 'dmarc-reports':
      return judged(await lookUp(dns, name, 'TXT'), (texts) =>
        texts.some((text) => /^v\s*=\s*DMARC1\s*(?:;|$)/.test(text)) ? undefined : 'does not say v=DMARC1',
      )
    case 'tls-reports':
      return judged(await lookUp(dns, name, 'TXT'), tlsFault)
  }
}

/** `fault` says what is wrong with what is there. */
function judged(found: Found<string>, fault: (texts: readonly string[]) => string | undefined): Told {
  switch (found.kind) {
    case 'unknown':
      return { status: 'unknown', why: found.why }
    case 'none':
      return { status: 'missing' }
    case 'found': {
      const why = fault(found.records)
      return why === undefined ? { status: 'ok' } : wrong(found.records, why)
    }
  }
}

function wrong(texts: readonly string[], why: string): Told {
  return { status: 'wrong', found: texts.slice(0, KEPT).map(quoted), why }
}

function tlsFault(texts: readonly string[]): string | undefined {
  const record = parseTlsReportRecord(texts)
  if (record.kind === 'record') return undefined
  return record.kind === 'invalid' ? record.why : 'is no TLS-RPT record'
}

/** Good when every address that mail leaves by passes, whatever terms it passes by. RFC 7208 §4.6.2 */
async function spf(dns: Dns, { name, value }: DnsRecord, { addresses }: Sending): Promise<Told> {
  const found = await findSpf(dns, name)
  if (found.kind !== 'found') return judged(found, () => undefined)
  const [text = '', ...more] = found.records
  // RFC 7208 §4.5
  if (more.length > 0) return wrong(found.records, 'there are several SPF records, which is an error')
  if (addresses.length === 0) return byTerm(text, value)
  const verdicts = await Promise.all(
    addresses.map(({ address, ehlo }) =>
      evaluateSpf(dns, name, { address, helo: ehlo, sender: { local: 'postmaster', domain: name } }),
    ),
  )
  const bad = verdicts.findIndex(({ result }) => result !== 'pass')
  const verdict = verdicts[bad]
  if (verdict === undefined) return { status: 'ok' }
  if (verdict.result === 'temperror') return { status: 'unknown', why: verdict.because }
  return wrong([text], `${verdict.result} for ${addresses[bad]?.address ?? ''}: ${quoted(verdict.because)}`)
}

/** Where from mail leaves is not known: then the term that is to be published must stand there. */
function byTerm(text: string, value: string): Told {
  const [, term = ''] = value.split(' ')
  const terms = text.split(' ').map((one) => one.replace(/^\+/, '').toLowerCase())
  return terms.includes(term.toLowerCase()) ? { status: 'ok' } : wrong([text], `does not have ${term}`)
}

/** A parent's policy is as good. RFC 7489 §6.6.3 */
async function dmarc(dns: Dns, { name }: DnsRecord): Promise<Told> {
  const fault = await policyFault(dns, name.slice('_dmarc.'.length))
  switch (fault.kind) {
    case 'none':
      return { status: 'missing' }
    case 'unknown':
      return { status: 'unknown', why: fault.why }
    case 'good':
      return { status: 'ok' }
    case 'bad':
      return wrong(fault.texts, fault.why)
  }
}

/** A CNAME; or, where there can be none, the addresses of what it would lead to. RFC 1034 §3.6.2 */
async function alias(dns: Dns, { name, value }: DnsRecord): Promise<Told> {
  const found = await lookUp(dns, name, 'CNAME')
  if (found.kind === 'unknown') return { status: 'unknown', why: found.why }
  const names = found.kind === 'found' ? found.records : []
  if (names.some((one) => one.toLowerCase() === value.toLowerCase())) return { status: 'ok' }
  if (names.length > 0) return wrong(names, `does not lead to ${value}`)
  const [here, there] = await Promise.all([lookUpAddresses(dns, name), lookUpAddresses(dns, value)])
  if (here.kind === 'unknown') return { status: 'unknown', why: here.why }
  if (here.kind === 'none') return { status: 'missing' }
  const same = there.kind === 'found' && here.records.some((one) => there.records.includes(one))
  return same ? { status: 'ok' } : wrong(here.records, `does not lead to ${value}`)
}

async function exchanges(dns: Dns, name: string, nodeName: string): Promise<Told> {
  const found = await lookUp(dns, name, 'MX')
  if (found.kind !== 'found') return judged(found, () => undefined)
  const names = found.records.map(({ exchange }) => exchange)
  const isOurs = names.some((one) => one.toLowerCase() === nodeName.toLowerCase())
  return isOurs ? { status: 'ok' } : wrong(names, `does not name ${nodeName}`)
}
