/**
 * A Postfix of its own for a test, run from an unpacked Debian package (or an installed one) in a directory of its own:
 * nothing outside is read or written, and nothing listens but what the test asks for.
 */

import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mkdtemp } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

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

export type Settings = Readonly<Record<string, string>>

/** Resolves when it listens. `settings` are of main.cf, and stand above those that make it private. */
export async function startPostfix(settings: (directory: string) => Settings): Promise<PrivatePostfix> {
  const root = rootOf()
  if (root === undefined) throw new Error('there is no Postfix')
  // Not in memory: its parts run as other users, who must be able to reach it, and locks.
  const directory = await mkdtemp(join(tmpdir(), 'hikyaku-postfix-'))
  const port = await freePort()
  layOut(root, directory)
  writeFileSync(join(directory, 'conf/main.cf'), mainCf(root, directory, settings(directory)))
  writeFileSync(join(directory, 'conf/master.cf'), masterCf(root, port))
  const conf = join(directory, 'conf')
  const child = spawn(join(root, 'usr/lib/postfix/sbin/master'), ['-c', conf, '-d', '-e', String(LONGEST)], {
    env: { ...environment(root), MAIL_CONFIG: conf },
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

const PRIVATE_QUEUES = [
  'active',
  'bounce',
  'corrupt',
  'defer',
  'deferred',
  'flush',
  'hold',
  'incoming',
  'private',
  'saved',
  'trace',
]

function layOut(root: string, directory: string): void {
  chmodSync(directory, 0o755)
  const [daemon, games] = [idOf('/etc/passwd', 'daemon'), idOf('/etc/group', 'games')]
  const make = (path: string, mode: number, owner = 0, group = 0): void => {
    mkdirSync(join(directory, path), { recursive: true })
    chmodSync(join(directory, path), mode)
    chownSync(join(directory, path), owner, group)
  }
  make('conf', 0o755)
  make('data', 0o700, daemon)
  make('mail', 0o755, daemon, daemon)
  make('spool', 0o755)
  make('spool/pid', 0o755)
  for (const name of PRIVATE_QUEUES) make(`spool/${name}`, 0o700, daemon)
  make('spool/maildrop', 0o730, daemon, games)
  make('spool/public', 0o710, daemon, games)
  for (const from of ['etc/postfix', 'usr/share/postfix'])
    for (const file of readdirSync(join(root, from), { withFileTypes: true }))
      if (file.isFile()) copyFileSync(join(root, from, file.name), join(directory, 'conf', file.name))
}

/** The third field of the line that begins with the name, in a file such as /etc/passwd. */
function idOf(file: string, name: string): number {
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`))
  if (line === undefined) throw new Error(`${file} knows no ${name}`)
  return Number(line.split(':')[2])
}

function mainCf(root: string, directory: string, settings: Settings): string {
  const libraries = join(root, 'usr/lib/postfix')
  const all = {
    compatibility_level: '3.6',
    queue_directory: join(directory, 'spool'),
    data_directory: join(directory, 'data'),
    command_directory: join(root, 'usr/sbin'),
    daemon_directory: join(libraries, 'sbin'),
    shlib_directory: libraries,
    meta_directory: join(directory, 'conf'),
    mail_owner: 'daemon',
    setgid_group: 'games',
    default_privs: 'nobody',
    myhostname: 'postfix.example.net',
    mydestination: '',
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    mynetworks: '127.0.0.0/8',
    smtpd_relay_restrictions: 'permit_mynetworks,reject',
    smtp_host_lookup: 'native',
    maillog_file: join(directory, 'log'),
    maillog_file_prefixes: directory,
    import_environment: `LD_LIBRARY_PATH=${libraries} MAIL_CONFIG MAIL_LOGTAG TZ POSTLOG_SERVICE POSTLOG_HOSTNAME`,
    alias_maps: '',
    local_recipient_maps: '',
    smtpd_client_connection_count_limit: '0',
    ...settings,
  }
  return Object.entries(all)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join('')
}

/** One listener, and nothing runs in a chroot. */
function masterCf(root: string, port: number): string {
  return readFileSync(join(root, 'usr/share/postfix/master.cf.dist'), 'utf8')
    .replace(/^smtp +inet .*$/m, `127.0.0.1:${port} inet n - n - 100 smtpd`)
    .replace(/^(\w\S* +unix +\S+ +\S+ +)y /gm, '$1n ')
}
