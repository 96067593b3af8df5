/** DKIM key pairs and the records that publish them. RFC 6376 §3.6.1, RFC 8463 §4.2 */

import { generateKeyPair } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { promisify } from 'node:util'

import type { DkimKey } from './domain.ts'

export type KeyPair = Pick<DkimKey, 'algorithm' | 'privateKey' | 'record'>

/** One pair of each kind. RSA takes a tenth of a second and more, on a thread of the pool. */
export type MakeKeyPairs = () => Promise<readonly KeyPair[]>

const generate = promisify(generateKeyPair)

/** RFC 8301 §3.2 asks for 2048 bits; the record of a longer one no longer fits a UDP answer with room to spare. */
const RSA_BITS = 2048

export const makeKeyPairs: MakeKeyPairs = async () => {
  const [rsa, ed25519] = await Promise.all([
    generate('rsa', { modulusLength: RSA_BITS }),
    generate('ed25519', {}),
  ])
  return [
    {
      algorithm: 'rsa-sha256',
      privateKey: pemOf(rsa.privateKey),
      record: `v=DKIM1; k=rsa; p=${derOf(rsa.publicKey).toString('base64')}`,
    },
    {
      algorithm: 'ed25519-sha256',
      privateKey: pemOf(ed25519.privateKey),
      // RFC 8463 §4.2: the 32 octets alone, which end the SubjectPublicKeyInfo.
      record: `v=DKIM1; k=ed25519; p=${derOf(ed25519.publicKey).subarray(-32).toString('base64')}`,
    },
  ]
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' })
}

function derOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' })
}
