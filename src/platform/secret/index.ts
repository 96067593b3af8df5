export { openServerKey, SecretError, serverKey } from './server-key.ts'
export type { ServerKey } from './server-key.ts'
export { redacted } from './redacted.ts'
