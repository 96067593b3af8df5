/**
 * How much CPU egress needs for a message: an egress in this process, a sink in another, one path between them.
 *
 *   node bench/egress.ts [--messages 20000] [--connections 4] [--size 5000] [--json]
 *
 * Tells messages a second and microseconds of CPU (user and system) of this process for each, with connections that
 * are used again and with one for each message, for a sink with CHUNKING, with PIPELINING alone, and with neither.
 */

import { fork } from 'node:child_process'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'

import { createEgress } from '../src/engine/egress/index.ts'
import type { Egress, Job, Work } from '../src/engine/egress/index.ts'
import { NO_RULES } from '../src/engine/rule/index.ts'
import { Shaping } from '../src/engine/shaping/index.ts'
import type { Claimed, MessageId } from '../src/engine/spool/index.ts'
import type { Log } from '../src/platform/log/index.ts'
import { MetricsRegistry } from '../src/platform/metrics/index.ts'

const OFFERS = {
  chunking: ['PIPELINING', 'CHUNKING', '8BITMIME', 'SIZE 100000000'],
  pipelining: ['PIPELINING', '8BITMIME', 'SIZE 100000000'],
  plain: ['8BITMIME'],
} as const

type Offer = keyof typeof OFFERS

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '20000' },
    connections: { type: 'string', default: '4' },
    size: { type: 'string', default: '5000' },
    json: { type: 'boolean', default: false },
    sink: { type: 'string' },
  },
})

const silent: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => silent,
}

if (values.sink === undefined) await measureAll()
else sink(values.sink as Offer)

async function measureAll(): Promise<void> {
  const messages = Number(values.messages)
  const results = []
  for (const offer of Object.keys(OFFERS) as Offer[]) {
    const child = fork(import.meta.filename, ['--sink', offer])
    const port = await new Promise<number>((resolve) =>
      child.once('message', (said) => resolve(Number(said))),
    )
    // Once to warm up: what is compiled late would be counted as ours.
    await measure(port, Math.min(messages, 5000), 1_000_000)
    results.push({ offer, connections: 'reused', ...(await measure(port, messages, 1_000_000)) })
    results.push({ offer, connections: 'fresh', ...(await measure(port, Math.ceil(messages / 10), 1)) })
    child.kill()
  }
  if (values.json) process.stdout.write(`${JSON.stringify(results)}\n`)
  else console.table(results)
}

async function measure(
  port: number,
  messages: number,
  messagesPerConnection: number,
): Promise<{ readonly messages: number; readonly perSecond: number; readonly cpuMicroseconds: number }> {
  const egress = egressTo(messagesPerConnection)
  const { work, done } = workOf(messages, Number(values.size))
  const path = egress.path('bench', routeTo(port), work)
  const cpu = process.cpuUsage()
  const start = performance.now()
  path.wake()
  await done
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  await egress.close(1000)
  return {
    messages,
    perSecond: Math.round(messages / seconds),
    cpuMicroseconds: Math.round((user + system) / messages),
  }
}

function egressTo(messagesPerConnection: number): Egress {
  const minute = 60_000
  const timeouts = {
    connect: minute,
    greeting: minute,
    ehlo: minute,
    tls: minute,
    mail: minute,
    rcpt: minute,
    data: minute,
    block: minute,
    end: minute,
    quit: minute,
  }
  const config = {
    pools: [],
    sources: [{ name: 'bench', ehlo: 'bench.example.org', relay: [], relayTls: 'required' }],
    port: 25,
    tls: 'none',
    allowPrivate: true,
    connections: 1000,
    connectionsPerPath: Number(values.connections),
    messagesPerConnection,
    messageRate: 0,
    recipientsPerTransaction: 100,
    idle: minute,
    timeouts,
  } as const
  const metrics = new MetricsRegistry()
  const clock = { now: () => performance.now(), after: () => () => {} }
  return createEgress({
    routing: { addresses: async () => ({ ok: true, addresses: ['127.0.0.1'] }) },
    config,
    shaping: new Shaping({ rules: NO_RULES, config, clock, log: silent, metrics }),
    tls: {},
    log: silent,
    metrics,
    now: Date.now,
    random: Math.random,
    isPrivate: () => false,
  })
}

