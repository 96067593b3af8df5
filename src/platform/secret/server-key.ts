/**
 * The one secret that is not in a database: what it makes of passwords and private keys is worthless to whoever has
 * only the database or a backup of it.
 */

import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

export type ServerKey = {
  /** Names the key and tells nothing of it. */
  readonly id: string
  /** HMAC-SHA-256 of `text` under a key of its own for `purpose`. 32 octets. RFC 2104 §2 */
  mac(purpose: string, text: string): Buffer
  /** Encrypts and authenticates with AES-256-GCM; the text that comes out fits any column. RFC 5116 §5.2 */
  seal(purpose: string, context: string, secret: string): string
  /**
   * Opens what was sealed for the same purpose and context: a row copied over another row does not open.
   * @throws {SecretError} `foreign` when another key sealed it, `damaged` when it is not what was sealed
   */
  open(purpose: string, context: string, sealed: string): string
  /**
   * Encrypts and authenticates so that the same text gives the same octets: whoever has two of them sees that what is in
   * them is alike, and nothing else. HMAC-SHA-256, cut to 16 octets, as the IV of AES-256-CTR. RFC 5297 §1.1
   */
  wrap(purpose: string, text: string): Buffer
  /** `undefined` when it was not wrapped for this purpose with this key, or was changed since. */
  unwrap(purpose: string, wrapped: Uint8Array): string | undefined
}

/**
 * `exposed`: any user of the machine can read the key. `malformed`: the file holds no key. `foreign`: the data belongs
 * to another key. `damaged`: sealed data is not what it was.
 */
export class SecretError extends Error {
  override readonly name = 'SecretError'
  readonly code: 'exposed' | 'malformed' | 'foreign' | 'damaged'
  constructor(
    code: 'exposed' | 'malformed' | 'foreign' | 'damaged',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.code = code
  }
}

const OCTETS = 32

/** Octets of the synthetic IV, which is the MAC as well. */
const IV = 16

/** AES-GCM nonce and tag, in octets. Random nonces are safe for 2³² sealings under one key (NIST SP 800-38D §8.3). */
const NONCE = 12
const TAG = 16

/** A key from its 32 octets. */
export function serverKey(octets: Uint8Array): ServerKey {
  if (octets.length !== OCTETS) throw new SecretError('malformed', `a server key has ${OCTETS} octets`)
  const derived = new Map<string, Buffer>()
  const keyFor = (purpose: string): Buffer =>
    derived.getOrInsertComputed(purpose, () =>
      Buffer.from(hkdfSync('sha256', octets, '', `hikyaku ${purpose}`, OCTETS)),
    )
  const id = createHmac('sha256', keyFor('id')).update('id').digest('base64url').slice(0, 11)
  return {
    id,
    mac: (purpose, text) => createHmac('sha256', keyFor(purpose)).update(text).digest(),
    seal: (purpose, context, secret) =>
      `${id}.${encrypt(keyFor(purpose), context, secret).toString('base64url')}`,
    open(purpose, context, sealed) {
      const [sealedBy, text = ''] = sealed.split('.')
      if (sealedBy !== id) throw new SecretError('foreign', `sealed under the key ${sealedBy}, not ${id}`)
      try {
        return decrypt(keyFor(purpose), context, Buffer.from(text, 'base64url'))
      } catch (cause) {
        throw new SecretError('damaged', `what was sealed for ${context} does not open`, { cause })
      }
    },
    wrap(purpose, text) {
      const plain = Buffer.from(text)
      const iv = syntheticIv(keyFor(`${purpose} iv`), plain)
      const cipher = createCipheriv('aes-256-ctr', keyFor(purpose), iv)
      return Buffer.concat([iv, cipher.update(plain), cipher.final()])
    },
    unwrap(purpose, wrapped) {
      if (wrapped.length < IV) return undefined
      const iv = wrapped.subarray(0, IV)
      const decipher = createDecipheriv('aes-256-ctr', keyFor(purpose), iv)
      const plain = Buffer.concat([decipher.update(wrapped.subarray(IV)), decipher.final()])
      return timingSafeEqual(syntheticIv(keyFor(`${purpose} iv`), plain), iv) ? plain.toString() : undefined
    },
  }
}

function syntheticIv(key: Buffer, plain: Uint8Array): Buffer {
  return createHmac('sha256', key).update(plain).digest().subarray(0, IV)
}

function encrypt(key: Buffer, context: string, secret: string): Buffer {
  const nonce = randomBytes(NONCE)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
  return Buffer.concat([nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()])
}

function decrypt(key: Buffer, context: string, sealed: Buffer): string {
  // Without the explicit length a tag cut to 4 octets would pass, and be guessed in 2³² tries.
  const options = { authTagLength: TAG }
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE), options)
  decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(-TAG))
  return Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()]).toString('utf8')
}

/**
 * The key in `secret.key` of the data directory, made at the first start (mode 0600) and on the disk on return.
 * Nodes of one cluster share a copy of the file.
 * @throws {SecretError} `exposed`, `malformed`
 */
export function openServerKey(dataDirectory: string): ServerKey {
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  const path = join(dataDirectory, 'secret.key')
  const text = read(path) ?? create(dataDirectory, path)
  // Not group: Kubernetes opens every file of a volume to the group of the pod.
  if (process.platform !== 'win32' && (statSync(path).mode & 0o007) !== 0) {
    throw new SecretError('exposed', `${path} can be read by every user: chmod 600 ${path}`)
  }
  const octets = Buffer.from(text.trim(), 'base64')
  if (octets.length !== OCTETS) throw new SecretError('malformed', `${path} does not hold a key`)
  return serverKey(octets)
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** A whole file appears under its name or none does: the server and a command may start together, or power fail. */
function create(directory: string, path: string): string {
  const partial = `${path}.${randomBytes(6).toString('hex')}`
  writeDurably(partial, `${randomBytes(OCTETS).toString('base64')}\n`)
  try {
    linkSync(partial, path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    rmSync(partial)
  }
  syncDirectory(directory)
  return readFileSync(path, 'latin1')
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Without this the name may be lost in a power failure, and all that was sealed by then with it. */
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
