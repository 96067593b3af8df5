/** Finds the configuration file and reads it with the environment. */

import { readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'

import { CliError } from '#door/cli'
import { loadConfig } from '#platform/config'
import type { Loaded } from '#platform/config'

/** Looked for in this order when none is named. */
const PLACES = ['hikyaku.toml', '/etc/hikyaku/hikyaku.toml'] as const

export type Configured = { readonly path: string | undefined; readonly loaded: Loaded }

/** Reads anew at each call. A file that was named must be there; without any, defaults and environment hold. */
export function configure(named: string | undefined): Configured {
  const path = named ?? process.env['HIKYAKU_CONFIG'] ?? PLACES.find(isThere)
  const { HIKYAKU_CONFIG: _, ...env } = process.env
  const loaded = loadConfig({
    ...(path === undefined ? {} : { path }),
    env,
    readFile: readText,
    hostname: hostname(),
  })
  return { path, loaded }
}

/** Every mistake, one a line, as an end of the command. */
export function mistakes(path: string | undefined, problems: readonly string[]): CliError {
  const list = problems.map((problem) => `\n  ${problem}`).join('')
  return new CliError('config', `${path ?? 'the configuration'} has mistakes:${list}`)
}

function readText(file: string): string {
  return readFileSync(file, 'utf8')
}

/** One that may not be read counts as there: reading it then says so, where defaults would only look wrong. */
function isThere(place: string): boolean {
  try {
    statSync(place)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code !== 'ENOENT' && error.code !== 'ENOTDIR'
  }
}
