/** The program: reads the environment and the command line, and hands them to the command line's door. */

import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'

import { CliError, EXIT, remoteOperations, remoteStreams, runCli } from '#door/cli'
import type { CliHost, GlobalOptions } from '#door/cli'
import type { Config } from '#platform/config'
import { OperationError } from '#product/operation'
import type { Operations } from '#product/operation'

import { startCompiled } from './compiled.ts'
import { configure, mistakes } from './configure.ts'
import { CONTROL_SOCKET } from './control-socket.ts'
import type { Found } from './trouble.ts'

/** The version of this program, from package.json. */
const VERSION = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string
  }
).version

// What only some commands need is loaded by them: most of them ask the running node and are done.
const host: CliHost = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  input: () => buffer(process.stdin),
  readFile: (path) => readFile(path),
  now: Date.now,
  locale: process.env['LC_ALL'] || process.env['LC_MESSAGES'] || process.env['LANG'] || '',
  withNode: (options, use) => explained(options, () => withNode(configured(options), use)),
  streams: (options) => remoteStreams(join(configured(options).node.data, CONTROL_SOCKET)),
  interrupted,
  serve: (options) => explained(options, () => serve(options)),
  start: (options) => explained(options, async () => (await import('./start.ts')).start(options, VERSION)),
  doctor: async (options) => (await import('./doctor.ts')).doctor(options, VERSION, withNode),
  checkRules: async (options) => (await import('./shaping.ts')).checkRules(options),
  resolveRules: async (options, query) => (await import('./shaping.ts')).resolveRules(options, query),
  suppressionPolicy: async (options) => (await import('./shaping.ts')).suppressionPolicy(options),
  rehearse: async (options, plan) => (await import('./rehearse.ts')).rehearsed(options, plan),
  async checkConfig(options) {
    const { path, loaded } = configure(options.config)
    return loaded.ok
      ? { path, problems: [], warnings: loaded.warnings }
      : { path, problems: loaded.problems, warnings: [] }
  },
}

async function serve(options: GlobalOptions): Promise<number> {
  const { STORE_THREAD } = await import('#engine/spool')
  const here = ['serve.ts', 'transport-thread.ts'].map((file) => new URL(file, import.meta.url))
  await startCompiled([...here, STORE_THREAD])
  return (await import('./serve.ts')).serve(options, VERSION)
}

/** What is no error of ours says nothing of what to do: then this does, where it is known. */
async function explained<T>(options: GlobalOptions, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof Error) || error instanceof CliError || error instanceof OperationError) throw error
    const { troubleOf } = await import('./trouble.ts')
    const trouble = troubleOf(error.message, { config: configured(options), look: found })
    throw trouble === undefined ? error : new CliError('failed', trouble, { cause: error })
  }
}

function found(path: string): Found {
  try {
    if (!statSync(path).isDirectory()) return 'a file'
    accessSync(path, constants.W_OK | constants.X_OK)
    return 'a directory'
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'nothing' : 'forbidden'
  }
}

function interrupted(): AbortSignal {
  const enough = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => enough.abort())
  return enough.signal
}

function configured(options: GlobalOptions): Config {
  const { path, loaded } = configure(options.config)
  if (loaded.ok) return loaded.config
  throw mistakes(path, loaded.problems)
}

/** The running node if there is one; otherwise its stores, opened here for as long as `use` takes. */
async function withNode<T>(config: Config, use: (operations: Operations) => Promise<T>): Promise<T> {
  const { data } = config.node
  try {
    return await use(remoteOperations(join(data, CONTROL_SOCKET)))
  } catch (error) {
    if (!(error instanceof OperationError) || error.code !== 'not-running') throw error
  }
  // To make one here would answer every question about a node that is elsewhere with "nothing".
  if (!existsSync(data))
    throw new OperationError(
      'not-running',
      `there is no data directory ${resolve(data)}: name the configuration with --config, or begin with hikyaku start`,
    )
  const { openOffline } = await import('./offline.ts')
  await using offline = await openOffline(config, VERSION)
  return await use(offline.operations)
}

/** A reader that has seen enough, such as head, is no failure. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed)
})

process.exitCode = await runCli(process.argv.slice(2), host, VERSION)
