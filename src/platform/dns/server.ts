/**
 * A DNS server that says what it is told to, over UDP and TCP: for tests, and for the sandbox, whose MX is the answer
 * to everything. It is authoritative for whatever is asked, knows no zone transfer, and can misbehave on purpose.
 */

import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { createServer } from 'node:net'
import type { Server } from 'node:net'

import dnsPacket from 'dns-packet'

import { questionOf } from './message.ts'
import { questionName } from './name.ts'
import { collect, framed } from './tcp.ts'
import { lookUp } from './zone.ts'
import type { Zone, ZoneRecord } from './zone.ts'

export type Question = {
  /** As it came, capitals and all. */
  readonly name: string
  readonly type: string
  readonly transport: 'udp' | 'tcp'
  readonly dnssecOk: boolean
  readonly edns: boolean
}

/** What fits into a DNS message. */
type Plain =
  /** The answer section, as it stands. */
  | { readonly kind: 'records'; readonly records: Zone }
  /** With a SOA that allows the denial to be kept for `ttl` seconds; without one if there is no `ttl`. */
  | { readonly kind: 'nxdomain' | 'nodata'; readonly ttl?: number }
  | { readonly kind: 'servfail' | 'refused' | 'formerr' }

export type Said =
  | Plain
  | { readonly kind: 'drop' }
  /** Over UDP only the TC bit, over TCP what follows. */
  | { readonly kind: 'truncate'; readonly after: Said }
  | { readonly kind: 'delay'; readonly ms: number; readonly after: Said }
  /** Any octets, for tests of what a hostile server sends. */
  | { readonly kind: 'octets'; readonly of: (query: Buffer) => Buffer }

export type DnsServerOptions = {
  readonly answer: Zone | ((question: Question) => Said)
  /** Default: 127.0.0.1, and any free port. */
  readonly address?: string
  readonly port?: number
  /** Sets the AD bit, as a validating resolver does. */
  readonly authentic?: boolean | ((question: Question) => boolean)
  /** Told of each question, before it is answered. */
  readonly heard?: (question: Question) => void
}

const RCODE = { records: 0, nodata: 0, formerr: 1, servfail: 2, nxdomain: 3, refused: 5 } as const
/** What a client without EDNS can take. RFC 1035 §4.2.1 */
const PLAIN_UDP = 512
const TCP_IDLE = 10_000
const TCP_CONNECTIONS = 100

export class DnsServer implements AsyncDisposable {
  readonly address: string
  readonly port: number
  readonly #udp: Socket
  readonly #tcp: Server
  readonly #answer: (question: Question) => Said
  readonly #authentic: (question: Question) => boolean
  readonly #heard: (question: Question) => void
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #connections = new AbortController()

  private constructor(udp: Socket, tcp: Server, options: DnsServerOptions) {
    const { answer, authentic = false, heard = () => {} } = options
    this.address = udp.address().address
    this.port = udp.address().port
    this.#udp = udp
    this.#tcp = tcp
    this.#authentic = typeof authentic === 'function' ? authentic : () => authentic
    this.#heard = heard
    this.#answer = typeof answer === 'function' ? answer : ({ name, type }) => lookUp(answer, name, type)
    this.#listen()
  }

  /** Settles once both ports are open. Rejects with the system's error when the port is taken. */
  static async on(options: DnsServerOptions): Promise<DnsServer> {
    const { address = '127.0.0.1', port = 0 } = options
    // UDP and TCP want the same number, and the kernel hands out numbers for one of them only.
    for (let attempt = 0; ; attempt++) {
      const udp = await bindUdp(address, port)
      try {
        return new DnsServer(udp, await listenTcp(address, udp.address().port), options)
      } catch (error) {
        udp.close()
        if (port !== 0 || attempt >= 10) throw error
      }
    }
  }

