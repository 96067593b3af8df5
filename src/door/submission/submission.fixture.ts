/** A door on loopback with everything around it made up, and a client that speaks in octets. For the tests of this room. */

import { generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls, createSecureContext } from 'node:tls'
import type { SecureContext } from 'node:tls'

import { exhaustedReply } from '#engine/queue'
import type { Accepted, Arrival, Exhausted, Intake } from '#engine/queue'
import { messageIds } from '#engine/spool'
import { scramVerifier } from '#grammar/sasl'
import type { Reply } from '#grammar/smtp'
import type { LimitsConfig, ListenerConfig } from '#platform/config'
import type { Fields, Log } from '#platform/log'
import { MetricsRegistry, exposition } from '#platform/metrics'
import type { Authenticator, Credential } from '#product/account'
import type { DomainDirectory } from '#product/domain'

import { startSubmission } from './submission.ts'
import type { Submission, SubmissionParts } from './submission.ts'

export const HOST = 'mail.example.com'

export const limits: LimitsConfig = {
  connections: 2000,
  connectionsPerAddress: 1000,
  connectionsPerOrganization: 500,
  commandLine: 2048,
  commands: 100_000,
  errors: 20,
  recipients: 100,
  size: 1_000_000,
  headerBytes: 65_536,
  mimeDepth: 20,
  mimeParts: 100,
  hops: 30,
  transactions: 1000,
  idle: 300_000,
  session: 3_600_000,
  minimumRate: 100,
  minimumRateWindow: 60_000,
  authFailuresPerAddress: 20,
  authFailuresPerLogin: 10,
  authWindow: 900_000,
  holdMaximum: 86_400_000,
  deliverByMinimum: 60_000,
  looseDots: ['docomo.ne.jp', '*.ezweb.ne.jp'],
  memoryShare: 0.75,
  diskFree: 0.1,
}

/** Trusted on loopback, so that most tests need no AUTH. */
export const listener: ListenerConfig = {
  name: 'submission',
  address: '127.0.0.1',
  port: 0,
  kind: 'submission',
  tls: 'starttls',
  auth: 'optional',
  authWithoutTls: false,
  trusted: ['127.0.0.0/8'],
  organization: 'acme',
  stream: 'transactional',
  proxyFrom: [],
  xclientFrom: [],
  bareNewline: 'reject',
  requireTls: false,
}

export type Kept = { readonly arrival: Arrival; readonly text: string }

/** Keeps messages in memory. */
export class MemoryIntake implements Intake {
  readonly kept: Kept[] = []
  refusing: Reply | undefined
  /** What `accept` waits for. */
  gate: Promise<void> = Promise.resolve()
  broken: Error | undefined
  /** Why nothing more of the organization is taken. */
  exhausted: Exhausted | undefined
  discarded = 0
  /** How often it was asked to accept. */
  asked = 0
  chunks = 0
  /** What the writing of a chunk waits for. */
  held: (chunk: string) => Promise<void> = () => this.gate
  readonly newId = messageIds(0, () => Date.UTC(2026, 10, 22))

  refusal(): Reply | undefined {
    return this.refusing
  }

  async accept(arrival: Arrival, bytes: Uint8Array): Promise<Accepted> {
    this.asked += 1
    await this.gate
    if (this.broken !== undefined) throw this.broken
    const { exhausted } = this
    if (exhausted !== undefined) return { ok: false, reply: exhaustedReply(exhausted), exhausted }
    this.kept.push({ arrival, text: Buffer.from(bytes).toString('latin1') })
    return { ok: true, id: arrival.id }
  }

  stream(): ReturnType<Intake['stream']> {
    const parts: Buffer[] = []
    return {
      write: async (chunk) => {
        await this.held(Buffer.from(chunk).toString('latin1'))
        this.chunks += 1
        parts.push(Buffer.from(chunk))
      },
      accept: async (arrival, size) => {
        const bytes = Buffer.concat(parts)
        if (bytes.length !== size) throw new Error(`${size} announced, ${bytes.length} written`)
        return await this.accept(arrival, bytes)
      },
      discard: async () => {
        this.discarded += 1
      },
    }
  }
}

