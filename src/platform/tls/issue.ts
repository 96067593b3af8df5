/**
 * Certificates, made. Written out here because the libraries for it want a metadata polyfill and a container of
 * dependencies; this is one structure with constant parts.
 */

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

import { bits, encode, explicit, implicit, integer, oid, sequence } from './der.ts'

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))

export type Issuing = {
  /** The host, or what an authority is called. */
  readonly name: string
  readonly from: number
  readonly until: number
  /** Whether it may sign others. Default: false. */
  readonly isAuthority?: boolean
  /** Who signs it. Default: itself. */
  readonly by?: Issued
}

export type Issued = {
  readonly name: string
  readonly privateKey: KeyObject
  readonly certificate: Buffer
  /** Key and certificate. */
  readonly pem: string
  readonly certificatePem: string
}

/** With a key of its own (P-256). RFC 5280 §4.1 */
export function issue({ name, from, until, isAuthority = false, by }: Issuing): Issued {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signed = sequence(
    explicit(0, integer(Buffer.of(2))),
    integer(serial()),
    ECDSA_WITH_SHA256,
    distinguishedName(by?.name ?? name),
    sequence(time(from), time(until)),
    distinguishedName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, isAuthority ? sequence(constraints(true)) : extensions(name)),
  )
  const signature = bits(sign('sha256', signed, by?.privateKey ?? privateKey))
  const certificate = sequence(signed, ECDSA_WITH_SHA256, signature)
  const certificatePem = pem('CERTIFICATE', certificate)
  const keyPem = pem('PRIVATE KEY', privateKey.export({ type: 'pkcs8', format: 'der' }))
  return { name, privateKey, certificate, certificatePem, pem: keyPem + certificatePem }
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
    constraints(false),
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))),
  )
}

function constraints(isAuthority: boolean): Buffer {
  const value = isAuthority ? sequence(encode('boolean', Buffer.of(0xff))) : sequence()
  return extension('2.5.29.19', value, true)
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [encode('boolean', Buffer.of(0xff))] : []
  return sequence(oid(id), ...critical, encode('octets', value))
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').replace(/.{1,64}/g, '$&\n')
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`
}
