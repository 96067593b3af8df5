export { createSigner, SigningError } from './signer.ts'
export type { Signer, SignerOptions, SigningKey } from './signer.ts'