const alice: Credential = {
  login: 'alice',
  organization: 'acme',
  stream: 'transactional',
  note: '',
  createdAt: 0,
}

/** Knows `alice`, whose password is `secret`. Counts how often it was asked: each time costs a hash. */
export class OneLogin implements Authenticator {
  asked = 0
  readonly #verifier = scramVerifier('secret', Buffer.from('salt'), 4096)

  async password(login: string, password: string): Promise<Credential | undefined> {
    this.asked += 1
    return login === 'alice' && password === 'secret' ? alice : undefined
  }

  used(): void {}

  async close(): Promise<void> {}

  async scram(login: string): ReturnType<Authenticator['scram']> {
    this.asked += 1
    return { verifier: this.#verifier, credential: login === 'alice' ? alice : undefined }
  }
}

export class ListLog implements Log {
  readonly events: { level: string; event: string; fields: Fields }[] = []
  debug = (event: string, fields: Fields = {}): void =>
    void this.events.push({ level: 'debug', event, fields })
  info = (event: string, fields: Fields = {}): void => void this.events.push({ level: 'info', event, fields })
  warn = (event: string, fields: Fields = {}): void => void this.events.push({ level: 'warn', event, fields })
  error = (event: string, fields: Fields = {}): void =>
    void this.events.push({ level: 'error', event, fields })
  with = (): Log => this

  named(event: string): Fields[] {
    return this.events.filter((one) => one.event === event).map((one) => one.fields)
  }
}

/** A door under test, and all that a test may look at. */
export type Bench = {
  readonly door: Submission
  readonly intake: MemoryIntake
  readonly logins: OneLogin
  readonly log: ListLog
  /** As Prometheus reads it. */
  metrics(): Promise<string>
  /** Connections now. */
  open(): number
  /** Lets so many milliseconds pass for the door's timer. */
  pass(milliseconds: number): void
  /** The next reply, while time passes for the door: answers may be kept back. */
  inTime(client: Client): Promise<string>
  /** A client in clear, or the start of one: nothing is read yet. */
  client(options?: { readonly listener?: number }): Promise<Client>
  [Symbol.asyncDispose](): Promise<void>
}

export type BenchOptions = {
  readonly limits?: Partial<LimitsConfig>
  readonly listeners?: readonly Partial<ListenerConfig>[]
  readonly parts?: Partial<SubmissionParts>
}

export async function bench(options: BenchOptions = {}): Promise<Bench> {
  const intake = new MemoryIntake()
  const logins = new OneLogin()
  const log = new ListLog()
  const registry = new MetricsRegistry()
  const ticks: (() => void)[] = []
  const secureContext = context()
  const domains: DomainDirectory = {
    maySend: async (organization, domain) => organization === 'acme' && domain.endsWith('example.org'),
    keys: async () => [],
  }
  const door = await startSubmission({
    hostname: HOST,
    listeners: (options.listeners ?? [{}]).map((one, i) => ({ ...listener, name: `listener ${i}`, ...one })),
    limits: { ...limits, ...options.limits },
    tls: { context: () => secureContext },
    authenticator: logins,
    domains,
    suppressions: { find: () => undefined },
    tell: () => {},
    intake,
    feedback: { refusal: () => undefined, take: () => Promise.reject(new Error('no such kind of listener')) },
    log,
    metrics: registry,
    now: () => Date.UTC(2026, 10, 22),
    every: (_milliseconds, tick) => {
      ticks.push(tick)
      return () => {}
    },
    ...options.parts,
  })
  const clients: Client[] = []
  const pass = (milliseconds: number): void => {
    for (let at = 0; at < milliseconds; at += 1000) for (const tick of ticks) tick()
  }
  return {
    door,
    intake,
    logins,
    log,
    metrics: () => exposition([registry.snapshot()]),
    open: () => opened(log),
    pass,
    inTime: async (client) => {
      const said = client.reply()
      for (;;) {
        const first = await Promise.race([said, turn()])
        if (first !== undefined) return first
        pass(1000)
      }
    },
    client: async ({ listener: index = 0 } = {}) => {
      const port = door.addresses()[index]?.port ?? 0
      const client = new Client(connect({ host: '127.0.0.1', port, noDelay: true }))
      clients.push(client)
      return client
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.destroy()
      await door.close()
    },
  }
}

/** Lets the loop come around once. */
export function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}

