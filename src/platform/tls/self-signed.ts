/**
 * A certificate of our own making, so that STARTTLS works from the first start. Nobody can verify it; mail between
 * servers does not ask, and mail programs ask once.
 *
 * Written out here because the libraries for it want a metadata polyfill and a container of dependencies; this is one
 * structure with constant parts.
 */

import { generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { bits, encode, explicit, implicit, integer, oid, sequence } from './der.ts'

const DAY = 86_400_000
const YEARS_10 = 3652 * DAY
/** A certificate that has less than this left is replaced at start. */
const LEFT = 30 * DAY

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))

/**
 * The path of a PEM file in `directory` with key and certificate for `name`, mode 0600. Made when there is none, or
 * when it is for another name or about to expire.
 */
export async function ensureSelfSigned(directory: string, name: string, now: () => number): Promise<string> {
  const path = join(directory, 'self-signed.pem')
  if (isGood(await readIfThere(path), name, now())) return path
  await mkdir(directory, { recursive: true, mode: 0o700 })
  // One file, so that key and certificate change together, by one rename; under a name of its own until then, since
  // every thread may be here at the first start. The last rename wins, and the others find it at their next look.
  const partial = `${path}.${randomBytes(4).toString('hex')}`
  await writeFile(partial, selfSigned(name, now()), { mode: 0o600, flush: true })
  await rename(partial, path)
  return path
}

/** PEM: a private key (P-256), and a certificate for the host `name`, good for ten years from a day ago. RFC 5280 §4.1 */
export function selfSigned(name: string, now: number): string {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const who = distinguishedName(name)
  const certificate = sequence(
    explicit(0, integer(Buffer.of(2))),
    integer(serial()),
    ECDSA_WITH_SHA256,
    who,
    sequence(time(now - DAY), time(now + YEARS_10)),
    who,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, extensions(name)),
  )
  const signed = sequence(certificate, ECDSA_WITH_SHA256, bits(sign('sha256', certificate, privateKey)))
  return pem('PRIVATE KEY', privateKey.export({ type: 'pkcs8', format: 'der' })) + pem('CERTIFICATE', signed)
}

/** Positive and at most 20 octets. RFC 5280 §4.1.2.2 */
function serial(): Buffer {
  const octets = randomBytes(16)
  // Neither negative nor with a leading zero, which DER would want left out.
  octets[0] = ((octets[0] ?? 0) & 0x7f) | 0x40
  return octets
}

/** A common name holds 64 characters; longer ones are told by the alternative name alone. RFC 5280 appendix A.1 */
function distinguishedName(name: string): Buffer {
  const common = name.length <= 64 ? name : 'hikyaku'
  return sequence(encode('set', sequence(oid('2.5.4.3'), encode('utf8', Buffer.from(common)))))
}

/** With two digits for the year until 2049, with four after it. RFC 5280 §4.1.2.5 */
function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/\.\d+|[-:T]/g, '')
  return digits < '205'
    ? encode('utcTime', Buffer.from(digits.slice(2)))
    : encode('time', Buffer.from(digits))
}

/** No key usage: with one that lacks keyCertSign, clients cannot even be told to trust just this certificate. */
function extensions(name: string): Buffer {
  return sequence(
    extension('2.5.29.17', sequence(implicit(2, Buffer.from(name)))),
    extension('2.5.29.19', sequence(), true),
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))),
  )
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [encode('boolean', Buffer.of(0xff))] : []
  return sequence(oid(id), ...critical, encode('octets', value))
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').replace(/.{1,64}/g, '$&\n')
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`
}

function isGood(text: string | undefined, name: string, now: number): boolean {
  if (text === undefined) return false
  try {
    const certificate = new X509Certificate(text)
    return certificate.checkHost(name) !== undefined && certificate.validToDate.getTime() - now > LEFT
  } catch {
    // Cut off by a crash or edited by hand: a new one is better than none.
    return false
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
