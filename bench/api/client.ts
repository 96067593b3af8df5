/** A program that keeps connections to the HTTP API busy, in a process of its own: each sends the next message when the last is accepted. */

import { connect } from 'node:net'

export type Task = {
  readonly port: number
  readonly token: string
  readonly connections: number
  /** With a new Idempotency-Key for each. */
  readonly keyed: boolean
  readonly body: string
  /** Of which nothing is counted, so that code is compiled; and then of those that count. */
  readonly warmUpSeconds: number
  readonly seconds: number
}

/** `counting` and `counted` frame what `Counted` is about. */
export type Said = { readonly at: 'counting' } | ({ readonly at: 'counted' } & Counted)

export type Counted = {
  readonly messages: number
  readonly milliseconds: number
  /** Until the answer. */
  readonly p50Ms: number
  readonly p99Ms: number
}

const END = Buffer.from('\r\n\r\n')
const LENGTH = /\r\ncontent-length: (\d+)/i

if (process.send !== undefined) process.once('message', (task) => void run(task as Task))

async function run(task: Task): Promise<void> {
  const took: number[] = []
  const clock = { counts: false, isOver: false }
  for (let i = 0; i < task.connections; i += 1) converse(task, clock, `${process.pid}-${i}`, took)
  await new Promise((resolve) => void setTimeout(resolve, task.warmUpSeconds * 1000))
  say({ at: 'counting' })
  clock.counts = true
  const began = performance.now()
  await new Promise((resolve) => void setTimeout(resolve, task.seconds * 1000))
  clock.isOver = true
  const milliseconds = performance.now() - began
  const sorted = took.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
  say({ at: 'counted', messages: took.length, milliseconds, p50Ms: at(0.5), p99Ms: at(0.99) })
  process.disconnect?.()
  // Answers that are under way are nobody's any more.
  process.exit()
}

function say(said: Said): void {
  process.send?.(said)
}

function converse(
  { port, token, keyed, body }: Task,
  clock: { readonly counts: boolean; readonly isOver: boolean },
  name: string,
  took: number[],
): void {
  const socket = connect(port, '127.0.0.1').setNoDelay()
  const head = `POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`
  let count = 0
  let began = 0
  let pending: Buffer = Buffer.alloc(0)
  const next = (): void => {
    count += 1
    began = performance.now()
    socket.write(`${head}${keyed ? `Idempotency-Key: ${name}-${count}\r\n` : ''}\r\n${body}`)
  }
  socket.on('connect', next)
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    const end = pending.indexOf(END)
    if (end < 0) return
    const fields = pending.toString('latin1', 0, end)
    const whole = end + END.length + Number(LENGTH.exec(fields)?.[1])
    if (pending.length < whole) return
    if (!fields.startsWith('HTTP/1.1 202 ')) throw new Error(pending.toString('utf8', 0, whole))
    pending = pending.subarray(whole)
    if (clock.isOver) return
    if (clock.counts) took.push(performance.now() - began)
    next()
  })
}
