/** Which programs are here. A test without its program is skipped, and says what would install it. */

import { existsSync } from 'node:fs'

import { hasProgram } from '../scenario/program.ts'

export type Need = { readonly skip: string | false }

export function need(program: string, ...args: readonly string[]): Need {
  return { skip: hasProgram(program, ...args) ? false : missing(program) }
}

export function needFile(what: string, ...paths: readonly string[]): Need {
  return { skip: paths.some((path) => existsSync(path)) ? false : missing(what) }
}

/** All of them. */
export function needAll(...needs: readonly Need[]): Need {
  return needs.find(({ skip }) => skip !== false) ?? { skip: false }
}

function missing(what: string): string {
  return `${what} is not here; test/interop/install.sh installs it on Debian`
}
