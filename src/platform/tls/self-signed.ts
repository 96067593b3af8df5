/**
 * A certificate of our own making, so that STARTTLS works from the first start. Nobody can verify it; mail between
 * servers does not ask, and mail programs ask once.
 */

import { randomBytes, X509Certificate } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { issue } from './issue.ts'

const DAY = 86_400_000
const YEARS_10 = 3652 * DAY
/** A certificate that has less than this left is replaced at start. */
const LEFT = 30 * DAY

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

/** PEM: a private key (P-256), and a certificate for the host `name`, good for ten years from a day ago. */
export function selfSigned(name: string, now: number): string {
  return issue({ name, from: now - DAY, until: now + YEARS_10 }).pem
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
