/** One question to the servers in turn until one knows: timeouts, attempts, TCP, and what each server cannot do. */

import type { Failure, RecordType } from './answer.ts'
import { encodeQuery, questionOf, readReply } from './message.ts'
import type { Reply } from './message.ts'
import { mixCase } from './name.ts'
import type { ServerAddress } from './servers.ts'
import { askTcp } from './tcp.ts'
import { UdpPool } from './udp.ts'

export type Failed = { readonly ok: false; readonly reason: Failure; readonly text: string }
type Said = { readonly ok: true; readonly reply: Reply } | Failed
export type Exchanged = { readonly ok: true; readonly reply: Reply; readonly trusted: boolean } | Failed

export type ExchangeOptions = {
  /** Milliseconds for one try at one server; UDP and TCP each have it. */
  readonly timeout: number
  /** How often each server is tried. */
  readonly attempts: number
  readonly dnssecOk: boolean
  readonly random: () => number
}

const NOERROR = 0
const FORMERR = 1
const NXDOMAIN = 3
const REFUSED = 5

type Server = ServerAddress & {
  readonly udp: UdpPool
  /** RFC 6891 §7: a server that answers FORMERR to EDNS is asked without. */
  edns: boolean
  foldsCase: boolean
}

export class Exchange {
  readonly #options: ExchangeOptions
  readonly #servers: readonly Server[]
  readonly #stop = new AbortController()
  /** The server asked first: the last that answered. A dead one costs its timeout once, not with every question. */
  #first = 0

  constructor(servers: readonly ServerAddress[], options: ExchangeOptions) {
    this.#options = options
    this.#servers = servers.map((server) => ({
      ...server,
      udp: new UdpPool(server, options.random),
      edns: true,
      foldsCase: false,
    }))
  }

  /** Settles within timeout × attempts × servers × 2; never rejects. */
  async ask(name: string, type: RecordType): Promise<Exchanged> {
    let failed: Failed = { ok: false, reason: 'unreachable', text: 'no name server' }
    const { length } = this.#servers
    const first = this.#first
    for (let turn = 0; turn < this.#options.attempts * length; turn++) {
      const index = (first + turn) % length
      const server = this.#servers[index]
      if (server === undefined || this.#stop.signal.aborted) break
      const said = await this.#try(server, name, type)
      if (said.ok) {
        this.#first = index
        return { ...said, trusted: server.trusted }
      }
      failed = { ...said, text: `${server.address}: ${said.text}` }
    }
    return failed
  }

  close(): void {
    this.#stop.abort()
    for (const { udp } of this.#servers) udp.close()
  }

  async #try(server: Server, name: string, type: RecordType): Promise<Said> {
    const said = await this.#transport(server, this.#query(server, name, type))
    if (!said.ok) return said
    if (said.reply.rcode !== FORMERR || !server.edns) return judge(said.reply)
    const plain = await this.#transport(server, this.#query({ ...server, edns: false }, name, type))
    if (!plain.ok) return plain
    server.edns = plain.reply.rcode === FORMERR
    return judge(plain.reply)
  }

  #query(server: Pick<Server, 'edns' | 'foldsCase'>, name: string, type: RecordType): Buffer {
    return encodeQuery({
      name: server.foldsCase ? name : mixCase(name, this.#options.random),
      type,
      edns: server.edns,
      dnssecOk: this.#options.dnssecOk,
    })
  }

  async #transport(server: Server, query: Buffer): Promise<Said> {
    const said = await server.udp.ask(query, this.#options.timeout)
    if (said.kind === 'suspicious') return this.#overTcp(server, query, said.foldsCase)
    if (said.kind !== 'reply') return silent(said)
    const reply = readReply(said.message)
    if (reply?.truncated === true) return this.#overTcp(server, query, false)
    return reply ? { ok: true, reply } : malformed
  }

  async #overTcp(server: Server, query: Buffer, foldsCase: boolean): Promise<Said> {
    query.writeUInt16BE(Math.floor(this.#options.random() * 0x10000), 0)
    const said = await askTcp(server, query, this.#options.timeout, this.#stop.signal)
    if (said.kind !== 'reply') return silent(said)
    if (!answers(said.message, query)) return malformed
    const reply = readReply(said.message)
    if (reply === undefined || reply.truncated) return malformed
    // Only now is it known to be the server's own doing and no forger's.
    if (foldsCase) server.foldsCase = true
    return { ok: true, reply }
  }
}

const malformed: Failed = { ok: false, reason: 'malformed', text: 'the answer is not a sound DNS message' }

function silent(said: { kind: 'timeout' } | { kind: 'unreachable'; text: string }): Failed {
  if (said.kind === 'timeout') return { ok: false, reason: 'timeout', text: 'no answer in time' }
  return { ok: false, reason: 'unreachable', text: said.text }
}

function answers(message: Buffer, query: Buffer): boolean {
  const said = questionOf(message)
  if (said === undefined || message.readUInt16BE(0) !== query.readUInt16BE(0)) return false
  const asked = questionOf(query)
  return (
    said.length === 0 || said.toString('latin1').toLowerCase() === asked?.toString('latin1').toLowerCase()
  )
}

function judge(reply: Reply): Said {
  if (reply.rcode === NOERROR || reply.rcode === NXDOMAIN) return { ok: true, reply }
  if (reply.rcode === REFUSED) return { ok: false, reason: 'refused', text: 'the server refuses to answer' }
  return { ok: false, reason: 'servfail', text: `the server failed (response code ${reply.rcode})` }
}
