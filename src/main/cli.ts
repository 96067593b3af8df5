/** The program: reads the environment and the command line, and hands them to the command line's door. */

import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'

import { CliError, remoteOperations, runCli } from '#door/cli'
import type { CliHost, GlobalOptions } from '#door/cli'
import { openSpool } from '#engine/spool'
import type { Config } from '#platform/config'
import { openServerKey } from '#platform/secret'
import { lockDataDirectory, openControl, parseStoreUrl, StoreError } from '#platform/store'
import { OperationError } from '#product/operation'
import type { Operations } from '#product/operation'

import { configure } from './configure.ts'
import { CONTROL_SOCKET } from './control-socket.ts'
import { openOperations } from './operations.ts'
import { serve } from './serve.ts'
import { start } from './start.ts'

/** The version of this program, from package.json. */
const VERSION = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string
  }
).version

const host: CliHost = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  input: () => buffer(process.stdin),
  readFile: (path) => readFile(path),
  now: Date.now,
  withNode: (options, use) => withNode(configured(options), use),
  serve: (options) => serve(options, VERSION),
  start: (options) => start(options, VERSION),
  async checkConfig(options) {
    const { path, loaded } = configure(options.config)
    return loaded.ok
      ? { path, problems: [], warnings: loaded.warnings }
      : { path, problems: loaded.problems, warnings: [] }
  },
}

function configured(options: GlobalOptions): Config {
  const { path, loaded } = configure(options.config)
  if (loaded.ok) return loaded.config
  const list = loaded.problems.map((problem) => `  ${problem}`).join('\n')
  throw new CliError('config', `${path ?? 'the configuration'} has mistakes:\n${list}`)
}

/** The running node if there is one; otherwise its stores, opened here for as long as `use` takes. */
async function withNode<T>(config: Config, use: (operations: Operations) => Promise<T>): Promise<T> {
  const remote = remoteOperations(join(config.node.data, CONTROL_SOCKET))
  try {
    return await use(remote)
  } catch (error) {
    if (!(error instanceof OperationError) || error.code !== 'not-running') throw error
  }
  await using resources = new AsyncDisposableStack()
  try {
    resources.use(lockDataDirectory(config.node.data))
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause
    throw new OperationError(
      'not-running',
      `${cause.message}, but it does not answer on its control socket`,
      { cause },
    )
  }
  return use(await offline(config, resources))
}

async function offline(config: Config, resources: AsyncDisposableStack): Promise<Operations> {
  const { store, node, limits } = config
  const { url } = store
  const spool = await openSpool(
    { url, dataDirectory: node.data, node: node.number, diskFree: limits.diskFree },
    (error) => {
      throw error
    },
  )
  resources.defer(() => spool.close())
  const control = openControl(parseStoreUrl(url, node.data), { now: Date.now })
  resources.defer(() => control.close())
  const key = openServerKey(node.data)
  return openOperations({ config, spool, control, key, version: VERSION, now: Date.now })
}

process.exitCode = await runCli(process.argv.slice(2), host, VERSION)
