/** From file and environment to a configuration, or to every mistake in them. */

import { dirname, isAbsolute, join } from 'node:path'

import { parse, TomlError } from 'smol-toml'

import { findings } from './coherence.ts'
import type { Config } from './config.ts'
import { overlay } from './environment.ts'
import { NODE, SCHEMA } from './keys.ts'
import { readTable } from './read.ts'
import type { RawTable, Reading } from './read.ts'
import type { Around, Nodes } from './schema.ts'
import { written } from './schema.ts'

export type Loaded =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly string[] }

export type Sources = {
  /** The TOML file. Absent: defaults and environment only. */
  readonly path?: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** @throws when there is no such file */
  readonly readFile: (path: string) => string
  /** What the machine calls itself. */
  readonly hostname: string
}

/** Never throws. Each problem and each warning is one line that begins with a key path or a variable. */
export function loadConfig(sources: Sources): Loaded {
  const raw = readToml(sources)
  if (typeof raw === 'string') return { ok: false, problems: [raw] }
  const { origins, problems } = overlay(SCHEMA.keys, raw, sources.env)
  const stateDirectory = sources.env['STATE_DIRECTORY']
  const beforeNode: Around = {
    hostname: sources.hostname,
    nodeName: sources.hostname,
    ...(sources.path !== undefined && { configDirectory: dirname(sources.path) }),
    // systemd gives several, separated by colons; the first is ours.
    ...(stateDirectory !== undefined && { stateDirectory: stateDirectory.split(':')[0] ?? stateDirectory }),
  }
  const reading = {
    problems: [...problems],
    origins,
    paths: pathsOf(SCHEMA.keys, ''),
    secret: secretsOf(sources),
  }
  const node = readTable(NODE.keys, raw['node'], 'node', { ...reading, around: beforeNode, problems: [] })
  const nodeName = typeof node['name'] === 'string' ? node['name'] : sources.hostname
  const around: Around = { ...beforeNode, nodeName }
  const values = readTable(SCHEMA.keys, raw, '', { ...reading, around } satisfies Reading)
  if (reading.problems.length > 0) return { ok: false, problems: reading.problems }
  // The schema built the values, and the type is the schema's.
  const config = values as unknown as Config
  const found = findings(config)
  if (found.problems.length > 0) return { ok: false, problems: found.problems }
  return { ok: true, config, warnings: found.warnings }
}

function readToml({ path, readFile }: Sources): RawTable | string {
  if (path === undefined) return {}
  try {
    // Plain objects all the way down, so that `__proto__` is a key like any other: unknown.
    return plain(parse(readFile(path))) as RawTable
  } catch (error) {
    if (error instanceof TomlError)
      return `${path}:${error.line}:${error.column}: ${firstLine(error.message)}`
    return `${path}: cannot be read: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** The rest of the parser's message draws the place, which the line and column already tell. */
function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? message
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  const isObject = typeof value === 'object' && value !== null && !(value instanceof Date)
  if (!isObject) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
}

/** A name without a directory is looked for among the credentials of systemd, then beside the configuration file. */
function secretsOf({ path, env, readFile }: Sources): (file: string) => string {
  return (file) => {
    if (isAbsolute(file)) return readFile(file)
    const credentials = env['CREDENTIALS_DIRECTORY']
    const beside = join(path === undefined ? '.' : dirname(path), file)
    if (credentials === undefined) return readFile(beside)
    try {
      return readFile(join(credentials, file))
    } catch {
      return readFile(beside)
    }
  }
}

function pathsOf(keys: Nodes, path: string): string[] {
  return Object.entries(keys).flatMap(([inCode, node]) => {
    const name = path + written(inCode)
    if (node.node === 'key') return [name]
    return pathsOf(node.keys, node.node === 'table' ? `${name}.` : `${name}.….`)
  })
}
