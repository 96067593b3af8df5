import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { connect, TLSSocket } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'

import { memoryLog } from '#platform/log'
import type { MemoryLog } from '#platform/log'
import { exposition, MetricsRegistry } from '#platform/metrics'

import { Certificates } from './certificates.ts'
import type { CertificateFiles } from './certificates.ts'
import { ensureSelfSigned, selfSigned } from './self-signed.ts'

const NOW = Date.UTC(2026, 10, 22)
const DAY = 86_400_000
const now = (): number => NOW

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'tls-'))
  t.after(() => rm(path, { recursive: true }))
  return path
}

type Opened = {
  readonly certificates: Certificates
  readonly log: MemoryLog
  readonly metrics: MetricsRegistry
}

function filesAt(path: string): CertificateFiles {
  return { certificate: path, key: path, minimumVersion: 'TLSv1.2' }
}

async function opened(t: TestContext, path: string, every = 10): Promise<Opened> {
  const [log, metrics] = [memoryLog(), new MetricsRegistry()]
  const certificates = await Certificates.open({ ...filesAt(path), log, metrics, now, every })
  t.after(() => certificates[Symbol.dispose]())
  return { certificates, log, metrics }
}

type Seen = { readonly protocol: string | null; readonly cipher: string; readonly name: unknown }

