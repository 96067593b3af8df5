/** What connections cost that are open and say nothing: in clear, with TLS, and with TLS in the barest server. */

import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'

import { answers, freePort } from '../load.ts'
import { startGroup } from '../process-group.ts'

import { memoryOf, ScaleNode, settledMemory } from './node.ts'
import type { World } from './world.ts'

export type IdleRow = {
  readonly name: 'idle-connections'
  readonly connections: number
  /** By how much the process grew over its state after some that were opened and closed, in MiB; each has said EHLO. */
  readonly memoryMiB: number
  readonly tlsMemoryMiB: number
  /** What as many cost a server that knows of nothing but TLS: node:tls itself. */
  readonly bareTlsMemoryMiB: number
}

/** Opened and closed before, so that what is allocated once is not counted. */
const WARM_UP = 200

/** Opened at a time: a burst beyond the backlog of the listener would be dropped. */
const AT_ONCE = 100

export async function idle(connections: number, world: World, directory: string): Promise<IdleRow> {
  return {
    name: 'idle-connections',
    connections,
    memoryMiB: await growth('clear', connections, world, directory),
    tlsMemoryMiB: await growth('tls', connections, world, directory),
    bareTlsMemoryMiB: await bareGrowth(connections),
  }
}

async function growth(
  kind: 'clear' | 'tls',
  connections: number,
  world: World,
  directory: string,
): Promise<number> {
  const place = join(directory, `idle-${kind}`)
  mkdirSync(place)
  await using node = await ScaleNode.in(place, world)
  const port = kind === 'clear' ? node.port : node.tlsPort
  const grown = await grownBy(connections, { kind, port, memory: () => node.memory() })
  console.error(`scale: ${connections} idle connections, ${kind}: ${grown} MiB`)
  return grown
}

const BARE = join(import.meta.dirname, 'bare-tls.ts')

async function bareGrowth(connections: number): Promise<number> {
  const port = await freePort()
  await using group = startGroup({
    name: 'bare-tls',
    command: process.execPath,
    args: [BARE, String(port)],
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await group.seen(() => answers(port))
  const grown = await grownBy(connections, { kind: 'tls', port, memory: () => memoryOf(group.pid) })
  console.error(`scale: ${connections} idle connections, tls alone: ${grown} MiB`)
  return grown
}

type Grown = {
  readonly kind: 'clear' | 'tls'
  readonly port: number
  readonly memory: () => number
}

async function grownBy(connections: number, { kind, port, memory }: Grown): Promise<number> {
  for (const socket of await openAll(WARM_UP, kind, port)) socket.destroy()
  const before = await settledMemory({ memory })
  const open = await openAll(connections, kind, port)
  const grown = (await settledMemory({ memory })) - before
  for (const socket of open) socket.destroy()
  return Math.round(grown)
}

async function openAll(count: number, kind: 'clear' | 'tls', port: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const more = Math.min(AT_ONCE, count - sockets.length)
    sockets.push(...(await Promise.all(Array.from({ length: more }, () => openOne(kind, port)))))
  }
  return sockets
}

/** Resolves after the reply to EHLO. */
function openOne(kind: 'clear' | 'tls', port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const address = { host: '127.0.0.1', port }
  const socket = kind === 'clear' ? connect(address) : connectTls({ ...address, rejectUnauthorized: false })
  let heard = ''
  socket.setEncoding('latin1').on('data', (text: string) => {
    if (heard === '') socket.write('EHLO client.example\r\n')
    heard += text
    if (/^250 /m.test(heard)) resolve(socket)
  })
  socket.on('error', reject)
  return promise
}
