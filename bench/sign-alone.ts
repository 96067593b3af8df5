/**
 * RSA-2048 signatures and nothing else, on every core: the ceiling of any signing relay on this machine. Its own
 * program: `bench/sign-alone.ts SECONDS [pem]` prints one line of JSON. With `pem` the key is given as text, and parsed
 * for each signature.
 */

import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'

/** About the octets that a DKIM signature is made over: the signed header fields. RFC 6376 §3.7 */
const HEADER = Buffer.alloc(700, 'a')

type Work = { readonly seconds: number; readonly privateKey: string; readonly parsed: boolean }
type Worked = { readonly signatures: number; readonly seconds: number }

if (isMainThread) await main()
else work(workerData as Work)

async function main(): Promise<void> {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const [seconds = '2', form] = process.argv.slice(2)
  const data: Work = { seconds: Number(seconds), privateKey, parsed: form !== 'pem' }
  const cpu = process.cpuUsage()
  const done = await Promise.all(Array.from({ length: availableParallelism() }, () => inThread(data)))
  const { user, system } = process.cpuUsage(cpu)
  const signatures = done.reduce((sum, each) => sum + each.signatures, 0)
  console.log(
    JSON.stringify({
      messagesPerSecond: done.reduce((sum, each) => sum + each.signatures / each.seconds, 0),
      cpuMsPerMessage: (user + system) / 1000 / signatures,
      peakRssMiB: process.resourceUsage().maxRSS / 1024,
    }),
  )
}

function inThread(data: Work): Promise<Worked> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: data })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

function work({ seconds, privateKey, parsed }: Work): void {
  const key = parsed ? createPrivateKey(privateKey) : privateKey
  for (let i = 0; i < 50; i += 1) sign('sha256', HEADER, key)
  const began = performance.now()
  const end = began + seconds * 1000
  let signatures = 0
  for (; performance.now() < end; signatures += 1) sign('sha256', HEADER, key)
  parentPort?.postMessage({ signatures, seconds: (performance.now() - began) / 1000 } satisfies Worked, [])
}