/** A handshake with the context of the moment, as a listener does it; what the client saw. */
async function handshake(certificates: Certificates, options: ConnectionOptions = {}): Promise<Seen> {
  const server = createServer((bare) => {
    const socket = new TLSSocket(bare, { isServer: true, secureContext: certificates.context(undefined) })
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  try {
    await once(client, 'secureConnect')
    return {
      protocol: client.getProtocol(),
      cipher: client.getCipher().name,
      name: client.getPeerCertificate().subject.CN,
    }
  } finally {
    client.destroy()
    server.close()
  }
}

test('a certificate of our own making is one that OpenSSL reads, for the name, signed by its own key', () => {
  const certificate = new X509Certificate(selfSigned('mx.example.com', NOW))
  assert.equal(certificate.subject, 'CN=mx.example.com')
  assert.equal(certificate.subjectAltName, 'DNS:mx.example.com')
  assert.equal(certificate.ca, false)
  assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  assert.ok(certificate.verify(certificate.publicKey))
  assert.ok(certificate.checkIssued(certificate))
  assert.equal(certificate.validFromDate.getTime(), NOW - DAY)
  assert.equal(certificate.validToDate.getTime(), NOW + 3652 * DAY)
})

test('years from 2050 on, and names longer than a common name holds', () => {
  const name = `${'a'.repeat(60)}.${'b'.repeat(60)}.example.com`
  const certificate = new X509Certificate(selfSigned(name, Date.UTC(2045, 0)))
  assert.equal(certificate.validToDate.getUTCFullYear(), 2055)
  assert.equal(certificate.subject, 'CN=hikyaku')
  assert.equal(certificate.checkHost(name), name)
})

test('no two certificates have the same serial number', () => {
  const serials = Array.from(
    { length: 20 },
    () => new X509Certificate(selfSigned('a.example', NOW)).serialNumber,
  )
  assert.equal(new Set(serials).size, 20)
  for (const serial of serials) assert.match(serial, /^[4-7][0-9A-F]{31}$/)
})

test('a certificate is made once, and again for another name, before it expires, and when it is broken', async (t) => {
  const path = join(await folder(t), 'tls')
  const make = async (name: string, at: number): Promise<string> =>
    new X509Certificate(await readFile(await ensureSelfSigned(path, name, () => at), 'utf8')).serialNumber
  const first = await make('a.example', NOW)
  assert.equal(await make('a.example', NOW + 3000 * DAY), first)
  const second = await make('b.example', NOW)
  assert.notEqual(second, first)
  const third = await make('b.example', NOW + 3630 * DAY)
  assert.notEqual(third, second)
  await writeFile(join(path, 'self-signed.pem'), 'cut off')
  assert.notEqual(await make('b.example', NOW + 3630 * DAY), third)
})

test('only its owner reads the key', async (t) => {
  const path = await ensureSelfSigned(await folder(t), 'a.example', now)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
})

test('reloading takes the files of the new configuration', async (t) => {
  const [one, other] = [await folder(t), await folder(t)]
  const { certificates } = await opened(t, await ensureSelfSigned(one, 'one.example', now))
  const path = await ensureSelfSigned(other, 'other.example', now)
  assert.equal(await certificates.reload(filesAt(path)), undefined)
  assert.equal((await handshake(certificates)).name, 'other.example')
})

test('reloading files of a new configuration that cannot be used keeps looking at the old ones', async (t) => {
  const directory = await folder(t)
  const { certificates, log } = await opened(t, await ensureSelfSigned(directory, 'old.example', now))
  assert.match((await certificates.reload(filesAt(join(directory, 'none')))) ?? '', /cannot be read$/)
  await ensureSelfSigned(directory, 'new.example', now)
  await t.waitFor(() => assert.equal(log.lines.at(-1)?.event, 'certificate.loaded'))
  assert.equal((await handshake(certificates)).name, 'new.example')
})

test('a handshake with the certificate gives TLS 1.3 and authenticated encryption', async (t) => {
  const { certificates } = await opened(t, await ensureSelfSigned(await folder(t), 'mx.example.com', now))
  const client = await handshake(certificates)
  assert.deepEqual([client.protocol, client.name], ['TLSv1.3', 'mx.example.com'])
  const older = await handshake(certificates, { maxVersion: 'TLSv1.2' })
  assert.match(older.cipher, /^ECDHE-ECDSA-(?:AES\d+-GCM|CHACHA20)/)
})

test('a client can be told to trust just this certificate', async (t) => {
  // The client looks at the real clock.
  const path = await ensureSelfSigned(await folder(t), 'mx.example.com', Date.now)
  const { certificates } = await opened(t, path)
  const trusting = {
    rejectUnauthorized: true,
    ca: await readFile(path, 'utf8'),
    servername: 'mx.example.com',
  }
  assert.equal((await handshake(certificates, trusting)).name, 'mx.example.com')
  await assert.rejects(handshake(certificates, { ...trusting, servername: 'other.example.com' }), /altnames/)
})

test('what is older than TLS 1.2, or has no forward secrecy, gets no session', async (t) => {
  const { certificates } = await opened(t, await ensureSelfSigned(await folder(t), 'mx.example.com', now))
  const old: ConnectionOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
  await assert.rejects(handshake(certificates, old))
  await assert.rejects(handshake(certificates, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' }))
})

test('a new pair is taken when the file changes, without being asked', async (t) => {
  const directory = await folder(t)
  const { certificates, log } = await opened(t, await ensureSelfSigned(directory, 'old.example', now))
  assert.equal((await handshake(certificates)).name, 'old.example')
  await ensureSelfSigned(directory, 'new.example', now)
  await t.waitFor(() =>
    assert.deepEqual(
      log.lines.map(({ event }) => event),
      ['certificate.loaded'],
    ),
  )
  assert.equal((await handshake(certificates)).name, 'new.example')
})

test('a new pair that cannot be used is refused once, and the old one stays', async (t) => {
  const path = await ensureSelfSigned(await folder(t), 'old.example', now)
  const { certificates, log } = await opened(t, path)
  await writeFile(`${path}.new`, 'no certificate')
  await rename(`${path}.new`, path)
  await t.waitFor(() => assert.equal(log.lines.length, 1))
  assert.equal(log.lines[0]?.event, 'certificate.refused')
  assert.equal((await handshake(certificates)).name, 'old.example')
})

test('asked to reload, it says why it did not: not a pair, expired, gone', async (t) => {
  const path = await ensureSelfSigned(await folder(t), 'old.example', now)
  const { certificates } = await opened(t, path, 1_000_000)
  const [one, other] = [selfSigned('a.example', NOW), selfSigned('b.example', NOW)]
  const key = one.slice(0, one.indexOf('-----BEGIN CERTIFICATE'))
  const stranger = other.slice(other.indexOf('-----BEGIN CERTIFICATE'))
  await writeFile(path, key + stranger)
  assert.match((await certificates.reload()) ?? '', /mismatch/)
  await writeFile(path, selfSigned('a.example', NOW - 4000 * DAY))
  assert.match((await certificates.reload()) ?? '', /expired on 2025/)
  await rm(path)
  assert.match((await certificates.reload()) ?? '', /cannot be read$/)
  await writeFile(path, one)
  assert.equal(await certificates.reload(), undefined)
})

test('at start a pair that cannot be used is an error with a code, an expired one a warning', async (t) => {
  const directory = await folder(t)
  await assert.rejects(opened(t, join(directory, 'none')), { name: 'CertificateError', code: 'unreadable' })
  const path = join(directory, 'pair.pem')
  await writeFile(path, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  await assert.rejects(opened(t, path), { name: 'CertificateError', code: 'unusable' })
  await writeFile(path, selfSigned('a.example', NOW - 4000 * DAY))
  const { log } = await opened(t, path)
  assert.deepEqual(
    log.lines.map(({ level, event }) => [level, event]),
    [['warn', 'certificate.expired']],
  )
})

test('the time of expiry is a metric', async (t) => {
  const { metrics, certificates } = await opened(t, await ensureSelfSigned(await folder(t), 'a.example', now))
  const text = await exposition([metrics.snapshot()])
  assert.match(
    text,
    new RegExp(`^hikyaku_certificate_expiry_timestamp_seconds ${certificates.expiresAt / 1000}$`, 'm'),
  )
})
