/** The certificate of the moment: read from files, read again when they change, without a session noticing. */

import { X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import type { SecureContext } from 'node:tls'

import type { Log } from '#platform/log'
import type { MetricsRegistry } from '#platform/metrics'

import { CERTIFICATE_METRICS } from './metrics.ts'

export type CertificateFiles = {
  /** PEM: the certificate, then its intermediates. */
  readonly certificate: string
  /** PEM; may be the same file. */
  readonly key: string
  readonly minimumVersion: 'TLSv1.2' | 'TLSv1.3'
}

export type CertificateOptions = CertificateFiles & {
  readonly log: Log
  readonly metrics: MetricsRegistry
  readonly now: () => number
  /** Milliseconds between looks at the files. */
  readonly every?: number
}

/** `unreadable`: a file cannot be read. `unusable`: what it holds is no certificate, no key, or they do not belong together. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError'
  readonly code: 'unreadable' | 'unusable'
  constructor(code: 'unreadable' | 'unusable', message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** With forward secrecy and authenticated encryption only; those of TLS 1.3 are all of that kind. RFC 9325 §4.2 */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

/** Milliseconds; two `stat` calls each time. */
const EVERY = 5000

type Pair = { readonly context: SecureContext; readonly expiresAt: number }

export class Certificates implements Disposable {
  readonly #options: CertificateOptions
  readonly #timer: NodeJS.Timeout
  #files: CertificateFiles
  #pair: Pair
  /** What the files looked like when they were last read. */
  #seen: string

  /** @throws {CertificateError} when the pair cannot be used */
  static async open(options: CertificateOptions): Promise<Certificates> {
    // Before the files are read: a change in between is then found at the next look, and not missed.
    const seen = await look(options)
    const pair = await readPair(options)
    if (pair.expiresAt < options.now())
      options.log.warn('certificate.expired', {
        certificate: options.certificate,
        expired: isoTime(pair.expiresAt),
      })
    return new Certificates(options, pair, seen)
  }

  private constructor(options: CertificateOptions, pair: Pair, seen: string) {
    this.#options = options
    this.#files = options
    this.#pair = pair
    this.#seen = seen
    this.#timer = setInterval(() => void this.#lookAgain(), options.every ?? EVERY).unref()
    const { expires } = options.metrics.register(CERTIFICATE_METRICS)
    options.metrics.beforeSnapshot(() => expires.set(Math.round(this.#pair.expiresAt / 1000)))
  }

  /** For a handshake that begins now. There is one pair, whatever name the client asks for. Never throws. */
  context(_serverName: string | undefined): SecureContext {
    return this.#pair.context
  }

  /** Milliseconds since the epoch. */
  get expiresAt(): number {
    return this.#pair.expiresAt
  }

  /** Reads the files now. A pair that cannot be used is logged, and the old one stays; then it says why. */
  async reload(files: CertificateFiles = this.#files): Promise<string | undefined> {
    const { log, now } = this.#options
    try {
      const seen = await look(files)
      this.#seen = files === this.#files ? seen : this.#seen
      const pair = await readPair(files)
      if (pair.expiresAt < now()) throw expired(files, pair)
      this.#files = files
      this.#seen = seen
      this.#pair = pair
      log.info('certificate.loaded', { certificate: files.certificate, expires: isoTime(pair.expiresAt) })
      return undefined
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error
      log.error('certificate.refused', { why: error.message, stays: isoTime(this.#pair.expiresAt) })
      return error.message
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  async #lookAgain(): Promise<void> {
    if ((await look(this.#files)) !== this.#seen) await this.reload()
  }
}

/** Tells whether a file was written or replaced; links are followed, since that is how certbot does it. */
async function look({ certificate, key }: CertificateFiles): Promise<string> {
  const states = await Promise.all([certificate, key].map(describe))
  return states.join(' ')
}

async function describe(path: string): Promise<string> {
  try {
    const { ino, mtimeMs, size } = await stat(path)
    return `${ino}:${mtimeMs}:${size}`
  } catch {
    // Gone for the moment, as between two steps of a renewal; reading it will tell if it stays so.
    return 'gone'
  }
}

async function readPair(files: CertificateFiles): Promise<Pair> {
  const [certificate, key] = await Promise.all([read(files.certificate), read(files.key)])
  try {
    const context = createSecureContext({
      cert: certificate,
      key,
      minVersion: files.minimumVersion,
      ciphers: CIPHERS,
    })
    return { context, expiresAt: new X509Certificate(certificate).validToDate.getTime() }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CertificateError('unusable', `${files.certificate} and ${files.key}: ${why}`, { cause })
  }
}

function expired({ certificate }: CertificateFiles, { expiresAt }: Pair): CertificateError {
  return new CertificateError('unusable', `${certificate} expired on ${isoTime(expiresAt)}`)
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new CertificateError('unreadable', `${path} cannot be read`, { cause })
  }
}

function isoTime(at: number): string {
  return new Date(at).toISOString()
}
