/** Values that carry a secret and do not tell it to whoever logs or serialises them. */

import { inspect } from 'node:util'

const REDACTED = '[redacted]'

/**
 * The same value; but `JSON.stringify`, `console.log`, `util.inspect` and with them every log show its `fields` as
 * `[redacted]`. Reading a field gives the secret as ever, and a copy of the value is an ordinary one.
 */
export function redacted<T extends object>(value: T, ...fields: readonly (keyof T)[]): T {
  const shown = (): object => ({ ...value, ...Object.fromEntries(fields.map((field) => [field, REDACTED])) })
  Object.defineProperty(value, 'toJSON', { value: shown })
  Object.defineProperty(value, inspect.custom, { value: shown })
  return value
}