  /** `address:port`, as `dns.servers` of the configuration takes it. */
  get endpoint(): string {
    return this.address.includes(':') ? `[${this.address}]:${this.port}` : `${this.address}:${this.port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#connections.abort()
    await Promise.all([
      new Promise<void>((resolve) => this.#udp.close(() => resolve())),
      new Promise<void>((resolve) => this.#tcp.close(() => resolve())),
    ])
  }

  #listen(): void {
    this.#udp.on('message', (query, { address, port }) => {
      this.#serve(query, 'udp', (reply) => {
        // A datagram that cannot be sent is a datagram lost, which DNS expects.
        this.#udp.send(reply, port, address, () => {})
      })
    })
    this.#udp.on('error', () => {})
    this.#tcp.on('connection', (socket) => {
      const end = (): void => void socket.destroy()
      this.#connections.signal.addEventListener('abort', end, { once: true })
      socket.on('close', () => this.#connections.signal.removeEventListener('abort', end))
      socket.on('error', end)
      socket.setTimeout(TCP_IDLE, end)
      collect(socket, (query) => {
        this.#serve(query, 'tcp', (reply) => {
          if (!socket.destroyed) socket.write(framed(reply))
        })
      })
    })
  }

  #serve(query: Buffer, transport: Question['transport'], send: (reply: Buffer) => void): void {
    const asked = readQuery(query, transport)
    if (asked === undefined) return
    this.#heard(asked.question)
    this.#say(asked, this.#answer(asked.question), send)
  }

  #say(asked: Asked, said: Said, send: (reply: Buffer) => void): void {
    if (said.kind === 'drop') return
    if (said.kind === 'delay') this.#later(said.ms, () => this.#say(asked, said.after, send))
    else if (said.kind === 'octets') send(said.of(asked.message))
    else if (said.kind !== 'truncate') this.#sayPlain(asked, said, send)
    else if (asked.question.transport === 'tcp') this.#say(asked, said.after, send)
    else send(this.#encode(asked, { kind: 'nodata' }, true))
  }

  #sayPlain(asked: Asked, said: Plain, send: (reply: Buffer) => void): void {
    const reply = this.#encode(asked, said, false)
    send(reply.length > asked.room ? this.#encode(asked, { kind: 'nodata' }, true) : reply)
  }

  #later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      act()
    }, ms)
    this.#timers.add(timer)
  }

  #encode({ message, question }: Asked, said: Plain, truncated: boolean): Buffer {
    const { AUTHORITATIVE_ANSWER, RECURSION_DESIRED, RECURSION_AVAILABLE, AUTHENTIC_DATA } = dnsPacket
    const { TRUNCATED_RESPONSE } = dnsPacket
    return dnsPacket.encode({
      type: 'response',
      id: message.readUInt16BE(0),
      flags:
        AUTHORITATIVE_ANSWER |
        RECURSION_DESIRED |
        RECURSION_AVAILABLE |
        (this.#authentic(question) ? AUTHENTIC_DATA : 0) |
        (truncated ? TRUNCATED_RESPONSE : 0) |
        RCODE[said.kind],
      questions: [{ name: question.name, type: question.type as dnsPacket.RecordType }],
      answers: said.kind === 'records' ? said.records.map(toPacket) : [],
      authorities: 'ttl' in said && said.ttl !== undefined ? [soa(said.ttl)] : [],
    })
  }
}

type Asked = { readonly message: Buffer; readonly question: Question; readonly room: number }

/** `undefined` for whatever is not a query of one question. */
function readQuery(message: Buffer, transport: Question['transport']): Asked | undefined {
  const packet = isQuery(message) ? decoded(message) : undefined
  const [question] = packet?.questions ?? []
  if (question === undefined || questionName(question.name) === undefined) return undefined
  const { edns, dnssecOk, size } = ednsOf(packet?.additionals ?? [])
  const room = transport === 'tcp' ? 0xffff : size
  return { message, room, question: { name: question.name, type: question.type, transport, edns, dnssecOk } }
}

function ednsOf(additionals: readonly dnsPacket.Answer[]): {
  edns: boolean
  dnssecOk: boolean
  size: number
} {
  const opt = additionals.find((one) => one.type === 'OPT')
  if (opt === undefined) return { edns: false, dnssecOk: false, size: PLAIN_UDP }
  return { edns: true, dnssecOk: opt.flag_do, size: Math.max(PLAIN_UDP, opt.udpPayloadSize) }
}

function isQuery(message: Buffer): boolean {
  const section = questionOf(message)
  return section !== undefined && section.length > 0 && (message.readUInt16BE(2) & 0xf800) === 0
}

function decoded(message: Buffer): dnsPacket.DecodedPacket | undefined {
  try {
    return dnsPacket.decode(message)
  } catch {
    return undefined
  }
}

function toPacket(record: ZoneRecord): dnsPacket.Answer {
  const { name, ttl } = record
  switch (record.type) {
    case 'TLSA': {
      const { usage, selector, matchingType, data } = record.data
      const certificate = Buffer.from(data)
      return { name, ttl, type: 'TLSA', data: { usage, selector, matchingType, certificate } }
    }
    case 'TXT':
      return { name, ttl, type: 'TXT', data: strings(record.data) }
    case 'MX':
      return { name, ttl, type: 'MX', data: record.data }
    case 'A':
    case 'AAAA':
    case 'CNAME':
    case 'PTR':
      return { name, ttl, type: record.type, data: record.data }
  }
}

/** At most 255 octets each. RFC 1035 §3.3 */
function strings(text: string): Buffer[] {
  const octets = Buffer.from(text)
  const count = Math.max(1, Math.ceil(octets.length / 255))
  return Array.from({ length: count }, (_, index) => octets.subarray(index * 255, (index + 1) * 255))
}

function soa(minimum: number): dnsPacket.SoaAnswer {
  const data = { mname: 'ns.invalid', rname: 'hostmaster.invalid', serial: 1, minimum }
  return { name: '.', type: 'SOA', ttl: minimum, data }
}

async function bindUdp(address: string, port: number): Promise<Socket> {
  const udp = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4' })
  await new Promise<void>((resolve, reject) => {
    udp.once('error', reject)
    udp.bind({ address, port }, resolve)
  })
  udp.removeAllListeners('error')
  return udp
}

async function listenTcp(address: string, port: number): Promise<Server> {
  const tcp = createServer()
  tcp.maxConnections = TCP_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    tcp.once('error', reject)
    tcp.listen(port, address, resolve)
  })
  tcp.removeAllListeners('error')
  return tcp
}
