/** What a server says it can do, read from its reply to EHLO. RFC 5321 §4.1.1.1 */

import type { Reply } from './reply.ts'

export type Capabilities = {
  /** What the server calls itself; may be empty. */
  readonly host: string
  readonly pipelining: boolean
  readonly eightBitMime: boolean
  readonly binaryMime: boolean
  readonly chunking: boolean
  readonly smtputf8: boolean
  readonly dsn: boolean
  readonly startTls: boolean
  readonly requireTls: boolean
  readonly enhancedStatusCodes: boolean
  /** Octets; `Infinity` for `SIZE`, `SIZE 0` and junk: no limit known. Absent when SIZE is not offered. RFC 1870 §4 */
  readonly size?: number
  /** Mechanisms, upper case, each once. `AUTH=LOGIN` of old servers counts. */
  readonly auth: readonly string[]
  /** Smallest by-time in milliseconds, 0 when none is said; absent without DELIVERBY. RFC 2852 §2 */
  readonly deliverBy?: number
  /** Longest hold in milliseconds; absent without FUTURERELEASE. RFC 4865 §3 */
  readonly futureRelease?: number
  readonly mtPriority: boolean
  /** RFC 9422 §4; a value that is not a positive number is as if not said. */
  readonly limits: { readonly mailMax?: number; readonly rcptMax?: number; readonly rcptDomainMax?: number }
}

/** Of a server that only knows HELO. */
export const NO_CAPABILITIES: Capabilities = {
  host: '',
  pipelining: false,
  eightBitMime: false,
  binaryMime: false,
  chunking: false,
  smtputf8: false,
  dsn: false,
  startTls: false,
  requireTls: false,
  enhancedStatusCodes: false,
  auth: [],
  mtPriority: false,
  limits: {},
}

// RFC 1870 §3: up to 20 digits; nothing else is a size. `1e30`, `-1` and `0x10` are numbers only to JavaScript.
const SIZE = /^[0-9]{1,20}$/
const COUNT = /^0*[1-9][0-9]{0,8}$/
const SECONDS = /^[0-9]{1,9}$/

/** Reads a 250 reply to EHLO. Junk is passed over; the first of two same keywords counts. Never throws. */
export function parseCapabilities(reply: Reply): Capabilities {
  const [greeting, ...lines] = reply.lines
  const said = new Map<string, string>()
  for (const line of lines) {
    const [keyword = '', ...parameters] = line.trim().split(/[ \t]/)
    const name = keyword.toUpperCase()
    if (!said.has(name)) said.set(name, parameters.join(' '))
  }
  return {
    host: greeting.split(' ', 1)[0] ?? '',
    pipelining: said.has('PIPELINING'),
    eightBitMime: said.has('8BITMIME'),
    binaryMime: said.has('BINARYMIME'),
    chunking: said.has('CHUNKING'),
    smtputf8: said.has('SMTPUTF8'),
    dsn: said.has('DSN'),
    startTls: said.has('STARTTLS'),
    requireTls: said.has('REQUIRETLS'),
    enhancedStatusCodes: said.has('ENHANCEDSTATUSCODES'),
    mtPriority: said.has('MT-PRIORITY'),
    auth: mechanisms(said),
    limits: limits(said.get('LIMITS') ?? ''),
    ...numbers(said),
  }
}

function numbers(
  said: ReadonlyMap<string, string>,
): Pick<Capabilities, 'size' | 'deliverBy' | 'futureRelease'> {
  const size = said.get('SIZE')
  const deliverBy = said.get('DELIVERBY')
  const futureRelease = said.get('FUTURERELEASE')
  return {
    ...(size !== undefined && { size: octets(size) }),
    ...(deliverBy !== undefined && { deliverBy: seconds(deliverBy) }),
    ...(futureRelease !== undefined && { futureRelease: seconds(futureRelease) }),
  }
}

function octets(parameter: string): number {
  // RFC 1870 §4: zero is no fixed limit.
  return SIZE.test(parameter) && Number(parameter) > 0 ? Number(parameter) : Infinity
}

function seconds(parameters: string): number {
  const [first = ''] = parameters.split(' ', 1)
  return SECONDS.test(first) ? Number(first) * 1000 : 0
}

/** `AUTH PLAIN LOGIN`, and `AUTH=PLAIN LOGIN` which some servers added for old clients. RFC 4954 §3 */
function mechanisms(said: ReadonlyMap<string, string>): readonly string[] {
  const words = [...said].flatMap(([keyword, parameters]) => {
    if (keyword === 'AUTH') return parameters.split(' ')
    return keyword.startsWith('AUTH=') ? [keyword.slice(5), ...parameters.split(' ')] : []
  })
  return [...new Set(words.map((word) => word.toUpperCase()).filter((word) => word !== ''))]
}

function limits(parameters: string): Capabilities['limits'] {
  const said = new Map<string, number>()
  for (const parameter of parameters.split(' ')) {
    const [name = '', value = ''] = parameter.split('=')
    if (COUNT.test(value)) said.set(name.toUpperCase(), Number(value))
  }
  const mailMax = said.get('MAILMAX')
  const rcptMax = said.get('RCPTMAX')
  const rcptDomainMax = said.get('RCPTDOMAINMAX')
  return {
    ...(mailMax !== undefined && { mailMax }),
    ...(rcptMax !== undefined && { rcptMax }),
    ...(rcptDomainMax !== undefined && { rcptDomainMax }),
  }
}
