/**
 * The client's half of SOCKS 5 with CONNECT, as a value: what to send, and what the proxy's octets mean. No sockets.
 * RFC 1928, RFC 1929
 */

import { ipOctets } from '#grammar/address'

export type SocksRequest = {
  /** The address to connect to, IPv4 or IPv6: names are looked up on this side. */
  readonly address: string
  readonly port: number
  readonly login?: { readonly user: string; readonly password: string }
}

export type Socks = { readonly at: 'method' | 'login' | 'reply'; readonly request: SocksRequest }

export type SocksStep =
  /** Call again with the same octets and more. */
  | { readonly kind: 'more' }
  /** `used` octets are dealt with. */
  | { readonly kind: 'send'; readonly socks: Socks; readonly octets: Buffer; readonly used: number }
  /** What follows `used` is said by the host. */
  | { readonly kind: 'connected'; readonly used: number }
  | { readonly kind: 'refused'; readonly why: string }

const VERSION = 5
const NO_LOGIN = 0
const LOGIN = 2
const NONE_OF_THEM = 0xff

/** RFC 1928 §3: the methods that we know. */
export function beginSocks(request: SocksRequest): { readonly socks: Socks; readonly octets: Buffer } {
  const methods = request.login === undefined ? [NO_LOGIN] : [NO_LOGIN, LOGIN]
  return { socks: { at: 'method', request }, octets: Buffer.from([VERSION, methods.length, ...methods]) }
}

export function stepSocks({ at, request }: Socks, bytes: Buffer): SocksStep {
  switch (at) {
    case 'method':
      return method(request, bytes)
    case 'login':
      return login(request, bytes)
    case 'reply':
      return answered(bytes)
  }
}

function method(request: SocksRequest, bytes: Buffer): SocksStep {
  if (bytes.length < 2) return { kind: 'more' }
  if (bytes[0] !== VERSION) return refused('it does not speak SOCKS 5')
  if (bytes[1] === NO_LOGIN) return connectTo(request, 2)
  if (bytes[1] === LOGIN && request.login !== undefined) {
    const { user, password } = request.login
    // RFC 1929 §2
    const octets = Buffer.concat([Buffer.from([1]), counted(user), counted(password)])
    return { kind: 'send', socks: { at: 'login', request }, octets, used: 2 }
  }
  return refused(
    bytes[1] === NONE_OF_THEM ? 'it wants another kind of login' : 'it chose what was not offered',
  )
}

/** Octets of a user name or password. RFC 1929 §2 */
const TEXT_LIMIT = 255

function counted(text: string): Buffer {
  const octets = Buffer.from(text).subarray(0, TEXT_LIMIT)
  return Buffer.concat([Buffer.from([octets.length]), octets])
}

function login(request: SocksRequest, bytes: Buffer): SocksStep {
  if (bytes.length < 2) return { kind: 'more' }
  // RFC 1929 §2: any status but 0 is a failure.
  return bytes[1] === 0 ? connectTo(request, 2) : refused('the login is wrong')
}

const CONNECT = 1
const IPV4 = 1
const NAME = 3
const IPV6 = 4

/** RFC 1928 §4 */
function connectTo(request: SocksRequest, used: number): SocksStep {
  const { address, port } = request
  const octets = ipOctets(address)
  const type = octets.length === 4 ? IPV4 : IPV6
  const sent = Buffer.from([VERSION, CONNECT, 0, type, ...octets, port >> 8, port & 0xff])
  return { kind: 'send', socks: { at: 'reply', request }, octets: sent, used }
}

/** RFC 1928 §6: the address it bound follows, which nobody here needs. */
function answered(bytes: Buffer): SocksStep {
  if (bytes.length < 5) return { kind: 'more' }
  if (bytes[0] !== VERSION) return refused('it does not speak SOCKS 5')
  const code = bytes.readUInt8(1)
  if (code !== 0) return refused(REASONS[code] ?? `it answered ${code}`)
  const length = lengthOf(bytes.readUInt8(3), bytes.readUInt8(4))
  if (length === undefined) return refused('its answer has an unknown kind of address')
  return bytes.length < length ? { kind: 'more' } : { kind: 'connected', used: length }
}

/** Of a whole answer, by its kind of address. */
function lengthOf(type: number, first: number): number | undefined {
  switch (type) {
    case IPV4:
      return 10
    case IPV6:
      return 22
    case NAME:
      return 7 + first
    default:
      return undefined
  }
}

/** RFC 1928 §6 */
const REASONS: readonly (string | undefined)[] = [
  undefined,
  'it failed',
  'its rules do not allow it',
  'the network cannot be reached',
  'the host cannot be reached',
  'the connection was refused',
  'the time to live is over',
  'it does not know CONNECT',
  'it does not know this kind of address',
]

function refused(why: string): SocksStep {
  return { kind: 'refused', why }
}