function routeTo(port: number): Parameters<Egress['path']>[1] {
  const hosts = [{ name: 'mx.example.com', port, implicitTls: false }]
  const names = ['mx.example.com']
  return { site: 'mx.example.com', hosts, names, via: 'static', tls: 'none', allowPrivate: true }
}

/** The same message again and again. */
function workOf(messages: number, size: number): { readonly work: Work; readonly done: Promise<void> } {
  const line = 'The quick brown fox jumps over the lazy dog, again and again, day by day.\r\n'
  const bytes = Buffer.from(`Subject: bench\r\n\r\n${line.repeat(Math.ceil(size / line.length))}`)
  const claimed = [claim(bytes.length)]
  const content = Promise.resolve({ kind: 'whole' as const, bytes })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let left = messages
  let ended = 0
  const job: Job = {
    claimed,
    from: { local: 'sender', domain: 'example.org' },
    content: () => content,
    done([tried]) {
      if (tried?.outcome !== 'delivered') reject(new Error(tried?.text))
      ended += 1
      if (ended === messages) resolve()
    },
  }
  const work: Work = {
    hasWork: () => left > 0,
    next() {
      left -= 1
      // A new object each time, as the queue makes one.
      return left >= 0 ? { ...job } : undefined
    },
    domains: () => [],
    failed: ({ attempt }) => reject(new Error(attempt.text)),
    suspended: () => {},
  }
  return { work, done: promise }
}

function claim(size: number): Claimed {
  const id = '00000000000' as MessageId
  return {
    message: {
      id,
      acceptedAt: 0,
      organization: 'bench',
      stream: 'transactional',
      door: 'submission',
      client: { address: '', helo: '', protocol: '' },
      from: { local: 'sender', domain: 'example.org' },
      size,
      body: '7bit',
      smtputf8: false,
      requireTls: false,
      priority: 0,
      expiresAt: Number.MAX_SAFE_INTEGER,
    },
    delivery: {
      key: { message: id, n: 0 },
      to: { local: 'recipient', domain: 'example.com' },
      queue: 'transactional/example.com',
      band: 1,
      due: 0,
      state: 'active',
      attempts: 0,
      delayNotified: false,
    },
  }
}

/** Believes everything: as few instructions as may be, so that it is not what is measured. */
function sink(offer: Offer): void {
  // Whoever measures has gone.
  process.on('disconnect', () => process.exit())
  const hello = Buffer.from(
    ['250-sink', ...OFFERS[offer].map((one) => `250-${one}`), '250 X-END\r\n'].join('\r\n'),
  )
  const server = createServer({ noDelay: true }, (socket) => {
    socket.write('220 sink\r\n')
    let unread = ''
    let skip = 0
    let isContent = false
    socket.on('error', () => socket.destroy())
    socket.on('data', (bytes: Buffer) => {
      unread += bytes.toString('latin1')
      let said = ''
      for (;;) {
        if (skip > 0) {
          if (unread.length < skip) break
          unread = unread.slice(skip)
          skip = 0
          said += '250 2.0.0 OK\r\n'
        }
        const end = isContent ? '\r\n.\r\n' : '\r\n'
        const at = unread.indexOf(end)
        if (at === -1) break
        const line = unread.slice(0, at)
        unread = unread.slice(at + end.length)
        if (isContent) {
          isContent = false
          said += '250 2.0.0 OK\r\n'
        } else if (line.startsWith('BDAT')) skip = Number(line.split(' ')[1])
        else if (line === 'DATA') {
          isContent = true
          said += '354 go\r\n'
        } else if (line.startsWith('EHLO')) said += hello.toString()
        else if (line === 'QUIT') return void socket.end('221 bye\r\n')
        else said += '250 2.1.0 OK\r\n'
      }
      if (said !== '') socket.write(said)
    })
  })
  server.listen(0, '127.0.0.1', () => process.send?.(String((server.address() as AddressInfo).port)))
}
