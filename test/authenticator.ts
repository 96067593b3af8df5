/** An authenticator and the browser before it, in software: ES256, attestation `none`. W3C Web Authentication §6 */

import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

type Json = Readonly<Record<string, unknown>>

/** What `PublicKeyCredential.toJSON()` gives. */
export type Credential = {
  readonly id: string
  readonly rawId: string
  readonly type: 'public-key'
  readonly authenticatorAttachment: 'platform'
  readonly clientExtensionResults: object
}
export type Created = Credential & {
  readonly response: { clientDataJSON: string; attestationObject: string; transports: string[] }
}
export type Got = Credential & {
  readonly response: {
    clientDataJSON: string
    authenticatorData: string
    signature: string
    userHandle: string
  }
}

/** What a test does otherwise than a browser would. */
export type Odd = {
  readonly origin?: string
  readonly challenge?: string
  readonly rpId?: string
  /** Whether its user was verified. */
  readonly verified?: boolean
  readonly counter?: number
  readonly userHandle?: string
  readonly type?: string
}

const PRESENT = 0x01
const VERIFIED = 0x04
const WITH_KEY = 0x40

export class Authenticator {
  readonly #origin: string
  readonly #id = randomBytes(16)
  readonly #private: KeyObject
  readonly #public: KeyObject
  #rpId = ''
  #user = ''
  counter = 0

  constructor(origin: string) {
    this.#origin = origin
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#private = privateKey
    this.#public = publicKey
  }

  get id(): string {
    return this.#id.toString('base64url')
  }

  /** `navigator.credentials.create()`, with the options as the API gives them. */
  create(options: Json, odd: Odd = {}): Created {
    const { rp, user, challenge } = options as {
      rp: { id: string }
      user: { id: string }
      challenge: string
    }
    this.#rpId = rp.id
    this.#user = user.id
    const clientDataJSON = this.#clientData('webauthn.create', challenge, odd)
    const length = Buffer.alloc(2)
    length.writeUInt16BE(this.#id.length)
    const attested = Buffer.concat([Buffer.alloc(16), length, this.#id, this.#cose()])
    const authData = Buffer.concat([this.#authenticatorData(odd, WITH_KEY), attested])
    const attestationObject = cbor(
      new Map<string, Cbor>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', authData],
      ]),
    )
    const response = {
      clientDataJSON,
      attestationObject: attestationObject.toString('base64url'),
      transports: ['internal'],
    }
    return { ...this.#credential(), response }
  }

  /** `navigator.credentials.get()`, without being told which. */
  get(options: Json, odd: Odd = {}): Got {
    const { challenge } = options as { challenge: string }
    const clientDataJSON = this.#clientData('webauthn.get', challenge, odd)
    const data = this.#authenticatorData(odd, 0)
    const signed = Buffer.concat([data, sha256(Buffer.from(clientDataJSON, 'base64url'))])
    const response = {
      clientDataJSON,
      authenticatorData: data.toString('base64url'),
      signature: sign('sha256', signed, this.#private).toString('base64url'),
      userHandle: odd.userHandle ?? this.#user,
    }
    return { ...this.#credential(), response }
  }

  #credential(): Credential {
    const { id } = this
    return {
      id,
      rawId: id,
      type: 'public-key',
      authenticatorAttachment: 'platform',
      clientExtensionResults: {},
    }
  }

  #clientData(type: string, challenge: string, odd: Odd): string {
    const data = {
      type: odd.type ?? type,
      challenge: odd.challenge ?? challenge,
      origin: odd.origin ?? this.#origin,
      crossOrigin: false,
    }
    return Buffer.from(JSON.stringify(data)).toString('base64url')
  }

  #authenticatorData({ rpId = this.#rpId, verified = true, counter }: Odd, flags: number): Buffer {
    this.counter = counter ?? this.counter + 1
    const rest = Buffer.alloc(5)
    rest.writeUInt8(PRESENT | (verified ? VERIFIED : 0) | flags)
    rest.writeUInt32BE(this.counter, 1)
    return Buffer.concat([sha256(Buffer.from(rpId)), rest])
  }

  /** EC2, ES256, P-256. RFC 9053 §7.1.1 */
  #cose(): Buffer {
    const { x = '', y = '' } = this.#public.export({ format: 'jwk' })
    return cbor(
      new Map<number, Cbor>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(x, 'base64url')],
        [-3, Buffer.from(y, 'base64url')],
      ]),
    )
  }
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest()
}

type Cbor = number | string | Buffer | ReadonlyMap<number | string, Cbor>

/** What an attestation needs of RFC 8949 §3: whole numbers, octets, text, maps, each shorter than 64 KiB. */
function cbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value])
  const pairs = [...value]
  return Buffer.concat([head(5, pairs.length), ...pairs.flat().map(cbor)])
}

function head(major: number, argument: number): Buffer {
  const type = major << 5
  if (argument < 24) return Buffer.from([type | argument])
  if (argument < 256) return Buffer.from([type | 24, argument])
  return Buffer.from([type | 25, argument >> 8, argument & 0xff])
}
