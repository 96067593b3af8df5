/**
 * Debian's postfix package, downloaded and unpacked into `.cache/postfix`, never installed: the peer, and the load
 * programs smtp-source and smtp-sink.
 */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Where the unpacked package is. */
export type PostfixPackage = {
  readonly version: string
  readonly root: string
  /** For every program of it: its libraries lie beside it. */
  readonly env: NodeJS.ProcessEnv
}

/** The machine cannot run this benchmark; the message says what is missing. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}

/** @throws {Unavailable} */
export function postfixPackage(cache: string): PostfixPackage {
  const root = join(cache, 'root')
  if (!existsSync(root)) unpack(cache, root)
  const library = join(root, 'usr/lib/postfix')
  const env = { ...process.env, LD_LIBRARY_PATH: library }
  checkLibraries(root, env)
  const mailVersion = spawnSync(join(root, 'usr/sbin/postconf'), ['-d', '-h', 'mail_version'], {
    env,
    encoding: 'utf8',
  })
  return { version: mailVersion.stdout.trim(), root, env }
}

function unpack(cache: string, root: string): void {
  mkdirSync(cache, { recursive: true })
  if (packageIn(cache) === undefined) run('apt-get', ['download', 'postfix'], cache)
  const file = packageIn(cache)
  if (file === undefined) throw new Unavailable('apt-get download postfix left no package')
  const partial = `${root}.${process.pid}`
  try {
    run('dpkg', ['-x', file, partial], cache)
    renameSync(partial, root)
  } catch (error) {
    rmSync(partial, { recursive: true, force: true })
    throw error
  }
}

function packageIn(cache: string): string | undefined {
  return readdirSync(cache).find((name) => name.startsWith('postfix_') && name.endsWith('.deb'))
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { error, status, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (error !== undefined) throw new Unavailable(`needs Debian's ${command}: ${error.message}`)
  if (status !== 0)
    throw new Unavailable(`${command} ${args.join(' ')} failed (is apt-get update needed?): ${stderr.trim()}`)
}

function checkLibraries(root: string, env: NodeJS.ProcessEnv): void {
  const smtpd = join(root, 'usr/lib/postfix/sbin/smtpd')
  const { stdout } = spawnSync('ldd', [smtpd], { env, encoding: 'utf8' })
  const missing = (stdout ?? '').split('\n').filter((line) => line.includes('not found'))
  if (missing.length > 0)
    throw new Unavailable(`Postfix needs libraries that are not installed: ${missing.join(',').trim()}`)
}
