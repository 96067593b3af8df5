/** `hikyaku start`: a node with the sandbox receiver, so that a newcomer sees a whole delivery without any Internet. */

import { existsSync, realpathSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { GlobalOptions } from '#door/cli'
import type { Sandbox } from '#door/sandbox'
import type { Config } from '#platform/config'
import type { Operations } from '#product/operation'

import { configure, mistakes } from './configure.ts'
import { changed, intoSandbox, openSandbox } from './into-sandbox.ts'
import { startServing, untilSignal } from './serve.ts'
import type { Serving } from './serve.ts'
import { programName, quoted } from './program-name.ts'
import { firstOwnerLink } from './user-operations.ts'
import { mustHaveRules } from './shaping.ts'
import { welcome } from './welcome.ts'
import type { Login, Welcome } from './welcome.ts'

/** The domain that the newcomer sends from. RFC 2606 §3: it is nobody's. */
const DOMAIN = 'example.org'

/** Runs until a signal ends it; gives the exit code. @throws {CliError} `config` */
export async function start(options: GlobalOptions, version: string): Promise<number> {
  const { path, loaded } = configure(options.config)
  if (!loaded.ok) throw mistakes(path, loaded.problems)
  mustHaveRules(loaded.config)
  await using sandbox = await openSomewhere(loaded.config)
  const local = (config: Config): Config => onThisMachine(intoSandbox(config, sandbox), path)
  const config = local(loaded.config)
  const serving = await startServing(config, version, () => changed(configure(options.config).loaded, local))
  const login = await seed(serving.operations, config.node.data)
  const apiKey = await seedApiKey(serving.operations, config.node.data)
  process.stderr.write(
    welcome({
      serving,
      sandbox,
      login,
      apiKey,
      domain: DOMAIN,
      ownerLink: serving.api && (await firstOwnerLink(serving.users, serving.operations)),
      listeners: await addresses(serving),
      ...calledHere(options),
    }),
  )
  await untilSignal(serving)
  await serving.stop()
  return 0
}

/** For the person who started this. npm goes to the package's directory, and says where they stand. */
function calledHere({ config }: GlobalOptions): Pick<Welcome, 'hikyaku' | 'directory'> {
  const directory = process.cwd()
  const program = programName({
    program: join(import.meta.dirname, '..', '..', 'bin', 'hikyaku'),
    directory,
    path: process.env['PATH'] ?? '',
    real: realPath,
  })
  const hikyaku = config === undefined ? program : `${program} --config ${quoted(config)}`
  const stands = process.env['INIT_CWD'] ?? directory
  return { hikyaku, ...(realPath(stands) === realPath(directory) ? {} : { directory }) }
}

function realPath(file: string): string | undefined {
  try {
    return realpathSync(file)
  } catch {
    return undefined
  }
}

function addresses(serving: Serving): ReturnType<Serving['node']['transport']['addresses']> {
  return serving.node.transport.addresses()
}

/** When another program has one of the ports, any others will do: they are printed anyway. */
async function openSomewhere(config: Config): Promise<Sandbox> {
  try {
    return await openSandbox(config)
  } catch {
    const sandbox = { ...config.sandbox, smtpPort: 0, dnsPort: 0, httpPort: 0 }
    return openSandbox({ ...config, sandbox })
  }
}

/** Without a file of the operator's, listeners are on loopback and high, and the log does not fill the terminal. */
function onThisMachine(config: Config, path: string | undefined): Config {
  if (path !== undefined) return config
  return {
    ...config,
    listeners: config.listeners.map(onLoopback),
    log: config.log.file === undefined ? { ...config.log, file: join(config.node.data, 'log') } : config.log,
  }
}

/** 587 becomes 2587: no privilege is needed for it, and nobody else reaches it. */
function onLoopback(listener: Config['listeners'][number]): Config['listeners'][number] {
  return { ...listener, address: '127.0.0.1', port: listener.port === 0 ? 0 : listener.port + 2000 }
}

/** A domain and a login to begin with; the same ones at each start. */
async function seed(operations: Operations, data: string): Promise<Login> {
  if ((await operations.domainShow({ name: DOMAIN })) === null) {
    await operations.domainAdd({ name: DOMAIN, organization: 'default' })
  }
  return kept(join(data, 'sandbox-login.json'), async () => {
    const { credential, password } = await operations.credentialAdd({
      organization: 'default',
      stream: 'transactional',
      note: NOTE,
    })
    return { login: credential.login, password }
  })
}

/** For the commands that it prints: to send, and to look. */
async function seedApiKey(operations: Operations, data: string): Promise<string> {
  const { token } = await kept(join(data, 'sandbox-api-key.json'), async () => {
    const made = await operations.apiKeyAdd({
      organization: 'default',
      stream: 'transactional',
      note: NOTE,
      scopes: ['messages:send', 'messages:read'],
      networks: [],
    })
    return { token: made.token }
  })
  return token
}

const NOTE = 'made by hikyaku start'

/** What was made at the first start is the same at the next. */
async function kept<T>(file: string, make: () => Promise<T>): Promise<T> {
  if (existsSync(file)) return JSON.parse(await readFile(file, 'utf8')) as T
  const made = await make()
  await writeFile(file, `${JSON.stringify(made)}\n`, { mode: 0o600 })
  return made
}
