/**
 * What keeping a message costs: accept, then settle as delivered, through the group commit and the store thread, with
 * fsync on. Prints messages a second and the CPU of each thread; checks afterwards that every record is there.
 *
 *   node bench/spool.ts [--messages 20000] [--size 5120] [--together 64] [--directory …] [--json]
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { connectSpool, messageIds, startSpoolThread } from '#engine/spool'
import type { Message, MessageId, NewDelivery, Settlement, Spool } from '#engine/spool'

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '20000' },
    size: { type: 'string', default: '5120' },
    together: { type: 'string', default: '64' },
    directory: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
  },
})
const total = Number(values.messages)
const together = Number(values.together)
const body = Buffer.alloc(Number(values.size), 'Hikyaku carried it along the road. ')

function message(id: MessageId, n: number): { message: Message; deliveries: readonly NewDelivery[] } {
  const at = Date.now()
  return {
    message: {
      id,
      acceptedAt: at,
      organization: 'acme',
      stream: 'transactional',
      credential: 'bench',
      door: 'submission',
      client: { address: '192.0.2.7', helo: 'app.example.com', protocol: 'ESMTPSA' },
      from: { local: 'noreply', domain: 'acme.example' },
      size: body.length,
      body: '8bitmime',
      smtputf8: false,
      requireTls: false,
      priority: 0,
      expiresAt: at + 432_000_000,
      subject: `Reset your password ${n}`,
      headerFrom: 'ACME <noreply@acme.example>',
      headerMessageId: `<${id}@acme.example>`,
    },
    deliveries: [
      {
        to: { local: `user${n}`, domain: `d${n % 100}.example` },
        queue: `transactional/d${n % 100}.example`,
        band: 0,
        state: 'active',
        due: at,
      },
    ],
  }
}

function delivered(id: MessageId): Settlement {
  const at = Date.now()
  return {
    key: { message: id, n: 0 },
    state: 'delivered',
    due: at,
    at,
    reason: '',
    attempt: {
      at,
      duration: 12,
      outcome: 'delivered',
      source: 'default',
      site: 'mx1.example.net,mx2.example.net',
      host: 'mx1.example.net',
      address: '192.0.2.25',
      tls: 'TLSv1.3 TLS_AES_256_GCM_SHA384 verified',
      stage: 'end of data',
      code: 250,
      enhanced: '2.0.0',
      text: `OK queued as ${id}`,
    },
  }
}

async function session(spool: Spool, newId: () => MessageId, numbers: Iterator<number>): Promise<void> {
  for (let next = numbers.next(); !next.done; next = numbers.next()) {
    const id = newId()
    await spool.accept(message(id, next.value), body)
    spool.settle(delivered(id)).catch(fail)
  }
}

function fail(error: unknown): void {
  console.error(error)
  process.exit(1)
}

function* upTo(count: number): Generator<number> {
  for (let n = 0; n < count; n += 1) yield n
}

const directory = mkdtempSync(join(values.directory, 'hikyaku-bench-'))
const thread = await startSpoolThread(
  { url: 'sqlite:', dataDirectory: directory, node: 1, diskFree: 0 },
  fail,
)
const spool = await connectSpool(thread.connect())
const newId = messageIds(1, Date.now)

async function run(count: number): Promise<void> {
  const numbers = upTo(count)
  await Promise.all(Array.from({ length: together }, () => session(spool, newId, numbers)))
}

await run(Math.min(total, 5000))
const cpuBefore = process.cpuUsage()
const ownBefore = process.threadCpuUsage()
const began = performance.now()
await run(total)
const seconds = (performance.now() - began) / 1000
const own = process.threadCpuUsage(ownBefore)
const all = process.cpuUsage(cpuBefore)
const perMessage = (usage: NodeJS.CpuUsage): number =>
  Math.round(((usage.user + usage.system) / total) * 10) / 10
await spool.close()
await thread.close()

const result = {
  messages: total,
  bytes: body.length,
  together,
  perSecond: Math.round(total / seconds),
  cpuTransport: perMessage(own),
  cpuAll: perMessage(all),
  cpuStore: Math.round((perMessage(all) - perMessage(own)) * 10) / 10,
}
console.log(values.json ? JSON.stringify(result) : result)
rmSync(directory, { recursive: true, force: true })
