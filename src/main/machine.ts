/** The machine this program runs on, as a diagnosis asks of it. Every wait ends within ten seconds. */

import { access, constants, readFile, stat, statfs } from 'node:fs/promises'
import { request } from 'node:http'
import { connect, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'

import type { Greeting, Machine } from '#product/diagnosis'

/** In ms. A mail host greets within seconds unless it delays strangers on purpose. */
const PATIENCE = 10_000

/** Octets of a greeting that are waited for. RFC 5321 §4.5.3.1.5 */
const LINE = 512

export function thisMachine(): Machine {
  return {
    now: Date.now,
    user: process.getuid?.(),
    addresses: Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)),
    directory,
    readFile: (path) => unlessMissing(readFile(path)),
    timekeeper,
    httpDate,
    bind,
    greeting,
  }
}

async function directory(path: string): ReturnType<Machine['directory']> {
  try {
    const [{ mode, uid }, system, writable] = await Promise.all([
      stat(path),
      statfs(path),
      isThere(path, constants.W_OK),
    ])
    const { type, blocks, bavail, files, ffree } = system
    return { mode: mode & 0o777, owner: uid, writable, type, blocks, bavail, files, ffree }
  } catch (error) {
    const code = codeOf(error)
    return code === 'ENOENT' ? undefined : { denied: code }
  }
}

async function isThere(path: string, mode?: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  )
}

async function unlessMissing<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** What each leaves behind while it runs. The kernel's own flag takes a system call that Node does not have. */
const KEEPERS = [
  { name: 'systemd-timesyncd', file: '/run/systemd/timesync/synchronized', synchronized: true },
  { name: 'chrony', file: '/run/chrony/chronyd.pid', synchronized: false },
  { name: 'chrony', file: '/run/chronyd.pid', synchronized: false },
  { name: 'ntpd', file: '/run/ntpd.pid', synchronized: false },
] as const

async function timekeeper(): ReturnType<Machine['timekeeper']> {
  const there = await Promise.all(KEEPERS.map(({ file }) => isThere(file)))
  return KEEPERS.find((_, i) => there[i])
}

function httpDate(address: string, host: string, port = 80): ReturnType<Machine['httpDate']> {
  const { promise, resolve } = Promise.withResolvers<{ theirs: number; ours: number } | undefined>()
  const signal = AbortSignal.timeout(PATIENCE)
  const asked = request(
    { host: address, port, method: 'HEAD', headers: { host }, signal, agent: false },
    (response) => {
      const theirs = Date.parse(response.headers.date ?? '')
      resolve(Number.isNaN(theirs) ? undefined : { theirs, ours: Date.now() })
      response.resume()
    },
  )
  asked.on('error', () => resolve(undefined))
  asked.end()
  return promise
}

function bind(address: string, port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const server = createServer()
  server.once('error', (error) => resolve(codeOf(error)))
  server.listen(port, address, () => server.close(() => resolve(undefined)))
  return promise
}

function greeting({ address, port, from }: Parameters<Machine['greeting']>[0]): Promise<Greeting> {
  const { promise, resolve } = Promise.withResolvers<Greeting>()
  const socket = connect({ host: address, port, ...(from === undefined ? {} : { localAddress: from }) })
  const late = setTimeout(() => resolve({ ok: false, code: 'timeout' }), PATIENCE)
  let heard = ''
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    heard = (heard + text).slice(0, LINE)
    const end = heard.indexOf('\r\n')
    if (end >= 0) resolve({ ok: true, line: heard.slice(0, end) })
    else if (heard.length === LINE) resolve({ ok: true, line: heard })
  })
  socket.on('error', (error) => resolve({ ok: false, code: codeOf(error) }))
  socket.on('end', () => resolve({ ok: false, code: 'closed without a greeting' }))
  return promise.finally(() => {
    clearTimeout(late)
    socket.end('QUIT\r\n')
    socket.destroySoon()
  })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : String(error)
}
