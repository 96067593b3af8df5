/** Zone data for the DNS server of tests and of the sandbox: a list of records, and how a question is looked up in it. */

import type { RecordData, RecordType } from './answer.ts'

export type ZoneRecord = {
  [T in RecordType]: {
    readonly name: string
    readonly ttl: number
    readonly type: T
    readonly data: RecordData[T]
  }
}[RecordType]

export type Zone = readonly ZoneRecord[]

const DEFAULT_TTL = 300

/**
 * One record a line, `name [ttl] type data`, names in full: `example.com 60 MX 10 mx.example.com`. `*.example.com`
 * stands for every name below it. `;` begins a comment. TXT takes the rest of the line, TLSA three numbers and hex.
 * @throws {SyntaxError} with the line that is none
 */
export function parseZone(text: string): Zone {
  return text
    .split('\n')
    .map((line) => line.replace(/;.*$/, '').trim())
    .filter((line) => line !== '')
    .map(parseLine)
}

const DATA: { readonly [T in RecordType]: (words: readonly string[]) => RecordData[T] } = {
  A: ([address = '']) => address,
  AAAA: ([address = '']) => address,
  CNAME: ([name = '']) => host(name),
  PTR: ([name = '']) => host(name),
  MX: ([preference, exchange = '']) => ({ preference: Number(preference), exchange: host(exchange) }),
  TXT: (words) => words.join(' '),
  TLSA: ([usage, selector, matchingType, hex = '']) => ({
    usage: Number(usage),
    selector: Number(selector),
    matchingType: Number(matchingType),
    data: Buffer.from(hex, 'hex'),
  }),
}

function parseLine(line: string): ZoneRecord {
  const [name = '', second = '', ...others] = line.split(/\s+/)
  const hasTtl = /^\d+$/.test(second)
  const [type = '', ...words] = hasTtl ? others : [second, ...others]
  if (!isType(type) || words.length === 0) throw new SyntaxError(`not a zone line: ${line}`)
  const ttl = hasTtl ? Number(second) : DEFAULT_TTL
  return { name: host(name), ttl, type, data: DATA[type](words) } as ZoneRecord
}

function isType(text: string): text is RecordType {
  return Object.hasOwn(DATA, text)
}

function host(name: string): string {
  return name.length > 1 && name.endsWith('.') ? name.slice(0, -1).toLowerCase() : name.toLowerCase()
}

export type Found =
  | { readonly kind: 'records'; readonly records: Zone }
  | { readonly kind: 'nodata' | 'nxdomain' }

/** CNAMEs are followed inside the zone, as a resolver's answer shows them. RFC 1034 §4.3.2 */
export function lookUp(zone: Zone, name: string, type: string): Found {
  const records: ZoneRecord[] = []
  let owner = name.toLowerCase()
  // Nine, so that a test can have a chain that is too long; a loop ends here as well.
  for (let hops = 0; hops <= 9; hops++) {
    const here = recordsOf(zone, owner)
    const found = here.filter((one) => one.type === type)
    const alias = found.length > 0 ? undefined : here.find((one) => one.type === 'CNAME')
    records.push(...(alias ? [alias] : found))
    if (alias?.type !== 'CNAME') break
    owner = alias.data
  }
  if (records.length > 0) return { kind: 'records', records }
  const exists = zone.some((one) => one.name === owner || one.name.endsWith(`.${owner}`))
  return { kind: exists || recordsOf(zone, owner).length > 0 ? 'nodata' : 'nxdomain' }
}

/** A wildcard answers under the name that was asked for, and only where nothing closer exists. RFC 4592 §2.2 */
function recordsOf(zone: Zone, owner: string): readonly ZoneRecord[] {
  const exact = zone.filter((one) => one.name === owner)
  if (exact.length > 0) return exact
  for (let rest = parent(owner); ; rest = parent(rest)) {
    const wild = rest === '' ? '*' : `*.${rest}`
    const found = zone.filter((one) => one.name === wild)
    if (found.length > 0) return found.map((one) => ({ ...one, name: owner }))
    if (rest === '') return []
  }
}

function parent(name: string): string {
  const dot = name.indexOf('.')
  return dot < 0 ? '' : name.slice(dot + 1)
}
