/**
 * DNS messages on the wire. dns-packet does the decoding, but reads what the lengths inside a record say, throws, and
 * follows chains of pointers as long as the message: `readReply` walks the message first and lets it see only what is
 * sound. RFC 1035 §4
 */

import dnsPacket from 'dns-packet'

import type { RecordData, RecordType } from './answer.ts'

const HEADER = 12
const MAX_RECORDS = 1_000
const MAX_POINTERS = 16
const TYPE = {
  A: 1,
  CNAME: 5,
  SOA: 6,
  NULL: 10,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  OPT: 41,
  TLSA: 52,
} as const
const CLASS_IN = 1

/** Below the fragments that off-path attackers replace. RFC 6891 §6.2.5, RFC 9715 §3 */
export const UDP_SIZE = 1232

export type Query = {
  readonly name: string
  readonly type: RecordType
  readonly edns: boolean
  /** Ask for signatures too. The AD bit of an answer does not need it. RFC 3225 §3, RFC 6840 §5.7 */
  readonly dnssecOk: boolean
}

/** `id` is written by whoever sends it, because it must be free on the socket it leaves by. */
export function encodeQuery({ name, type, edns, dnssecOk }: Query): Buffer {
  // RFC 6840 §5.7: AD in a query asks for AD in the answer.
  const flags = dnsPacket.RECURSION_DESIRED | dnsPacket.AUTHENTIC_DATA
  const opt: dnsPacket.OptAnswer = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: UDP_SIZE,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: dnssecOk ? dnsPacket.DNSSEC_OK : 0,
    flag_do: dnssecOk,
    options: [],
  }
  return dnsPacket.encode({
    type: 'query',
    id: 0,
    flags,
    questions: [{ name, type }],
    additionals: edns ? [opt] : [],
  })
}

/** The question section of a message of one question; empty when there is none, `undefined` when it is not sound. */
export function questionOf(message: Buffer): Buffer | undefined {
  if (message.length < HEADER) return undefined
  const count = message.readUInt16BE(4)
  if (count === 0) return message.subarray(HEADER, HEADER)
  const end = skipName(message, HEADER)
  if (count > 1 || end === undefined || end + 4 > message.length) return undefined
  return message.subarray(HEADER, end + 4)
}

export type SoundRecord = {
  readonly name: string
  readonly ttl: number
  readonly data: {
    readonly [T in RecordType]: { readonly type: T; readonly value: RecordData[T] }
  }[RecordType]
}

export type Reply = {
  readonly rcode: number
  readonly truncated: boolean
  readonly authentic: boolean
  readonly answers: readonly SoundRecord[]
  /** How long a denial may be remembered, in seconds. RFC 2308 §5 */
  readonly negativeTtl?: number
}

/**
 * The answer section and the SOA of a denial. The additional section is not read but for EDNS: what it says nobody
 * asked. `undefined` for whatever is not a sound response; `message` is written over.
 */
export function readReply(message: Buffer): Reply | undefined {
  if (message.length < HEADER || (message.readUInt16BE(2) & 0x8000) === 0) return undefined
  const flags = message.readUInt16BE(2)
  const truncated = (flags & 0x0200) !== 0
  const extended = truncated ? 0 : guard(message)
  if (extended === undefined) return undefined
  const head = { rcode: (flags & 0xf) | (extended << 4), truncated, authentic: (flags & 0x20) !== 0 }
  // Half an answer section is worse than none: RFC 2181 §9.
  if (truncated) return { ...head, answers: [] }
  try {
    return { ...head, ...decode(message) }
  } catch {
    // What dns-packet still refuses, such as a TXT string longer than its record.
    return undefined
  }
}

function decode(message: Buffer): Pick<Reply, 'answers' | 'negativeTtl'> {
  const { answers = [], authorities = [] } = dnsPacket.decode(message)
  const soa = authorities.find((one) => one.type === 'SOA')
  const sound = answers.map(soundRecord).filter((one) => one !== undefined)
  if (soa === undefined) return { answers: sound }
  return { answers: sound, negativeTtl: Math.min(seconds(soa.ttl), seconds(soa.data.minimum)) }
}

function soundRecord(record: dnsPacket.Answer): SoundRecord | undefined {
  if (record.type === 'OPT') return undefined
  const data = soundData(record)
  return data && { name: lower(record.name), ttl: seconds(record.ttl), data }
}

