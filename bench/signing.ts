/**
 * What DKIM signing costs: the signer as a whole, and the bare signature operations.
 * `bench/signing.ts [--quick] [--json]`. Set UV_THREADPOOL_SIZE to compare sizes of the pool (4 by default).
 */

import { generateKeyPairSync, hash, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { availableParallelism } from 'node:os'

import { createSigner } from '#engine/signing'
import type { SigningKey } from '#engine/signing'

const quick = process.argv.includes('--quick')
const MILLISECONDS = quick ? 300 : 2000

/** Enough signatures under way to keep every thread of the pool busy. */
const CONCURRENCY = 16

const KEYS = {
  'rsa-sha256': generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  'ed25519-sha256': generateKeyPairSync('ed25519').privateKey,
} as const

function signingKey(algorithm: SigningKey['algorithm']): SigningKey {
  const privateKey = KEYS[algorithm].export({ type: 'pkcs8', format: 'pem' })
  return { domain: 'example.com', selector: algorithm, algorithm, privateKey }
}

const RSA = signingKey('rsa-sha256')
const ED25519 = signingKey('ed25519-sha256')

const HEADER = [
  'Received: from client.example.com (client.example.com [192.0.2.1])',
  '\tby mx.example.com (Hikyaku) with ESMTPSA id 0123456789a; Sun, 22 Nov 2026 12:00:00 +0900',
  'From: =?UTF-8?B?6aOb6ISa?= <courier@example.com>',
  'To: Somebody Else <somebody.else@example.net>',
  'Subject: =?UTF-8?B?44GK6I2344KC44Gu44KS44GK5bGK44GR44GX44G+44GZ?=',
  'Date: Sun, 22 Nov 2026 12:00:00 +0900',
  'Message-ID: <0123456789a.0@example.com>',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: 8bit',
  'List-Unsubscribe: <https://example.com/u/0123456789a>',
  'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
  '',
  '',
].join('\r\n')

function message(line: string, size: number): Buffer {
  const body = `${line}\r\n`.repeat(Math.ceil(size / (line.length + 2))).slice(0, size - HEADER.length - 2)
  return Buffer.from(`${HEADER}${body}\r\n`)
}

const PROSE = 'The quick brown courier runs along the old road and writes a line of it..'
const HTML = '    <td class="cell" style="padding: 0">The quick brown courier</td>\t'
const BASE64 = 'VGhlIHF1aWNrIGJyb3duIGNvdXJpZXIgcnVucyBhbG9uZyB0aGUgb2xkIHJvYWQgYW5kIHdy'

const MESSAGES = {
  '5 KB prose': message(PROSE, 5 * 1024),
  '5 KB indented HTML': message(HTML, 5 * 1024),
  '256 KB base64': message(BASE64, 256 * 1024),
  '256 KB of spaces': message(' '.repeat(900), 256 * 1024),
} as const

type Row = { readonly what: string; readonly perSecond: number; readonly threadMicroseconds: number }

/** Runs `work` with `concurrency` under way; how many ended in a second, and CPU of the calling thread for each. */
async function measure(what: string, concurrency: number, work: () => Promise<unknown>): Promise<Row> {
  const runUntil = async (end: number): Promise<number> => {
    let count = 0
    const worker = async (): Promise<void> => {
      for (; performance.now() < end; count += 1) await work()
    }
    await Promise.all(Array.from({ length: concurrency }, worker))
    return count
  }
  await runUntil(performance.now() + MILLISECONDS / 4)
  const started = performance.now()
  const cpu = process.threadCpuUsage()
  const count = await runUntil(started + MILLISECONDS)
  const { user, system } = process.threadCpuUsage(cpu)
  const seconds = (performance.now() - started) / 1000
  return { what, perSecond: Math.round(count / seconds), threadMicroseconds: (user + system) / count }
}

function onPool(digest: string | null, data: Buffer, key: KeyObject): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    sign(digest, data, key, (error, signature) => (error ? reject(error) : resolve(signature)))
  })
}

const data = Buffer.from(HEADER)
const digest = hash('sha256', data, 'buffer')
const rsa = KEYS['rsa-sha256']
const ed25519 = KEYS['ed25519-sha256']

const rows: Row[] = [
  await measure('RSA-2048 alone, calling thread', 1, async () => sign('sha256', data, rsa)),
  await measure('RSA-2048 alone, pool', CONCURRENCY, () => onPool('sha256', data, rsa)),
  await measure('Ed25519 alone, calling thread', 1, async () => sign(null, digest, ed25519)),
  await measure('Ed25519 alone, pool', CONCURRENCY, () => onPool(null, digest, ed25519)),
]
for (const [name, bytes] of Object.entries(MESSAGES)) {
  for (const [label, keys] of [
    ['RSA-2048', [RSA]],
    ['Ed25519', [ED25519]],
    ['both', [RSA, ED25519]],
  ] as const) {
    const signer = createSigner({ keysOf: () => Promise.resolve(keys) })
    const content = { kind: 'whole', bytes } as const
    rows.push(await measure(`${name}, ${label}`, CONCURRENCY, () => signer.sign(content, 'example.com', 0)))
  }
}

if (process.argv.includes('--json')) {
  const machine = { cores: availableParallelism(), pool: Number(process.env['UV_THREADPOOL_SIZE'] ?? 4) }
  console.log(JSON.stringify({ node: process.version, ...machine, rows }))
} else {
  console.log(`${'what'.padEnd(34)}${'per second'.padStart(12)}${'thread µs each'.padStart(16)}`)
  for (const { what, perSecond, threadMicroseconds } of rows) {
    console.log(
      `${what.padEnd(34)}${String(perSecond).padStart(12)}${threadMicroseconds.toFixed(1).padStart(16)}`,
    )
  }
}
