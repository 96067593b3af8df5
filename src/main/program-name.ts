/** How this program is called from where somebody stands, so that a command that it prints can be pasted. */

import { basename, delimiter, dirname, join, relative, resolve } from 'node:path'

export type Standing = {
  /** `bin/hikyaku` of the source tree; it need not be there, and in a package it is not. */
  readonly program: string
  readonly directory: string
  /** PATH as the shell has it. */
  readonly path: string
  /** The file itself behind all links, `undefined` when there is none. */
  readonly real: (file: string) => string | undefined
}

/**
 * The bare name when a shell finds it, or when only a package can have installed it; otherwise the relative path when
 * it is no longer than the absolute one and climbs two directories at most.
 */
export function programName({ program, directory, path, real }: Standing): string {
  const itself = real(program)
  const name = basename(program)
  if (itself === undefined) return name
  const folders = path.split(delimiter).filter((folder) => folder !== '')
  // The first that is found is the one that runs: another program of that name must not be printed.
  const found = folders.map((folder) => real(join(resolve(directory, folder), name))).find(isThere)
  if (found === itself) return name
  const near = relative(directory, program)
  const isNear = near.length <= program.length && !near.startsWith(join('..', '..', '..'))
  return quoted(isNear ? (dirname(near) === '.' ? `./${near}` : near) : program)
}

function isThere(file: string | undefined): boolean {
  return file !== undefined
}

/** As one word of a POSIX shell. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
