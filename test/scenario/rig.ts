/** What scenarios stand on: a node as a process, and the sandbox in this one as its DNS and the receiver of its mail. */

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { startSandbox } from '#door/sandbox'
import type { Received, Sandbox, SandboxOptions } from '#door/sandbox'
import type { MessageId } from '#engine/spool'
import { parseMessageId } from '#grammar/message-id'
import { ensureSelfSigned } from '#platform/tls'
import type { DomainView } from '#product/domain'

import { testDirectory } from '../directory.ts'

import { CLI, startChildNode } from './child-node.ts'
import type { ChildNode, Ended, NodeFiles, StartOptions } from './child-node.ts'
import { Client } from './client.ts'
import type { Credential } from './client.ts'
import { EventLog } from './event-log.ts'
import { runProgram } from './program.ts'

/** TOML, by the name of the table it belongs to; `''` stands for whole tables of any name. */
export type Sections = { readonly [table: string]: string }

export type RigOptions = {
  readonly sections?: Sections
  readonly sandbox?: Partial<SandboxOptions>
  /** The resolver, `address:port`, when it is not the sandbox. */
  readonly dns?: string
  readonly env?: NodeJS.ProcessEnv
  /** Where the data directory is, when not in a directory of the rig's own. */
  readonly data?: string
}

export const NODE_NAME = 'mx.hikyaku.test'
/** The domain that mail is sent from. */
export const DOMAIN = 'example.org'

/** Two ways in that need AUTH, and one on loopback for who needs none. */
const LISTENERS = {
  'listeners.submission': 'address = "127.0.0.1"\nport = 0\ntls = "starttls"',
  'listeners.submissions': 'address = "127.0.0.1"\nport = 0\ntls = "implicit"',
  'listeners.trusted':
    'address = "127.0.0.1"\nport = 0\ntls = "none"\nauth = "none"\ntrusted = ["127.0.0.0/8"]\norganization = "default"',
}

export class Rig implements AsyncDisposable {
  readonly sandbox: Sandbox
  readonly files: NodeFiles
  readonly directory: string
  readonly log: EventLog
  readonly #options: RigOptions
  #node: ChildNode | undefined
  #credential: Credential | undefined
  #domain: DomainView | undefined

  private constructor(directory: string, sandbox: Sandbox, options: RigOptions) {
    this.directory = directory
    this.sandbox = sandbox
    this.#options = options
    this.log = new EventLog(join(directory, 'log'))
    this.files = {
      configuration: join(directory, 'hikyaku.toml'),
      data: options.data ?? join(directory, 'data'),
      log: this.log,
    }
    this.configure(options.sections ?? {})
  }

  /** A running node with a domain and a credential. */
  static async start(options: RigOptions = {}): Promise<Rig> {
    const rig = await Rig.prepare(options)
    try {
      await rig.run()
      await rig.seed()
      return rig
    } catch (error) {
      await rig[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Everything but the node. */
  static async prepare(options: RigOptions = {}): Promise<Rig> {
    const directory = testDirectory('hikyaku-scenario-')
    const pem = readFileSync(await ensureSelfSigned(join(directory, 'sandbox'), 'mx.sandbox.test', Date.now))
    const sandbox = await startSandbox({
      smtpPort: 0,
      dnsPort: 0,
      httpPort: 0,
      tls: { cert: pem, key: pem },
      now: Date.now,
      ...options.sandbox,
    })
    return new Rig(directory, sandbox, options)
  }

  get node(): ChildNode {
    if (this.#node === undefined) throw new Error('the node does not run')
    return this.#node
  }

  get operations(): ChildNode['operations'] {
    return this.node.operations
  }

  get credential(): Credential {
    if (this.#credential === undefined) throw new Error('there is no credential yet')
    return this.#credential
  }

  /** As `domain show` shows it. */
  get domain(): DomainView {
    if (this.#domain === undefined) throw new Error('there is no domain yet')
    return this.#domain
  }

  /** Writes the configuration anew; a running node learns of it by SIGHUP or a restart. */
  configure(sections: Sections): void {
    const { sandbox, files } = this
    const base: Sections = {
      node: `name = "${NODE_NAME}"\ndata = "${files.data}"`,
      log: `file = "${files.log.path}"`,
      http: 'port = 0',
      api: 'port = 0',
      dns: `servers = ["${this.#options.dns ?? `127.0.0.1:${sandbox.dnsPort}`}"]`,
      egress: `port = ${sandbox.smtpPort}\nallow_private = true`,
      ...LISTENERS,
    }
    const names = [...new Set([...Object.keys(base), ...Object.keys(sections)])].filter(Boolean)
    const tables = names.map((name) => `[${name}]\n${base[name] ?? ''}\n${sections[name] ?? ''}\n`)
    writeFileSync(files.configuration, `${tables.join('\n')}\n${sections[''] ?? ''}\n`)
  }

  async run(options: StartOptions = {}): Promise<void> {
    const env = { ...this.#options.env, ...options.env }
    this.#node = await startChildNode(this.files, { ...options, env })
  }

  async seed(): Promise<void> {
    const { operations } = this.node
    await operations.domainAdd({ name: DOMAIN, organization: 'default' })
    this.#domain = (await operations.domainShow({ name: DOMAIN })) ?? undefined
    const { credential, password } = await operations.credentialAdd({
      organization: 'default',
      stream: 'transactional',
      note: 'of a scenario',
    })
    this.#credential = { login: credential.login, password }
  }

  async restart(how: 'stop' | 'kill'): Promise<Ended> {
    const ended = await this.node[how]()
    await this.run()
    return ended
  }

  /** The command line, in a process of its own; JSON is parsed. @throws when its exit code is not 0 */
  async cli<T = unknown>(...args: readonly string[]): Promise<T> {
    const { code, out, err } = await this.cliRun('--json', ...args)
    if (code !== 0) throw new Error(`hikyaku ${args.join(' ')} ended with ${code}: ${out}${err}`)
    return JSON.parse(out) as T
  }

  cliRun(...args: readonly string[]): ReturnType<typeof runProgram> {
    return runProgram(process.execPath, [CLI, '--config', this.files.configuration, ...args])
  }

  /** A session on the listener for trusted networks. */
  client(): Promise<Client> {
    return Client.ready(this.node.port('trusted'))
  }

  /** Submits one message on a session of its own, and checks that it was taken. Gives its id. */
  async submit(submission: Parameters<Client['submit']>[0]): Promise<MessageId> {
    const client = await this.client()
    const said = await client.submit(submission)
    await client.quit()
    const id = parseMessageId(/^250 2\.0\.0 Queued as (\w+)/.exec(said)?.[1] ?? '')
    if (id === undefined) throw new Error(`not accepted: ${said}`)
    return id
  }

  /** What came to `address` when the log says that it was delivered, the first of it. */
  async delivered(address: string): Promise<Received> {
    await this.log.until('delivery.delivered', { to: address })
    const [first] = this.received(address)
    if (first === undefined) throw new Error(`said to be delivered to ${address}, and is not there`)
    return first
  }

  received(address: string): readonly Received[] {
    return this.sandbox
      .received()
      .filter(({ envelope }) => envelope.to.some(({ to }) => `${to.local}@${to.domain}` === address))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#node?.kill()
    await this.sandbox[Symbol.asyncDispose]()
    rmSync(this.directory, { recursive: true, force: true })
  }
}
