/** The load, the same for every server: smtp-source sends, smtp-sink takes and counts. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

import type { PostfixPackage } from './postfix-package.ts'
import { startGroup } from './process-group.ts'
import type { ProcessGroup } from './process-group.ts'

/** Connections at a time that smtp-source keeps. */
export const SESSIONS = 50

/** Octets of the body of each message; smtp-source adds a header of five fields. */
export const BODY = 5000

/** Nothing arrives for so many ms: the message is lost, or the server stands still. */
const PATIENCE = 30_000

export type Load = {
  readonly messages: number
  /** `reuse`: all messages of a session on one connection. `fresh`: each message on a new one. */
  readonly connections: 'reuse' | 'fresh'
  readonly from: string
}

/** Sends and waits until all are acknowledged; gives the milliseconds of CPU spent. @throws when one is refused */
export async function send({ root, env }: PostfixPackage, port: number, load: Load): Promise<number> {
  const args = ['-s', String(SESSIONS), '-l', String(BODY), '-m', String(load.messages)]
  if (load.connections === 'reuse') args.push('-d')
  args.push('-M', 'client.example', '-f', load.from, '-t', 'someone@receiver.example', `127.0.0.1:${port}`)
  await using source = startGroup({
    name: 'source',
    command: join(root, 'usr/sbin/smtp-source'),
    args,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const { stderr } = source.child
  const [said, { code }] = await Promise.all([stderr === null ? '' : text(stderr), source.ended])
  if (code !== 0) throw new Error(`smtp-source failed: ${said.trim()}`)
  return source.cpu()
}

export type Sink = AsyncDisposable & {
  readonly port: number
  readonly group: ProcessGroup
  /** How many messages it has taken. */
  taken(): number
  /** Resolves when it has taken `messages` in all, known to 5 ms. @throws when nothing comes any more */
  until(messages: number): Promise<void>
}

/**
 * Its running counters go to a file in `directory`, of which only the end is read: a pipe would wake a reader for
 * every message, on the same cores.
 */
export async function startSink({ root, env }: PostfixPackage, directory: string): Promise<Sink> {
  const port = await freePort()
  const counters = join(directory, `sink-${port}`)
  const output = openSync(counters, 'w')
  const asNobody = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const group = startGroup({
    name: 'sink',
    command: join(root, 'usr/sbin/smtp-sink'),
    args: [...asNobody, '-c', '-m', '1000', `127.0.0.1:${port}`, '2000'],
    env,
    stdio: ['ignore', output, 'ignore'],
  })
  closeSync(output)
  const input = openSync(counters, 'r')
  const taken = (): number => lastCount(input)
  await group.seen(() => answers(port))
  return {
    port,
    group,
    taken,
    async until(messages) {
      let [seen, since] = [taken(), Date.now()]
      while (seen < messages) {
        await sleep(5)
        const now = taken()
        if (now > seen) [seen, since] = [now, Date.now()]
        else if (Date.now() - since > PATIENCE)
          throw new Error(`${messages - seen} messages did not arrive within ${PATIENCE / 1000} s`)
      }
    },
    async [Symbol.asyncDispose]() {
      await group[Symbol.asyncDispose]()
      closeSync(input)
    },
  }
}

/** The last of lines such as `sess=50 quit=50 mesg=5000\r`. */
function lastCount(file: number): number {
  const end = Buffer.alloc(200)
  const length = readSync(file, end, 0, end.length, Math.max(0, fstatSync(file).size - end.length))
  const counts = [...end.toString('latin1', 0, length).matchAll(/mesg=(\d+)\r/g)]
  return Number(counts.at(-1)?.[1] ?? 0)
}

/** A port that was free a moment ago, for programs that must be told one. */
export async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const server = createServer()
  server.once('error', reject)
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
  })
  return promise
}

/** Whether something listens on the port; `undefined` is no. */
export function answers(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(undefined))
  })
}
