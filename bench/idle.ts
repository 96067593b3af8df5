/**
 * What idle sessions cost: how much the resident memory of the submission door grows with each that has said EHLO,
 * in clear and inside TLS. Clients are in a process of their own.
 * `node bench/idle.ts [--sessions n] [--tls none|starttls|implicit] [--json]`
 */

import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { connect as connectTls, createSecureContext } from 'node:tls'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { selfSigned } from '#platform/tls'

import { HOSTNAME, startDoor } from './door.ts'

const options = {
  sessions: { type: 'string', default: '5000' },
  tls: { type: 'string', default: 'implicit' },
  json: { type: 'boolean', default: false },
} as const

/** What the clients are told to do. */
type Task = { readonly port: number; readonly sessions: number; readonly tls: string }

/** Clients that are opening at a time: less than the backlog of the listener. */
const AT_ONCE = 100

const collect = collector()

async function serve(): Promise<void> {
  const { values } = parseArgs({ options })
  const tls = values.tls === 'none' || values.tls === 'starttls' ? values.tls : 'implicit'
  const sessions = Number(values.sessions)
  const pem = selfSigned(HOSTNAME, Date.now())
  const door = await startDoor(tls, createSecureContext({ cert: pem, key: pem, minVersion: 'TLSv1.2' }))
  const port = door.addresses()[0]?.port ?? 0
  // What the first sessions cost once and for all is not theirs.
  const first = await open({ port, sessions: 200, tls })
  const before = await resident()
  const heapBefore = process.memoryUsage()
  const all = await open({ port, sessions, tls })
  const after = await resident()
  const heapAfter = process.memoryUsage()
  first.kill()
  all.kill()
  await door.close()
  report(values.json, {
    sessions,
    tls,
    residentMebibytes: Math.round(((after - before) / 1_048_576) * 10) / 10,
    octetsPerSession: Math.round((after - before) / sessions),
    heapOctetsPerSession: Math.round((heapAfter.heapUsed - heapBefore.heapUsed) / sessions),
    externalOctetsPerSession: Math.round((heapAfter.external - heapBefore.external) / sessions),
  })
}

/** After garbage was collected, and the sockets have become quiet. */
async function resident(): Promise<number> {
  for (let i = 0; i < 3; i += 1) {
    await setTimeout(500)
    collect()
  }
  return process.memoryUsage.rss()
}

/** Resolves when all sessions have said EHLO; they stay until the process given back is killed. */
async function open(task: Task): Promise<ChildProcess> {
  const child = fork(import.meta.filename, ['client'])
  child.send(task)
  await once(child, 'message')
  return child
}

function report(json: boolean, result: Record<string, number | string>): void {
  if (json) console.log(JSON.stringify(result))
  else for (const [name, value] of Object.entries(result)) console.log(`${name.padEnd(28)} ${value}`)
}

function collector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}

async function clients({ port, sessions, tls }: Task): Promise<void> {
  for (let done = 0; done < sessions; done += AT_ONCE) {
    const some = Math.min(AT_ONCE, sessions - done)
    await Promise.all(Array.from({ length: some }, () => introduce(port, tls)))
  }
}

async function introduce(port: number, tls: string): Promise<void> {
  const bare = connect({ host: '127.0.0.1', port })
  if (tls === 'implicit') return await greet(connectTls({ socket: bare, rejectUnauthorized: false }), true)
  await greet(bare, true)
  if (tls === 'none') return
  await say(bare, 'STARTTLS')
  bare.removeAllListeners('data')
  await greet(connectTls({ socket: bare, rejectUnauthorized: false }), false)
}

async function greet(socket: Socket, isGreeted: boolean): Promise<void> {
  socket.on('error', (error) => {
    throw error
  })
  if (isGreeted) await once(socket, 'data')
  await say(socket, 'EHLO bench.example')
}

async function say(socket: Socket, line: string): Promise<void> {
  socket.write(`${line}\r\n`)
  await once(socket, 'data')
}

if (process.argv[2] === 'client') {
  process.once('message', (task: Task) => {
    clients(task).then(
      () => process.send?.('ready'),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  })
} else await serve()