export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await turn()
}

/** One for all clients: each of its own would take up the roots of the system again. */
const CLIENT_TLS = createSecureContext()

/** Speaks in octets and reads in replies. */
export class Client {
  socket: Socket
  #heard = ''
  #wake: (() => void) | undefined
  /** True once the server has closed its side, or the connection broke. */
  closed = false

  constructor(socket: Socket) {
    this.socket = socket
    this.#listen(socket)
  }

  send(octets: string): void {
    this.socket.write(octets, 'latin1')
  }

  /** The next whole reply, lines joined by `\n`; what there is, when the connection ends before one. */
  async reply(): Promise<string> {
    for (;;) {
      const [whole] = /^(?:\d{3}-[^\r]*\r\n)*\d{3} [^\r]*\r\n/.exec(this.#heard) ?? []
      if (whole !== undefined) {
        this.#heard = this.#heard.slice(whole.length)
        return whole.trimEnd().replaceAll('\r\n', '\n')
      }
      if (this.closed) return this.#heard
      await this.#more()
    }
  }

  async say(line: string): Promise<string> {
    this.send(`${line}\r\n`)
    return await this.reply()
  }

  /** Everything until the server closes. */
  async rest(): Promise<string> {
    while (!this.closed) await this.#more()
    const heard = this.#heard
    this.#heard = ''
    return heard
  }

  /** Greeting and EHLO. */
  async introduce(): Promise<void> {
    await this.reply()
    await this.say('EHLO client.example.org')
  }

  /** MAIL and RCPT, ready for content. */
  async envelope(parameters = ''): Promise<void> {
    await this.say(`MAIL FROM:<a@example.org>${parameters}`)
    await this.say('RCPT TO:<jane@example.com>')
  }

  /** After the 220 to STARTTLS, or at once on a port with implicit TLS. */
  async secure(): Promise<void> {
    const bare = this.socket
    for (const event of ['data', 'end', 'close', 'error']) bare.removeAllListeners(event)
    const socket = connectTls({
      socket: bare,
      secureContext: CLIENT_TLS,
      rejectUnauthorized: false,
      servername: HOST,
    })
    this.socket = socket
    this.#listen(socket)
    await once(socket, 'secureConnect')
  }

  destroy(): void {
    this.socket.destroy()
  }

  #listen(socket: Socket): void {
    const done = (): void => {
      this.closed = true
      this.#wake?.()
    }
    socket.on('data', (bytes: Buffer) => {
      this.#heard += bytes.toString('latin1')
      this.#wake?.()
    })
    socket.on('end', done)
    socket.on('close', done)
    socket.on('error', done)
  }

  async #more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    await promise
    this.#wake = undefined
  }
}

function opened(log: ListLog): number {
  return log.named('submission.connected').length - log.named('submission.disconnected').length
}

let shared: SecureContext | undefined

/** One self-signed certificate for all tests: the least of RFC 5280 §4.1 that TLS asks for. */
function context(): SecureContext {
  return (shared ??= selfSigned())
}

function selfSigned(): SecureContext {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = der(0x30, Buffer.from('06082a8648ce3d040302', 'hex'))
  const commonName = der(0x30, Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from(HOST)))
  const name = der(0x30, der(0x31, commonName))
  const validity = der(0x30, der(0x17, Buffer.from('200101000000Z')), der(0x17, Buffer.from('490101000000Z')))
  const key = publicKey.export({ type: 'spki', format: 'der' })
  const version = der(0xa0, der(0x02, Buffer.from([2])))
  const body = der(0x30, version, der(0x02, Buffer.from([1])), algorithm, name, validity, name, key)
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, privateKey))
  const certificate = der(0x30, body, algorithm, signature).toString('base64')
  return createSecureContext({
    cert: `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    minVersion: 'TLSv1.2',
  })
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const octets = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...octets]), content])
}
