/** DMARC aggregate reports, which receivers send to the owner of a domain. RFC 7489 §7.2, its appendix C has the schema */

import { parseIp } from '#grammar/address'

import { XmlReader } from './xml.ts'
import type { Element } from './xml.ts'

export type DmarcReport = {
  /** Who reports. */
  readonly organization: string
  readonly contact: string
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly from: number
  readonly until: number
  /** Whose policy it was. Lower case. */
  readonly domain: string
  /** `none`, `quarantine` or `reject`, for the domain and for those below it; how strictly domains must agree. */
  readonly policy: {
    readonly p: string
    readonly sp?: string
    readonly adkim: string
    readonly aspf: string
    readonly pct: string
  }
  readonly records: readonly DmarcRecord[]
}

/** Messages from one address that fared alike. */
export type DmarcRecord = {
  readonly source: string
  readonly count: number
  /** What the receiver did: `none`, `quarantine` or `reject`. */
  readonly disposition: string
  /** Whether a passing signature, and the reverse-path, agree with the author's domain. RFC 7489 §3.1 */
  readonly dkim: 'pass' | 'fail'
  readonly spf: 'pass' | 'fail'
  /** Why it did something else than the policy says. */
  readonly reasons: readonly string[]
  readonly headerFrom: string
  readonly envelopeFrom?: string
  /** What was looked at, each as it passed or failed by itself. */
  readonly signatures: readonly DmarcResult[]
  readonly senders: readonly DmarcResult[]
}

export type DmarcResult = { readonly domain: string; readonly selector?: string; readonly result: string }

export type ReadDmarcReport =
  | { readonly ok: true; readonly report: DmarcReport }
  /** In words for the operator. */
  | { readonly ok: false; readonly why: string }

/** What is read of a report by a stranger: one of a large receiver has some thousand records of thirty elements. */
const LIMITS = { elements: 150_000, depth: 12, text: 1_000 } as const
const RECORDS = 5_000
/** Results and reasons of one record: more are passed over. */
const DETAILS = 20

/** Some at a time, as the reader of its XML does. */
export class DmarcReader {
  readonly #xml: XmlReader

  constructor(text: string) {
    this.#xml = new XmlReader(text, LIMITS)
  }

  /** `undefined` while there is more. Never throws. */
  read(pieces: number): ReadDmarcReport | undefined {
    const xml = this.#xml.read(pieces)
    if (xml?.ok !== true) return xml
    try {
      return { ok: true, report: reportOf(xml.root) }
    } catch (error) {
      // How the functions below leave from their depth.
      if (error instanceof TypeError) return { ok: false, why: error.message }
      throw error
    }
  }
}

function reportOf(root: Element): DmarcReport {
  if (root.name !== 'feedback') throw new TypeError(`the XML is a ${shown(root.name)} and no DMARC report`)
  const metadata = childOf(root, 'report_metadata')
  const range = childOf(metadata, 'date_range')
  const published = childOf(root, 'policy_published')
  const [from, until] = [timeOf(range, 'begin'), timeOf(range, 'end')]
  if (until < from) throw new TypeError('date_range ends before it begins')
  const records = root.children.filter(({ name }) => name === 'record')
  if (records.length > RECORDS) throw new TypeError(`more than ${RECORDS} records`)
  return {
    organization: needed(metadata, 'org_name'),
    contact: textIn(metadata, 'email'),
    id: needed(metadata, 'report_id'),
    from,
    until,
    domain: domainIn(published, 'domain'),
    policy: policyOf(published),
    records: records.map(recordOf),
  }
}

function policyOf(published: Element): DmarcReport['policy'] {
  const sp = textIn(published, 'sp')
  return {
    p: textIn(published, 'p') || 'none',
    ...(sp === '' ? {} : { sp }),
    adkim: textIn(published, 'adkim') || 'r',
    aspf: textIn(published, 'aspf') || 'r',
    pct: textIn(published, 'pct') || '100',
  }
}

function recordOf(record: Element): DmarcRecord {
  const row = childOf(record, 'row')
  const evaluated = childOf(row, 'policy_evaluated')
  const identifiers = childOf(record, 'identifiers')
  const results = find(record, 'auth_results')
  const envelopeFrom = textIn(identifiers, 'envelope_from')
  return {
    source: addressIn(row, 'source_ip'),
    count: countIn(row, 'count'),
    disposition: textIn(evaluated, 'disposition') || 'none',
    dkim: textIn(evaluated, 'dkim') === 'pass' ? 'pass' : 'fail',
    spf: textIn(evaluated, 'spf') === 'pass' ? 'pass' : 'fail',
    reasons: all(evaluated, 'reason').map(reasonOf),
    headerFrom: domainIn(identifiers, 'header_from'),
    ...(envelopeFrom === '' ? {} : { envelopeFrom }),
    signatures: all(results, 'dkim').map(resultOf),
    senders: all(results, 'spf').map(resultOf),
  }
}

function reasonOf(reason: Element): string {
  return [textIn(reason, 'type'), textIn(reason, 'comment')].filter(Boolean).join(': ')
}

function resultOf(element: Element): DmarcResult {
  const selector = textIn(element, 'selector')
  return {
    domain: textIn(element, 'domain').toLowerCase(),
    ...(selector === '' ? {} : { selector }),
    result: textIn(element, 'result'),
  }
}

function all(parent: Element | undefined, name: string): readonly Element[] {
  return parent?.children.filter((child) => child.name === name).slice(0, DETAILS) ?? []
}

function find(parent: Element, name: string): Element | undefined {
  return parent.children.find((child) => child.name === name)
}

function childOf(parent: Element, name: string): Element {
  const found = find(parent, name)
  if (found === undefined) throw new TypeError(`${parent.name} has no ${name}`)
  return found
}

function textIn(parent: Element, name: string): string {
  return shown(find(parent, name)?.text ?? '')
}

function needed(parent: Element, name: string): string {
  const text = textIn(parent, name)
  if (text === '') throw new TypeError(`${parent.name} has no ${name}`)
  return text
}

/** Without what a terminal may obey. */
function shown(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').trim()
}

function domainIn(parent: Element, name: string): string {
  const text = needed(parent, name).toLowerCase().replace(/\.$/, '')
  if (text.length > 255 || /[\s@<>]/.test(text)) throw new TypeError(`${name} is no domain`)
  return text
}

function addressIn(parent: Element, name: string): string {
  const address = parseIp(needed(parent, name))
  if (address === undefined) throw new TypeError(`${name} is no address`)
  return address
}

function countIn(parent: Element, name: string): number {
  const text = needed(parent, name)
  if (!/^\d{1,12}$/.test(text)) throw new TypeError(`${name} is no count`)
  return Number(text)
}

/** Seconds since the epoch, of this century and the next. */
function timeOf(parent: Element, name: string): number {
  const text = needed(parent, name)
  if (!/^\d{9,10}$/.test(text)) throw new TypeError(`${name} is no time`)
  return Number(text) * 1000
}
