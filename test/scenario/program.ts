/** Other programs, run to their end. */

import { spawn, spawnSync } from 'node:child_process'
import { text } from 'node:stream/consumers'

export type Ran = { readonly code: number | null; readonly out: string; readonly err: string }

/** Milliseconds that a program may take. */
const PATIENCE = 60_000

export async function runProgram(
  command: string,
  args: readonly string[],
  { input = '', env }: { readonly input?: string | Buffer; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Ran> {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: PATIENCE,
    ...(env === undefined ? {} : { env: { ...process.env, ...env } }),
  })
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  // A program that ends without reading all of it is not at fault.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, out, err }
}

/** Whether a program is on this machine, for tests that say so when they skip. */
export function hasProgram(command: string, ...args: readonly string[]): boolean {
  const { error, status } = spawnSync(command, args, { stdio: 'ignore' })
  return error === undefined && status === 0
}