/** `undefined` for what the guard has relabelled, and for SOA. */
function soundData(record: dnsPacket.Answer): SoundRecord['data'] | undefined {
  const { type } = record
  if (type === 'A' || type === 'AAAA') return { type, value: record.data }
  if (type === 'CNAME' || type === 'PTR') return { type, value: lower(record.data) }
  if (type === 'TXT') return { type, value: text(record.data) }
  if (type === 'MX') {
    const { preference = 0, exchange } = record.data
    return { type, value: { preference, exchange: lower(exchange) } }
  }
  if (type === 'TLSA') {
    const { usage, selector, matchingType, certificate } = record.data
    return { type, value: { usage, selector, matchingType, data: certificate } }
  }
  return undefined
}

function text(data: dnsPacket.TxtData): string {
  const strings = Array.isArray(data) ? data : [data]
  return Buffer.concat(strings.map((one) => Buffer.from(one))).toString('utf8')
}

/** ASCII only: U+212A is not to become a `k`. RFC 4343 §3 */
function lower(name: string): string {
  return /^[\x21-\x7e]*$/.test(name) ? name.toLowerCase() : name
}

/** RFC 2181 §8: a TTL with the first bit set is zero. */
function seconds(ttl = 0): number {
  return ttl > 0x7fffffff ? 0 : ttl
}

/**
 * Walks the whole message. Records of other types, and of types not of class IN, are relabelled NULL, so that
 * dns-packet passes over them by their length; the additional section is cut off. Returns the upper bits of the
 * response code (RFC 6891 §6.1.3), `undefined` when anything is out of bounds.
 */
function guard(message: Buffer): number | undefined {
  const question = questionOf(message)
  if (question === undefined) return undefined
  const wanted = message.readUInt16BE(6) + message.readUInt16BE(8)
  const additionals = message.readUInt16BE(10)
  if (wanted > MAX_RECORDS) return undefined
  let extended = 0
  let offset = HEADER + question.length
  for (let index = 0; index < wanted + additionals; index++) {
    const record = recordAt(message, offset)
    if (record === undefined) return undefined
    if (index >= wanted && record.type === TYPE.OPT) extended = message[record.data - 6] ?? 0
    if (index < wanted && !admit(message, record)) return undefined
    offset = record.end
  }
  message.writeUInt16BE(0, 10)
  return extended
}

/** False for a record whose contents do not fill it. */
function admit(message: Buffer, record: Span): boolean {
  if (isWanted(message, record)) return isSound(message, record)
  message.writeUInt16BE(TYPE.NULL, record.data - 10)
  return true
}

type Span = { readonly type: number; readonly data: number; readonly end: number }

/** Type, class, TTL and length take the ten octets before `data`. RFC 1035 §4.1.3 */
function recordAt(message: Buffer, offset: number): Span | undefined {
  const name = skipName(message, offset)
  if (name === undefined || name + 10 > message.length) return undefined
  const data = name + 10
  const end = data + message.readUInt16BE(name + 8)
  return end > message.length ? undefined : { type: message.readUInt16BE(name), data, end }
}

const WANTED: ReadonlySet<number> = new Set(
  Object.values(TYPE).filter((type) => type !== TYPE.NULL && type !== TYPE.OPT),
)

function isWanted(message: Buffer, { type, data }: Span): boolean {
  return WANTED.has(type) && message.readUInt16BE(data - 8) === CLASS_IN
}

/** The contents fill the record exactly; dns-packet would go by the contents and lose its place. */
function isSound(message: Buffer, { type, data, end }: Span): boolean {
  switch (type) {
    case TYPE.A:
      return end - data === 4
    case TYPE.AAAA:
      return end - data === 16
    case TYPE.CNAME:
    case TYPE.PTR:
      return skipName(message, data) === end
    case TYPE.MX:
      return skipName(message, data + 2) === end
    case TYPE.SOA:
      return skipName(message, skipName(message, data) ?? message.length) === end - 20
    case TYPE.TLSA:
      return end - data >= 3
    default:
      return true
  }
}

/** The offset after the name. Each pointer goes back, at most sixteen times, and the name has at most 255 octets. */
function skipName(message: Buffer, start: number): number | undefined {
  let offset = start
  let after: number | undefined
  let floor = start
  let octets = 0
  for (let pointers = 0; pointers <= MAX_POINTERS;) {
    const length = message[offset]
    if (length === undefined) return undefined
    if (length === 0) return after ?? offset + 1
    if (length < 0x40) {
      octets += length + 1
      offset += length + 1
      if (octets > 254) return undefined
      continue
    }
    const low = message[offset + 1]
    if (length < 0xc0 || low === undefined) return undefined
    after ??= offset + 2
    offset = (length & 0x3f) * 256 + low
    // RFC 1035 §4.1.4: a pointer refers to a prior occurrence.
    if (offset >= floor) return undefined
    floor = offset
    pointers += 1
  }
  return undefined
}
