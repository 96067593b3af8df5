/**
 * What the submission door costs: CPU per message of this process, with an intake that keeps nothing and clients in
 * a process of their own. `node bench/submission.ts [--messages n] [--connections n] [--size octets] [--fresh] [--json]`
 */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { parseArgs } from 'node:util'

import { startDoor } from './door.ts'

const options = {
  messages: { type: 'string', default: '20000' },
  connections: { type: 'string', default: '10' },
  size: { type: 'string', default: '5000' },
  fresh: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const

/** What the clients are told to do. */
type Task = {
  readonly port: number
  readonly messages: number
  readonly connections: number
  readonly size: number
  /** A connection for each message. */
  readonly fresh: boolean
}

async function serve(): Promise<void> {
  const { values } = parseArgs({ options })
  const door = await startDoor('none')
  const port = door.addresses()[0]?.port ?? 0
  const messages = Number(values.messages)
  const task: Task = {
    port,
    messages,
    connections: Number(values.connections),
    size: Number(values.size),
    fresh: values.fresh,
  }
  await load({ ...task, messages: Math.min(messages, 5000) })
  const began = performance.now()
  const before = process.cpuUsage()
  await load(task)
  const cpu = process.cpuUsage(before)
  const seconds = (performance.now() - began) / 1000
  await door.close()
  report(values.json, {
    messages,
    size: task.size,
    connections: task.connections,
    messagesPerSecond: Math.round(messages / seconds),
    cpuMicrosecondsPerMessage: Math.round(((cpu.user + cpu.system) / messages) * 10) / 10,
    userMicrosecondsPerMessage: Math.round((cpu.user / messages) * 10) / 10,
  })
}

function report(json: boolean, result: Record<string, number>): void {
  if (json) console.log(JSON.stringify(result))
  else for (const [name, value] of Object.entries(result)) console.log(`${name.padEnd(28)} ${value}`)
}

async function load(task: Task): Promise<void> {
  const child = fork(import.meta.filename, ['client'], {
    execArgv: process.execArgv.filter((arg) => !arg.startsWith('--cpu-prof')),
  })
  child.send(task)
  const [code] = (await once(child, 'exit')) as [number]
  if (code !== 0) throw new Error(`the clients ended with ${code}`)
}

/** Envelope and content pipelined as a good client does: two writes and two reads a message. */
async function client({ port, messages, connections, size, fresh }: Task): Promise<void> {
  const body = `${'x'.repeat(76)}\r\n`.repeat(Math.ceil(size / 78)).slice(0, size - 2)
  const header =
    'From: a@bench.example\r\nTo: b@example.com\r\nSubject: bench\r\nMIME-Version: 1.0\r\n' +
    'Content-Type: text/plain; charset=utf-8\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\n'
  const envelope = Buffer.from('MAIL FROM:<a@bench.example>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n')
  const content = Buffer.from(`${header}${body}\r\n.\r\n`)
  const share = Math.ceil(messages / connections)
  const say = { envelope, content }
  const one = async (): Promise<void> => {
    if (!fresh) return await converse(port, share, say)
    for (let i = 0; i < share; i += 1) await converse(port, 1, say)
  }
  await Promise.all(Array.from({ length: connections }, one))
}

function converse(port: number, messages: number, say: { envelope: Buffer; content: Buffer }): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  let left = messages
  let heard = ''
  socket.on('data', (bytes: Buffer) => {
    heard += bytes.toString('latin1')
    if (!heard.endsWith('\r\n')) return
    const last = heard.trimEnd().split('\r\n').at(-1) ?? ''
    if (last[3] !== ' ') return
    heard = ''
    if (last.startsWith('220')) socket.write('EHLO bench.example\r\n')
    else if (last.startsWith('354')) socket.write(say.content)
    else if (last.startsWith('221')) resolve()
    else if (!last.startsWith('250')) reject(new Error(last))
    // The replies to MAIL and RCPT come with the 354; a 250 that is last answers EHLO or a content.
    else if (left > 0) {
      left -= 1
      socket.write(say.envelope)
    } else socket.write('QUIT\r\n')
  })
  socket.on('error', reject)
  return promise
}

if (process.argv[2] === 'client') {
  process.once('message', (task: Task) => {
    client(task).then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  })
} else await serve()
