/** A node as an operator runs it: a process on a configuration file, which can be stopped, killed and started again. */

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { remoteOperations } from '#door/cli'
import type { Operations } from '#product/operation'

import type { EventLog } from './event-log.ts'

export const CLI = fileURLToPath(new URL('../../src/main/cli.ts', import.meta.url))

export type Ended = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

export type ChildNode = AsyncDisposable & {
  /** Of the node itself, also under a tracer. */
  readonly pid: number
  readonly ended: Promise<Ended>
  /** What its standard error has said so far, the last of it. */
  complaint(): string
  readonly operations: Operations
  readonly log: EventLog
  /** Of a listener, by its name in the configuration. */
  port(listener: string): number
  /** Where `/metrics` is. */
  readonly monitoring: string
  /** The address of the HTTP API; empty when it is not served. */
  readonly api: string
  /** The same of the tracking door. */
  readonly tracking: string
  /** SIGTERM, and its end. */
  stop(): Promise<Ended>
  /** SIGKILL, and its end. */
  kill(): Promise<Ended>
}

/** A node that may not listen yet, or never will. */
export type Launched = Omit<ChildNode, 'port' | 'monitoring' | 'api' | 'tracking'>

export type NodeFiles = { readonly configuration: string; readonly data: string; readonly log: EventLog }

export type StartOptions = {
  readonly env?: NodeJS.ProcessEnv
  /** A program and its arguments that runs the node, and stands aside so that the process started is the node. */
  readonly tracer?: readonly string[]
}

/** Ends the node when this process is gone, however it went: then nobody holds the other end of its input. */
const WATCH = 'read -r _ || kill -9 "$0"'

/** Characters of standard error that are kept. */
const KEPT = 4_000

/** Resolves when it has said `node.started`. @throws when it ends before */
export async function startChildNode(files: NodeFiles, options: StartOptions = {}): Promise<ChildNode> {
  const { log } = files
  const before = log.count('node.started')
  const node = launch(files, options)
  let over: Ended | undefined
  void node.ended.then((ended) => (over = ended))
  try {
    const started = await log.until('node.started', {}, before + 1, () =>
      over === undefined ? undefined : `the node ended with ${over.code ?? over.signal}: ${node.complaint()}`,
    )
    const listeners = started['listeners'] as readonly { readonly name: string; readonly port: number }[]
    const { address, port: at } = started['monitoring'] as { readonly address: string; readonly port: number }
    const ports = new Map(listeners.map(({ name, port }) => [name, port]))
    const port = (listener: string): number => ports.get(listener) ?? missing(listener)
    const web = (name: string): string => {
      const place = started[name] as { readonly address: string; readonly port: number } | undefined
      return place === undefined ? '' : `http://${place.address}:${place.port}`
    }
    return {
      ...node,
      port,
      monitoring: `http://${address}:${at}`,
      api: web('api'),
      tracking: web('tracking'),
    }
  } catch (error) {
    await node.kill()
    throw error
  }
}

export function launch(
  { configuration, data, log }: NodeFiles,
  { env, tracer = [] }: StartOptions,
): Launched {
  mkdirSync(data, { recursive: true })
  const [command, ...args] = [...tracer, process.execPath, CLI, '--config', configuration, 'serve']
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } })
  const { pid } = child
  if (pid === undefined) throw new Error(`cannot run ${command}`)
  const watcher = spawn('/bin/sh', ['-c', WATCH, String(pid)], { stdio: ['pipe', 'ignore', 'ignore'] })
  const ended = endOf(child).finally(() => watcher.stdin.end('\n'))
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-KEPT)
  })
  const end = (signal: NodeJS.Signals): Promise<Ended> => {
    child.kill(signal)
    return ended
  }
  return {
    pid,
    ended,
    complaint: () => complaint,
    operations: remoteOperations(join(data, 'control.sock')),
    log,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async [Symbol.asyncDispose]() {
      await end('SIGKILL')
    },
  }
}

function endOf(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
}

function missing(listener: string): never {
  throw new Error(`there is no listener ${listener}`)
}
