/**
 * A Postfix of its own for a test, run from an unpacked Debian package (or an installed one) in a directory of its own:
 * nothing outside is read or written, and nothing listens but what the test asks for.
 */

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mkdtemp } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { layOut, master } from '../postfix.ts'
import type { Settings } from '../postfix.ts'
import type { Need } from './need.ts'

/** Where the programs are: `usr/lib/postfix/sbin` and the rest below it. */
const ROOTS = [join(import.meta.dirname, '..', '..', '.cache', 'postfix', 'root'), '/']

/** Seconds after which it ends by itself, should this process be killed before it could end it. */
const LONGEST = 120

/** Milliseconds for it to listen, and for its log to say what a test waits for. */
const PATIENCE = 20_000

export type PrivatePostfix = AsyncDisposable & {
  /** On 127.0.0.1. */
  readonly port: number
  readonly directory: string
  /** What it has logged so far. */
  readonly log: string
  /** The log once it contains this. Rejects after 20 s. */
  logged(pattern: RegExp): Promise<string>
}

export function needPostfix(): Need {
  const root = rootOf()
  if (root === undefined)
    return { skip: 'there is no Postfix; test/interop/install.sh unpacks one on Debian' }
  if (process.getuid?.() !== 0)
    return { skip: 'Postfix runs as root only: it changes its user for each of its parts' }
  const smtpd = join(root, 'usr/lib/postfix/sbin/smtpd')
  const { stdout } = spawnSync('ldd', [smtpd], { env: environment(root), encoding: 'utf8' })
  const missing = (stdout ?? '').split('\n').filter((line) => line.includes('not found'))
  return { skip: missing.length === 0 ? false : `Postfix lacks libraries: ${missing.join(',').trim()}` }
}

function rootOf(): string | undefined {
  return ROOTS.find((root) => existsSync(join(root, 'usr/lib/postfix/sbin/master')))
}

function environment(root: string): NodeJS.ProcessEnv {
  return { ...process.env, LD_LIBRARY_PATH: join(root, 'usr/lib/postfix') }
}

/** Resolves when it listens. `settings` are of main.cf, and stand above those that make it private. */
export async function startPostfix(settings: (directory: string) => Settings): Promise<PrivatePostfix> {
  const root = rootOf()
  if (root === undefined) throw new Error('there is no Postfix')
  // Not in memory: its parts run as other users, who must be able to reach it, and locks.
  const directory = await mkdtemp(join(tmpdir(), 'hikyaku-postfix-'))
  const port = await freePort()
  const place = { root, directory }
  layOut(place, port, { myhostname: 'postfix.example.net', ...settings(directory) })
  const { command, args } = master(place, LONGEST)
  const child = spawn(command, args, {
    env: { ...environment(root), MAIL_CONFIG: join(directory, 'conf') },
    stdio: 'ignore',
    detached: true,
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const log = (): string => textOf(join(directory, 'log'))
  const postfix: PrivatePostfix = {
    port,
    directory,
    get log() {
      return log()
    },
    logged: (pattern) => until(String(pattern), () => (pattern.test(log()) ? log() : undefined), log),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended
      rmSync(directory, { recursive: true, force: true })
    },
  }
  try {
    await until('Postfix to listen', async () => ((await isListening(port)) ? true : undefined))
    return postfix
  } catch (error) {
    await postfix[Symbol.asyncDispose]()
    throw error
  }
}

async function until<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  context = (): string => '',
): Promise<T> {
  const end = performance.now() + PATIENCE
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > end) throw new Error(`waited in vain for ${what}\n${context().slice(-2_000)}`)
    await sleep(50)
  }
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
