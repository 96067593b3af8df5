/**
 * The header a load balancer sends before the client's first octet: PROXY protocol, versions 1 and 2, as
 * HAProxy's proxy-protocol.txt specifies them. Whether the balancer is to be believed is the door's to know.
 */

import { ipOctets, parseIp } from '#grammar/address'

export type ProxyHeader = {
  /** Octets of the header; what follows is the client's. */
  readonly length: number
  /**
   * Who connected, and to what. Absent for LOCAL and UNKNOWN: the balancer speaks for itself, or does not know,
   * and the connection's own addresses count.
   */
  readonly client?: { readonly source: Endpoint; readonly destination: Endpoint }
}

/** `address` in canonical form; an IPv4-mapped one as IPv4. */
export type Endpoint = { readonly address: string; readonly port: number }

export type ProxyParsed =
  | { readonly kind: 'header'; readonly header: ProxyHeader }
  /** Nothing wrong so far. Call again with the same octets and more: never more than `PROXY_LIMIT` are needed. */
  | { readonly kind: 'more' }
  | { readonly kind: 'malformed'; readonly why: string }

/** Octets of a version 1 line, CRLF included. */
const LINE_LIMIT = 107
/** Octets of a version 2 header with its extensions: load balancers in use send some hundreds. */
export const PROXY_LIMIT = 2048

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const FIXED_OCTETS = 16
const PREFIX = Buffer.from('PROXY ')
const PORT = /^(?:0|[1-9][0-9]{0,4})$/

/** Reads the header at the start of `bytes`, which are all octets the connection has received so far. */
export function parseProxy(bytes: Buffer): ProxyParsed {
  if (bytes.length === 0) return { kind: 'more' }
  // Their first octets differ, so one is enough to tell them apart.
  return bytes[0] === SIGNATURE[0] ? parseBinary(bytes) : parseLine(bytes)
}

function parseLine(bytes: Buffer): ProxyParsed {
  if (!beginsLike(bytes, PREFIX)) return malformed('no PROXY header')
  const end = bytes.subarray(0, LINE_LIMIT).indexOf('\r\n')
  if (end === -1) return bytes.length >= LINE_LIMIT ? malformed('line too long') : { kind: 'more' }
  const [, family, from, to, fromPort, toPort, ...others] = bytes.toString('latin1', 0, end).split(' ')
  const length = end + 2
  // Whatever follows UNKNOWN is to be ignored.
  if (family === 'UNKNOWN') return { kind: 'header', header: { length } }
  if ((family !== 'TCP4' && family !== 'TCP6') || others.length > 0) return malformed('unknown family')
  const source = endpoint(family, from, fromPort)
  const destination = endpoint(family, to, toPort)
  if (source === undefined || destination === undefined) return malformed('bad address or port')
  return { kind: 'header', header: { length, client: { source, destination } } }
}

function endpoint(family: 'TCP4' | 'TCP6', text = '', port = ''): Endpoint | undefined {
  if (text.includes(':') !== (family === 'TCP6')) return undefined
  const address = parseIp(text)
  return address === undefined || !PORT.test(port) || Number(port) > 65_535
    ? undefined
    : { address, port: Number(port) }
}

function parseBinary(bytes: Buffer): ProxyParsed {
  if (!beginsLike(bytes, SIGNATURE)) return malformed('no PROXY header')
  if (bytes.length < FIXED_OCTETS) return { kind: 'more' }
  const length = FIXED_OCTETS + bytes.readUInt16BE(14)
  if (length > PROXY_LIMIT) return malformed('header too long')
  const versionAndCommand = bytes.readUInt8(12)
  if (versionAndCommand !== 0x20 && versionAndCommand !== 0x21) return malformed('unknown version or command')
  if (bytes.length < length) return { kind: 'more' }
  if (versionAndCommand === 0x20) return { kind: 'header', header: { length } }
  return parseAddresses(bytes.subarray(FIXED_OCTETS, length), bytes.readUInt8(13), length)
}

/** The extensions after the addresses are passed over: nothing here depends on them. */
function parseAddresses(block: Buffer, familyAndProtocol: number, length: number): ProxyParsed {
  if (familyAndProtocol === 0x00) return { kind: 'header', header: { length } }
  const octets = ADDRESS_OCTETS.get(familyAndProtocol)
  // Datagrams carry no SMTP, and a UNIX socket has no address that a limit or a log could name.
  if (octets === undefined) return malformed('unknown family or protocol')
  if (block.length < 2 * octets + 4) return malformed('addresses cut short')
  const source = { address: addressOf(block.subarray(0, octets)), port: block.readUInt16BE(2 * octets) }
  const destination = {
    address: addressOf(block.subarray(octets, 2 * octets)),
    port: block.readUInt16BE(2 * octets + 2),
  }
  return { kind: 'header', header: { length, client: { source, destination } } }
}

/** TCP over IPv4 and IPv6. */
const ADDRESS_OCTETS: ReadonlyMap<number, number> = new Map([
  [0x11, 4],
  [0x21, 16],
])

function addressOf(octets: Buffer): string {
  if (octets.length === 4) return octets.join('.')
  const groups = Array.from({ length: 8 }, (_, i) => octets.readUInt16BE(2 * i).toString(16)).join(':')
  return parseIp(groups) ?? groups
}

/** Whether `bytes` are the beginning of `expected`, or begin with it. */
function beginsLike(bytes: Buffer, expected: Buffer): boolean {
  const length = Math.min(bytes.length, expected.length)
  return bytes.compare(expected, 0, length, 0, length) === 0
}

function malformed(why: string): ProxyParsed {
  return { kind: 'malformed', why }
}

/** A header of version 2 in the client's name, TCP over IPv4 or IPv6: both ends must be of one family. */
export function formatProxy(source: Endpoint, destination: Endpoint): Buffer {
  const from = ipOctets(source.address)
  const to = ipOctets(destination.address)
  const fixed = Buffer.alloc(FIXED_OCTETS)
  SIGNATURE.copy(fixed)
  fixed.writeUInt8(0x21, 12)
  fixed.writeUInt8(from.length === 4 ? 0x11 : 0x21, 13)
  fixed.writeUInt16BE(from.length + to.length + 4, 14)
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(source.port, 0)
  ports.writeUInt16BE(destination.port, 2)
  return Buffer.concat([fixed, from, to, ports])
}
